"""A folder of recordings without labels, and a studio that has it open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests_serve import Running, running
from tympan.audio.scenes import demo_scene

SOUNDS = ("siren", "clock", "rain", "bells")


def garden(root: Path, each: int = 4) -> Path:
    """Some recordings of each of four sounds, named so that their names tell it to a test alone."""
    root.mkdir(parents=True)
    for seed in range(each):
        clip, events = demo_scene(seed=seed)
        for name, (start_s, _, _) in zip(SOUNDS, events, strict=False):
            clip.slice(start_s + 1.0, start_s + 3.4).save(root / f"{seed}-{name}.wav")
    return root


@contextmanager
def studio(folder: Path, out: Path) -> Iterator[Running]:
    """`tympan studio FOLDER`."""
    given = (str(folder), "--out", str(out), "--no-open", "--models", "sounds")
    with running(*given, verb="studio") as found:
        yield found


def client(server: Running) -> httpx.Client:
    """A client that knows the token."""
    return server.client(headers={"Authorization": f"Bearer {server.token}"})


def clips(web: httpx.Client) -> dict[str, dict[str, Any]]:
    """The clips by their names."""
    found = web.get("/v1/folder/clips")
    assert found.status_code == 200, found.text
    return {one["name"]: one for one in found.json()["clips"]}


def label(web: httpx.Client, clip: dict[str, Any], *marks: Any, **more: Any) -> httpx.Response:
    """Give a clip labels, as its page does."""
    told = [one if isinstance(one, dict) else whole(one) for one in marks]
    body = {"marks": told, "base": clip["base"], **more}
    return web.post(f"/v1/folder/clips/{clip['id']}/labels", json=body)


def whole(name: str) -> dict[str, Any]:
    """A label of a whole recording."""
    return {"label": name, "start_s": None, "end_s": None}


def label_all(web: httpx.Client) -> None:
    """Label every recording with what its name says."""
    for name, one in clips(web).items():
        found = label(web, one, name.removesuffix(".wav").partition("-")[2])
        assert found.status_code == 200, found.text


def training_events(web: httpx.Client) -> Iterator[dict[str, Any]]:
    """How the training stands, until it ends."""
    with web.stream("GET", "/v1/folder/training/events", timeout=600) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line[6:])
