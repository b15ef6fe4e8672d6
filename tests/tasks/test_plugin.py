"""A question in one file of another package: it trains, is scored, answers, and is shown.

`tests/plugins/brightness.py` is installed as a package would be, and everything runs in real
processes; nothing in tympan knows of it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tympan import synth

PLUGIN = Path(__file__).parents[1] / "plugins" / "brightness.py"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed package, and recordings with a column of its own."""
    root = tmp_path_factory.mktemp("plugin")
    info = root / "site" / "brightness-1.0.dist-info"
    info.mkdir(parents=True)
    shutil.copy(PLUGIN, root / "site")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: brightness\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tympan.tasks]\nbrightness = brightness:VERB\n")
    (root / "data").mkdir()
    rng, rows = np.random.default_rng(0), ["file_name,brightness_hz"]
    for i in range(60):
        frequency_hz = float(200 * 2 ** rng.uniform(0, 4))
        clip = synth.sine(frequency_hz, duration_s=0.5, rate_hz=8000)
        clip.save(root / "data" / f"{i}.wav")
        rows.append(f"{i}.wav,{frequency_hz}")
    (root / "data" / "metadata.csv").write_text("\n".join(rows))
    return root


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(
            [str(place / "site"), *filter(None, [os.environ.get("PYTHONPATH")])]
        ),
        "TYMPAN_CACHE": str(place / "cache"),
        "COLUMNS": "100",
    }
    return subprocess.run(
        [sys.executable, "-m", "tympan", *arguments],
        cwd=place, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.mark.slow
def test_a_question_of_another_package_goes_all_the_way(place: Path) -> None:
    assert "brightness  How bright is this sound?" in run(place, "--help").stdout

    trained = run(place, "train", "data", "--out", "model", "--epochs", "20")
    assert trained.returncode == 0, trained.stderr
    assert "task: brightness, because there is a column brightness_hz" in trained.stdout
    assert "error" in trained.stdout
    assert "octaves" in trained.stdout
    card = json.loads((place / "model" / "card.json").read_text())
    assert card["task"] == "brightness"
    (score,) = card["metrics"]["scores"]
    assert score["unit"] == "octaves"
    assert score["value"] < 1.0
    assert card["known_failures"] == ["It knows nothing above 4 kHz."]
    # What chose the epoch counts as trained on too.
    assert len(card["data"]["trained_on"]) == 51
    page = (place / "model" / "report.html").read_text("utf-8")
    assert "octaves" in page

    again = run(place, "train", "data", "--out", "model", "--epochs", "20")
    assert "holds this training, finished after 20 epochs" in again.stderr

    scored = run(place, "evaluate", "model", "data", "--json")
    found = json.loads(scored.stdout)
    assert found["count"] == 9
    assert found["seen_in_training"] == 51
    assert found["error"] == pytest.approx(score["value"])

    answered = run(place, "brightness", "data/3.wav", "--model", "model", "--scale", "2", "--json")
    once = run(place, "brightness", "data/3.wav", "--model", "model", "--json")
    doubled, plain = json.loads(answered.stdout), json.loads(once.stdout)
    assert {"file", "model", "duration_s", "warnings"} <= set(plain)
    assert doubled["brightness_hz"] == pytest.approx(2 * plain["brightness_hz"])

    heard = run(place, "hear", "data/3.wav", "--model", "model", "-o", "page.html")
    assert heard.returncode == 0, heard.stderr
    assert f"{plain['brightness_hz']:.0f}"[:3] in (place / "page.html").read_text("utf-8")


def test_a_model_of_it_is_none_of_ours(place: Path) -> None:
    if not (place / "model").exists():
        pytest.skip("it was not trained")
    wrong = run(place, "classify", "data/3.wav", "--model", "model")
    assert wrong.returncode == 2
    assert "is a model for 'brightness', not for 'classify'" in wrong.stderr
