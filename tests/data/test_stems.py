"""Folders of mixtures beside their sources are read as they are given out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tympan.audio import synth
from tympan.data import guess_task, read_folder

TONE = synth.sine(440, duration_s=0.05, rate_hz=8000)


def laid_out(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        TONE.save(path)
    return root


def test_musdb(tmp_path: Path) -> None:
    songs = (
        f"{split}/{song}" for split, song in (("train", "A - B"), ("train", "C"), ("test", "D"))
    )
    stems = ("mixture", "vocals", "drums", "bass", "other")
    table = read_folder(laid_out(tmp_path, *(f"{s}/{one}.wav" for s in songs for one in stems)))
    assert len(table) == 3
    assert set(table[0].files) == set(stems)
    assert sorted(table.column("split")) == ["test", "train", "train"]
    assert sorted(table.column("source")) == ["A - B", "C", "D"]
    assert table.files("vocals")[0].parent == table.files("mixture")[0].parent
    assert guess_task(table).task == "separate"


def test_librimix(tmp_path: Path) -> None:
    names = [
        f"{split}/{kind}/{i}.wav"
        for split in ("train-100", "dev", "test")
        for kind in ("mix_clean", "mix_both", "mix_single", "s1", "s2", "noise")
        for i in ("1-2_3-4", "5-6_7-8")
    ]
    table = read_folder(laid_out(tmp_path, *names))
    assert len(table) == 6
    assert set(table[0].files) == {"mixture", "s1", "s2", "noise"}
    assert {path.parent.name for path in table.files("mixture")} == {"mix_both"}
    assert sorted(set(table.column("split"))) == ["test", "train", "val"]
    for one in table:
        assert len({path.name for path in one.files.values()}) == 1


def test_clean_mixtures_have_no_noise(tmp_path: Path) -> None:
    names = [f"train/{kind}/{i}.wav" for kind in ("mix_clean", "s1", "s2", "noise") for i in "ab"]
    assert set(read_folder(laid_out(tmp_path, *names))[0].files) == {"mixture", "s1", "s2"}


def test_dns_pairs(tmp_path: Path) -> None:
    names = [
        f"{kind}/{name}"
        for i in (1, 22)
        for kind, name in (
            ("noisy", f"book_x_snr5_fileid_{i}.wav"),
            ("clean", f"clean_fileid_{i}.wav"),
            ("noise", f"noise_fileid_{i}.wav"),
        )
    ]
    table = read_folder(laid_out(tmp_path, *names))
    assert [set(one.files) for one in table] == [{"mixture", "voice", "noise"}] * 2
    for one in table:
        assert len({path.stem.split("fileid_")[1] for path in one.files.values()}) == 1


@pytest.mark.parametrize(
    "names",
    [
        ("clean/a.wav", "noise/b.wav"),  # isolated: labels
        ("dog/mix.wav", "cat/x.wav"),
        ("mixture.wav",),
    ],
)
def test_other_folders_are_none_of_them(tmp_path: Path, names: tuple[str, ...]) -> None:
    table = read_folder(laid_out(tmp_path, *names))
    assert all(set(one.files) == {"audio"} for one in table)
