"""The pages of the documentation that are made from the transforms."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tympan import augment
from tympan.augment._names import SPECTROGRAM as SPECTROGRAM_FILES
from tympan.augment._names import WAVEFORM as WAVEFORM_FILES

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs" / "_ext"))

import augment_pages

NAMES = sorted(WAVEFORM_FILES | SPECTROGRAM_FILES)


@pytest.mark.parametrize("name", NAMES)
def test_every_transform_can_be_shown(name: str) -> None:
    transform = augment_pages.make(getattr(augment, name))
    assert transform.p == 1.0
    assert set(augment_pages.CHOSEN) <= set(NAMES)


@pytest.mark.parametrize("name", ["Gain", "TimeMask", "Mixup"])
def test_a_page_has_picture_sounds_and_the_class(name: str, tmp_path: Path) -> None:
    kind = getattr(augment, name)
    text = augment_pages.page(kind, tmp_path)
    assert text.startswith(f"{name}\n====")
    assert f".. image:: {name}.png" in text
    assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert text.count("<audio ") == 2
    assert f".. autoclass:: {kind.__module__}.{name}" in text
    # Made again, it is the same to the byte.
    assert augment_pages.page(kind, tmp_path) == text


def test_the_page_of_presets_holds_each_with_its_hazard_and_can_be_copied(tmp_path: Path) -> None:
    text = augment_pages.presets_page()
    for name in augment.preset_names():
        assert f"``{name}``\n---" in text
        block = text.split(f":caption: {name}.toml\n\n", 1)[1].split("\n\n``", 1)[0]
        copied = tmp_path / f"{name}.toml"
        copied.write_text("\n".join(line[3:] for line in block.splitlines()))
        again = augment.load_augmentation(copied, rate_hz=8000)
        preset = augment.load_augmentation(name, rate_hz=8000)
        assert again.fingerprint() == preset.fingerprint()
    assert text.count("\nHazards: ") == len(augment.preset_names())
    assert text.count("<audio ") == 3 * len(augment.preset_names())
    assert ":doc:`Shift`, :doc:`Speed`, :doc:`TimeStretch`, :doc:`TimeWarp`" in text
