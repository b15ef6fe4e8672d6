"""The routes of the folder that the studio labels and trains on; hostile clients among them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests_folders import client, clips, garden, label, label_all, studio, training_events, whole
from tests_serve import Running, children

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("folder")
    found = garden(root / "garden")
    (root / "secret.wav").write_bytes((found / "0-rain.wav").read_bytes())
    os.symlink(root / "secret.wav", found / "link.wav")
    return found


@pytest.fixture(scope="module")
def opened(folder: Path) -> Iterator[Running]:
    with studio(folder, folder.parent / "models") as found:
        yield found


@pytest.fixture
def web(opened: Running) -> Iterator[httpx.Client]:
    with client(opened) as found:
        yield found


def table(folder: Path) -> str:
    path = folder / "metadata.csv"
    return path.read_text() if path.exists() else ""


def test_only_who_knows_the_token_sees_the_folder(opened: Running) -> None:
    with opened.client() as stranger:
        for path in ("/v1/folder", "/v1/folder/clips", "/v1/folder/training"):
            assert stranger.get(path).status_code == 401
        assert stranger.post("/v1/folder/report", json={}).status_code == 401


def test_labels_are_plain_metadata(web: httpx.Client, folder: Path) -> None:
    found = clips(web)["0-rain.wav"]
    told = label(web, found, " rain ").json()
    assert told["marks"] == [whole("rain")]
    assert "0-rain.wav,rain\n" in table(folder)
    assert label(web, told).status_code == 200
    assert "0-rain.wav" not in table(folder)


def test_a_second_tab_is_told_and_loses_nothing(web: httpx.Client, folder: Path) -> None:
    seen = clips(web)
    one, other = seen["1-rain.wav"], seen["1-bells.wav"]
    assert label(web, one, "rain").status_code == 200
    late = label(web, one, "hail")
    assert late.status_code == 409
    assert late.json()["error"]["code"] == "changed_meanwhile"
    assert label(web, other, "bells").status_code == 200
    assert "1-rain.wav,rain\n" in table(folder)
    assert "1-bells.wav,bells\n" in table(folder)


def test_sound_is_sent_so_that_any_browser_plays_it(web: httpx.Client) -> None:
    number = clips(web)["2-siren.wav"]["id"]
    assert web.get(f"/v1/folder/clips/{number}").json()["duration_s"] == pytest.approx(
        2.4, abs=0.01
    )
    sound = web.get(f"/v1/folder/clips/{number}/sound")
    assert sound.content[:4] == b"RIFF"


def test_no_client_names_a_path(web: httpx.Client) -> None:
    listed = clips(web)
    assert "link.wav" not in listed
    assert not any(name.startswith((".", "/")) for name in listed)
    names = ("..%2fsecret.wav", "%2e%2e%2fsecret.wav", "link.wav", "0-rain.wav", "0" * 16, "%00",
             "....//secret.wav", "%5c..%5csecret.wav")  # fmt: skip
    for name in names:
        for path in (f"/v1/folder/clips/{name}", f"/v1/folder/clips/{name}/sound"):
            found = web.get(path)
            assert found.status_code in (400, 404), (path, found.status_code)
            assert b"RIFF" not in found.content
        body = {"marks": [whole("x")], "base": ""}
        assert web.post(f"/v1/folder/clips/{name}/labels", json=body).status_code in (404, 405)


@pytest.mark.parametrize(
    "mark",
    [
        whole("a;b"), whole("a\x07b"), whole("x" * 101), whole("\0"), {"label": 5}, "dog?", None, 7,
        {"label": "dog", "start_s": -1, "end_s": 1}, {"label": "dog", "start_s": 1, "end_s": 1},
        {"label": "dog", "start_s": 0, "end_s": 99}, {"label": "dog", "start_s": True, "end_s": 2},
        {"label": "dog", "start_s": "0", "end_s": "1"}, {"label": "", "start_s": 0, "end_s": 1},
        {"label": "dog", "start_s": 0, "end_s": 10**400}, {"label": "dog", "start_s": 0},
    ],
)  # fmt: skip
def test_what_is_no_label_is_refused(web: httpx.Client, folder: Path, mark: Any) -> None:
    one, before = clips(web)["2-rain.wav"], table(folder)
    body = {"marks": [mark], "base": one["base"]}
    found = web.post(f"/v1/folder/clips/{one['id']}/labels", json=body)
    assert found.status_code == 400, found.text
    assert "error" in found.json()
    assert table(folder) == before


def test_bodies_that_are_none_are_refused(web: httpx.Client, folder: Path) -> None:
    one, before = clips(web)["2-rain.wav"], table(folder)
    path = f"/v1/folder/clips/{one['id']}/labels"
    kind = {"Content-Type": "application/json"}
    nan = b'{"marks":[{"label":"a","start_s":NaN,"end_s":Infinity}],"base":"%s"}'
    for content, status in (
        (b"", 400), (b"[]", 400), (b"{", 400), (b"[" * 100_000, 400), (b"\xff", 400),
        (nan % one["base"].encode(), 400), (b'{"marks":[]}', 400),
        (b'{"marks":"' + b"x" * 2_000_000 + b'"}', 413),
    ):  # fmt: skip
        assert web.post(path, content=content, headers=kind).status_code == status, content[:40]
    assert web.post(path, data={"marks": "[]", "base": one["base"]}).status_code == 415
    many = [whole("a")] * 2001
    assert web.post(path, json={"marks": many, "base": one["base"]}).status_code == 400
    assert table(folder) == before


def test_a_foreign_page_can_do_nothing(web: httpx.Client, folder: Path) -> None:
    one, before = clips(web)["2-rain.wav"], table(folder)
    foreign = {"Origin": "https://example.org"}
    body = {"marks": [whole("x")], "base": one["base"]}
    path = f"/v1/folder/clips/{one['id']}/labels"
    assert web.post(path, json=body, headers=foreign).status_code == 403
    assert web.post("/v1/folder/training", json={"task": ""}, headers=foreign).status_code == 403
    assert web.delete("/v1/folder/training", headers=foreign).status_code == 403
    assert table(folder) == before
    assert web.get("/v1/folder/training").json()["state"] == "none"


@pytest.mark.parametrize(
    "given",
    [
        {"task": "../../x"}, {"task": "--out"}, {"task": 5}, {"task": ["classify"]},
        {"epochs": True}, {"epochs": 10**9}, {"epochs": -1}, {"epochs": "3"}, {"epochs": 1.5},
    ],
)  # fmt: skip
def test_a_training_that_cannot_be_is_refused(web: httpx.Client, given: dict[str, Any]) -> None:
    assert web.post("/v1/folder/training", json=given).status_code == 400
    assert web.get("/v1/folder/training").json()["state"] == "none"


def proposals(web: httpx.Client) -> dict[str, Any]:
    """The last event of proposals."""
    with web.stream("POST", "/v1/folder/proposals", json={}, timeout=300) as answer:
        lines = [line for line in answer.iter_lines() if line.startswith("data: ")]
    found: dict[str, Any] = json.loads(lines[-1][6:])
    return found


def test_parts_are_proposed_where_labels_are_of_parts(web: httpx.Client, folder: Path) -> None:
    (folder / "metadata.csv").unlink(missing_ok=True)
    assert proposals(web)["code"] == "no_labels"
    seen = clips(web)
    for name in ("siren", "clock"):
        part = {"label": name, "start_s": 0.0, "end_s": 2.2}
        assert label(web, seen[f"0-{name}.wav"], part).status_code == 200
    assert label(web, seen["0-rain.wav"], whole("")).status_code == 200
    told = proposals(web)
    by_id = {one["id"]: one for one in told["clips"]}
    assert len(by_id) == 13
    for one in ("1-siren.wav", "2-siren.wav", "3-siren.wav"):
        found = by_id[seen[one]["id"]]
        assert {each["label"] for each in found["parts"]} == {"siren"}, one
    rain = [by_id[seen[f"{i}-rain.wav"]["id"]] for i in (1, 2, 3)]
    assert [(one["label"], one["parts"]) for one in rain] == [("", [])] * 3
    (folder / "metadata.csv").unlink()


def test_there_is_no_report_before_a_training(web: httpx.Client, opened: Running) -> None:
    assert web.post("/v1/folder/report", json={}).status_code == 404
    with opened.client() as stranger:
        for key in ("x", "..%2f..%2fetc%2fpasswd", "%00"):
            assert stranger.get(f"/report/{key}").status_code == 404


def test_a_report_is_in_a_sandbox_behind_a_key(
    web: httpx.Client, opened: Running, folder: Path
) -> None:
    path = folder.parent / "models" / "garden-model" / "report.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("<script>fetch('/v1/folder')</script>")
    address = web.post("/v1/folder/report", json={}).json()["address"]
    with opened.client() as stranger:  # a frame sends no token
        found = stranger.get(address)
        assert found.status_code == 200
        policy = found.headers["content-security-policy"]
        assert policy.startswith("sandbox ")
        assert "allow-same-origin" not in policy
        assert "connect-src" not in policy  # so none, by default-src
        assert stranger.get(f"{address}x").status_code == 404
    path.unlink()


def test_a_field_that_is_not_known_is_refused(web: httpx.Client, folder: Path) -> None:
    one, before = clips(web)["2-rain.wav"], table(folder)
    labels = f"/v1/folder/clips/{one['id']}/labels"
    for path, given in (
        (labels, {"marks": [whole("rain")], "base": one["base"], "force": True}),
        ("/v1/folder/training", {"task": "classify", "epocs": 3}),
        ("/v1/folder/proposals", {"model": "sounds"}),
    ):
        found = web.post(path, json=given)
        assert found.status_code == 400, path
        error = found.json()["error"]
        assert (error["code"], error["param"]) == ("unsupported_parameter", list(given)[-1])
    assert table(folder) == before
    assert web.get("/v1/folder/training").json()["state"] != "running"


def test_a_server_without_a_folder_says_so(server: Running) -> None:
    with server.client() as web:
        assert web.get("/v1/folder").json() == {"open": False}
        for path in ("/v1/folder/clips", "/v1/folder/training", "/v1/folder/clips/x/sound"):
            found = web.get(path)
            assert found.status_code == 404
            assert found.json()["error"]["code"] == "no_folder"


def test_a_training_stops_goes_on_and_ends_with_the_server(tmp_path: Path) -> None:
    folder = garden(tmp_path / "sounds", each=3)
    with studio(folder, tmp_path / "models") as server, client(server) as web:
        label_all(web)
        wanted = {"task": "classify", "epochs": 200}
        assert web.post("/v1/folder/training", json=wanted).status_code == 200
        assert web.post("/v1/folder/training", json=wanted).status_code == 409
        for told in training_events(web):
            if any(one["epochs"] for one in told["curves"].values()):
                assert web.delete("/v1/folder/training").status_code == 200
        assert told["state"] == "stopped", told["lines"]
        assert told["unfinished"]
        assert not told["report"]
        assert "classify" in web.get("/v1/folder").json()["unfinished"]
        before = max(len(one["epochs"]) for one in told["curves"].values())
        assert web.post("/v1/folder/training", json={**wanted, "again": True}).status_code == 200
        for told in training_events(web):
            if max((len(one["epochs"]) for one in told["curves"].values()), default=0) > before:
                break
        assert any("going on" in line for line in told["lines"]), told["lines"]
        trainings = [pid for pid, line in children(server.process.pid) if " train " in line]
        assert len(trainings) == 1
        server.end(60)
        assert server.process.poll() is not None
        assert not Path(f"/proc/{trainings[0]}").exists()
