"""Files in an object store: a real server that speaks S3, on this machine."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests_command import tympan_command
from tympan.scale.listing import files_of

server = pytest.importorskip("moto.server")
s3fs = pytest.importorskip("s3fs")


@pytest.fixture
def bucket(archive: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The archive as the bucket `field`, in the folder `day 1`."""
    running = server.ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3fs.S3FileSystem.clear_instance_cache()
    store = s3fs.S3FileSystem()
    store.makedirs("field", exist_ok=True)
    store.put(str(archive), "field/day 1", recursive=True)
    try:
        yield "s3://field/day 1"
    finally:
        s3fs.S3FileSystem.clear_instance_cache()
        running.stop()


def rows(folder: Path, table: str) -> list[dict[str, object]]:
    lines = [
        line
        for path in sorted((folder / table).glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]
    return [json.loads(line) for line in lines]


def batch(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        tympan_command("batch", *arguments, "--format", "jsonl", "--quiet"),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_rows_are_those_of_the_same_files_on_disk(
    bucket: str, archive: Path, tmp_path: Path
) -> None:
    """In other processes, which read over the network; a file that fails is a row there too."""
    assert len(list(files_of([bucket]))) == 10
    for source, out in ((bucket, "there"), (str(archive), "here")):
        done = batch(source, "--verb", "segment", "-o", str(tmp_path / out), "--workers", "2")
        assert done.returncode in (0, 1), done.stderr
    for table in ("files", "parts"):
        there, here = (rows(tmp_path / one, table) for one in ("there", "here"))
        assert len(there) == len(here)
        names = [str(row["file"]) for row in there]
        assert all(name.startswith(f"{bucket}/") for name in names)
        for one in (*there, *here):
            one.pop("seconds", None)
            one["file"] = str(one["file"]).rpartition("/")[2]
            if one.get("error"):
                one["error"] = "told"
        assert sorted(map(json.dumps, there)) == sorted(map(json.dumps, here))
    assert sum(bool(row["error"]) for row in rows(tmp_path / "there", "files")) == 2


def test_a_bucket_that_is_not_there_is_one_line(bucket: str, tmp_path: Path) -> None:
    done = batch("s3://nowhere/day", "--verb", "segment", "-o", str(tmp_path / "out"))
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "s3://nowhere/day" in line
    assert "unexpected" not in line
