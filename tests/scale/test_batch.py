"""`tympan batch` in real processes: killed, gone on with, and whole at the end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import tympan
from tests_command import tympan_command
from tympan.errors import ArgumentError, DataError, TympanError
from tympan.scale.job import BatchJob, asked_of
from tympan.scale.store import Results

JSONL = ("--format", "jsonl")
PLUGINS = Path(__file__).parents[1] / "plugins"


def command(*arguments: str, site: Path | None = None) -> tuple[list[str], dict[str, str]]:
    home = str(Path(tympan.__file__).parents[1])
    path = os.pathsep.join([*([str(site)] if site else []), home])
    environment = {**os.environ, "PYTHONPATH": path}
    return [sys.executable, "-m", "tympan", *arguments], environment


def run(*arguments: str, site: Path | None = None) -> subprocess.CompletedProcess[str]:
    _, environment = command(*arguments, site=site)
    line = tympan_command(*arguments)
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=300)


def rows(folder: Path, table: str = "files") -> list[dict[str, object]]:
    return list(Results(folder).rows(table, "jsonl"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills by signals")
def test_a_run_that_is_killed_goes_on_with_nothing_twice_or_lost(
    archive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = (
        "batch", str(archive), "--verb", "segment", "-o", str(out), "--workers", "1",
        "--block", "1", "--format", "jsonl", "--json", "-q",
    )  # fmt: skip
    line, environment = command(*arguments)
    killed = subprocess.Popen(line, env=environment, start_new_session=True)
    deadline = time.monotonic() + 200
    while not list((out / "files").glob("part-*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    before = {path: path.stat().st_mtime_ns for path in (out / "files").glob("part-*")}
    assert before
    (out / "files" / ".part-00000000-half.jsonl").write_text('{"file": "half')
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["done_before"] == len(before)
    assert (summary["files"], summary["failed"]) == (10, 2)
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in before.items())
    found = rows(out)
    assert sorted(str(row["file"]) for row in found) == sorted(map(str, archive.rglob("*.wav")))
    assert {Path(str(r["file"])).name for r in found if r["error"]} == {"broken.wav", "empty.wav"}
    assert not list((out / "files").glob(".part-*"))
    again = json.loads(run(*arguments).stdout)
    assert again["done_before"] == 10


@pytest.mark.slow
def test_a_question_of_another_package_has_its_column(archive: Path, tmp_path: Path) -> None:
    """Nothing in batch or export knows it: `toy_question.py` is one file of another package."""
    site = tmp_path / "site"
    info = site / "toy_question-0.1.dist-info"
    info.mkdir(parents=True)
    shutil.copy(PLUGINS / "toy_question.py", site)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-question\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(
        "[tympan.tasks]\ntoy = toy_question:VERB\n\n"
        "[tympan.tasks.engines]\ntoy-engine = toy_question:ENGINE\n"
    )
    out = tmp_path / "out"
    done = run(
        "batch", str(archive), "--verb", "toy", "--set", "toy.scale=10", "-o", str(out),
        "--workers", "1", "--format", "csv", "-q", site=site,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = list(Results(out).rows("files", "csv"))
    assert list(found[0])[-2:] == ["toy", "toy_json"]
    assert len(found) == 10
    assert sum(row["toy"].startswith("peak ") for row in found) == 8
    assert json.loads(found[0]["toy_json"])["peak"] > 1


def test_another_question_does_not_go_into_the_same_folder(tmp_path: Path) -> None:
    results = Results(tmp_path / "out")
    job = BatchJob(asked_of(["segment"]), "jsonl", block=7)
    results.begin(job)
    results.put(0, "jsonl", {"files": b"", "parts": b""})
    assert results.begin(BatchJob(asked_of(["segment"]), "jsonl", threads=4)).block == 7
    with pytest.raises(ArgumentError, match="another run"):
        results.begin(BatchJob(asked_of(["segment"], {"segment": {"onset": 0.2}}), "jsonl"))
    with pytest.raises(ArgumentError, match="another run"):
        results.begin(BatchJob(asked_of(["classify"]), "jsonl"))


def test_other_files_do_not_go_into_the_same_folder(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, one = tmp_path / "out", [archive / "1.wav"]
    monkeypatch.chdir(tmp_path)
    tympan.batch(one, "segment", out, workers=1, format="jsonl")
    for same in (one, os.path.relpath(one[0]), "./archive//1.wav"):
        assert tympan.batch(same, "segment", out, workers=1, format="jsonl").done_before == 1
    with pytest.raises(ArgumentError, match="of a run over other files"):
        tympan.batch(archive, "segment", out, workers=1, format="jsonl")
    assert len(rows(out)) == 1


def test_a_run_that_could_not_begin_leaves_the_folder_to_the_next(
    archive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(TympanError, match="no model 'sgement'"):
        tympan.batch(archive, "segment:sgement", out, workers=1, format="jsonl")
    one = archive / "1.wav"
    assert tympan.batch(one, "segment", out, workers=1, format="jsonl").files == 1


def test_options_of_a_store_are_not_written_down(tmp_path: Path) -> None:
    job = BatchJob(asked_of(["segment"]), "jsonl", storage={"secret": "hunter2"})
    for results in (Results(tmp_path), Results(tmp_path)):
        assert results.begin(job, ["s3://x"]).storage == {"secret": "hunter2"}
        assert "hunter2" not in (tmp_path / "job.json").read_text()


def test_a_run_without_any_answer_has_failed(tmp_path: Path) -> None:
    for number in range(2):
        (tmp_path / f"{number}.wav").write_bytes(b"no sound")
    out = tmp_path / "out"
    done = run("batch", str(tmp_path), "--verb", "classify", "-o", str(out), "-q", *JSONL)
    assert done.returncode == 2
    assert "none of the 2 files could be answered about" in done.stderr
    assert all(row["error"] for row in rows(out))


def test_two_runs_do_not_write_into_one_folder(tmp_path: Path) -> None:
    results = Results(tmp_path / "out")
    again = Results(tmp_path / "out")
    with results.alone(), pytest.raises(DataError, match="another run"), again.alone():
        pass


def test_other_files_are_not_mixed_with(tmp_path: Path, archive: Path) -> None:
    with pytest.raises(ArgumentError, match="holds other files"):
        tympan.batch(archive, "classify", archive)
    with pytest.raises(ArgumentError, match="workers=0"):
        tympan.batch(archive, "classify", tmp_path / "out", workers=0)


def test_a_block_counts_only_when_all_of_it_is_there(tmp_path: Path) -> None:
    results = Results(tmp_path / "out")
    with pytest.raises(KeyError):
        results.put(3, "jsonl", {"files": b"{}\n"})
    assert results.done("jsonl") == set()
    results.put(3, "jsonl", {"files": b"{}\n", "parts": b""})
    assert results.done("jsonl") == {3}
