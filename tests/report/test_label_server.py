"""The page of `tympan label`: the real command in a process, its server, and a real browser."""

from __future__ import annotations

import csv
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tympan
from tympan import synth
from tympan.errors import DataError
from tympan.report.label_batch import write_batch
from tympan.report.label_server import Desk
from tympan.tasks.embed import Index

Start = Callable[..., "Command"]


def kind(name: str) -> str:
    return "tone" if Path(name).stem.startswith("tone") else "noise"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Twelve recordings of two kinds, with an index of which the names lead from `tmp_path`."""
    (tmp_path / "archive").mkdir()
    names, vectors = [], []
    rng = np.random.default_rng(0)
    for i in range(12):
        name = f"{('tone', 'noise')[i % 2]} {i}.wav"
        clip = (
            synth.sine(400 + 50 * i, duration_s=1, rate_hz=8000)
            if i % 2 == 0
            else synth.white_noise(duration_s=1, rate_hz=8000, amplitude=0.1, seed=i)
        )
        clip.save(tmp_path / "archive" / name)
        vector = np.eye(8)[i % 2] + 0.2 * rng.normal(size=8)
        names.append(f"archive/{name}")
        vectors.append(vector / np.linalg.norm(vector))
    index = Index(np.array(vectors), np.array(names), np.zeros(12), np.ones(12), "sounds")
    index.save(tmp_path / "index.npz")
    (tmp_path / "first.csv").write_text(
        "file_name,start_s,end_s,label\narchive/tone 0.wav,0,1,tone\n"
        "archive/noise 1.wav,0,1,noise\n"
    )
    return tmp_path


class Command:
    """`tympan label` as a user runs it."""

    def __init__(self, home: Path, *options: str) -> None:
        command = [sys.executable, "-m", "tympan", "label", "index.npz", "--examples", "first.csv"]
        source = str(Path(tympan.__file__).parents[1])
        self.process = subprocess.Popen(
            [*command, "--no-open", *options], cwd=home, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": source},
            # Tests that run in the background of a shell hand on that interrupts are ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.match(r"the page: (http://127\.0\.0\.1:(\d+)/([\w-]{20,})/)\n", line)
        if not found:
            raise AssertionError(line + self.process.communicate(timeout=60)[1])
        self.address, self.port, self.token = found[1], int(found[2]), found[3]

    def ask(
        self, what: str, given: object = None, *, token: str | None = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """The status and the content of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        path = f"/{self.token if token is None else token}/{what}"
        body = None if given is None else json.dumps(given)
        head = {"Content-Type": "application/json"} if body is not None else {}
        method = "GET" if body is None else "POST"
        head |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, head)
        reply = connection.getresponse()
        text = reply.read().decode()
        kind_ = reply.getheader("Content-Type")
        return reply.status, json.loads(text) if kind_ == "application/json" else {"html": text}

    def end(self) -> tuple[str, str]:
        """Interrupt it; what it printed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=60)


@pytest.fixture
def start(archive: Path) -> Iterator[Start]:
    running: list[Command] = []

    def begin(*options: str) -> Command:
        running.append(Command(archive, *options))
        return running[-1]

    yield begin
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
            one.process.communicate(timeout=60)


def answers(home: Path) -> dict[str, str]:
    with (home / "labels.csv").open(newline="") as file:
        return {row["file_name"]: row["label"] for row in csv.DictReader(file)}


def test_a_whole_session_over_http_and_on_from_where_it_was(start: Start, archive: Path) -> None:
    command = start()
    _, state = command.ask("state")
    for _ in range(6):
        one = state["suggestion"]
        said = "yes" if kind(one["name"]) == one["label"] else "no"
        status, state = command.ask(
            "answer", {"row": one["row"], "label": one["label"], "answer": said}
        )
        assert status == 200
    assert one["image"].startswith("data:image/png;base64,")
    assert one["audio"].startswith("data:audio/")
    kept = answers(archive)
    assert len(kept) >= 7
    assert all(label in ("", kind(name)) for name, label in kept.items())
    # An answer to what is no longer asked changes nothing.
    again = {"row": one["row"], "label": one["label"], "answer": "no"}
    assert command.ask("answer", again)[1]["message"] == "This moment was answered already."
    assert answers(archive) == kept
    # Taken back, the same moment is asked about again.
    _, state = command.ask("undo", {})
    assert state["suggestion"]["row"] == one["row"]
    printed, told = command.end()
    assert told == ""
    assert "next: tympan train archive --task classify --metadata labels.csv" in printed
    later = start()
    _, state = later.ask("state")
    assert sum(label["yes"] + label["no"] for label in state["labels"]) == 7
    assert later.ask("finish", {})[1]["over"] is True
    assert later.process.wait(timeout=60) == 0


def test_nothing_is_served_to_others(start: Start, archive: Path) -> None:
    command = start()
    (archive / "secret.txt").write_text("secret")
    for token in ("", "x", command.token[:-1], command.token + "x", "../" + command.token):
        assert command.ask("state", token=token)[0] == 403
    assert command.ask("state", Host="evil.example")[0] == 403
    assert command.ask("undo", {}, Origin="http://evil.example")[0] == 403
    own = f"http://127.0.0.1:{command.port}"
    assert command.ask("undo", {}, Origin=own)[0] == 200
    for what in ("secret.txt", "../secret.txt", "..%2fsecret.txt", "archive/tone 0.wav", "//", "x"):
        assert command.ask(what.replace(" ", "%20"))[0] in (403, 404), what
        assert command.ask(what.replace(" ", "%20"), {})[0] in (403, 404), what
    assert command.ask("undo", {}, Content_Type="text/plain")[0] == 400
    assert command.ask("answer", [1, 2])[0] == 400
    # It listens on this computer's own address only.
    printed = command.address.split("/")[2]
    assert printed.startswith("127.0.0.1:")
    assert command.end()[1] == ""


def test_wrong_answers_are_refused(start: Start, archive: Path) -> None:
    command = start()
    one = command.ask("state")[1]["suggestion"]
    before = answers(archive)
    asked = {"row": one["row"], "label": one["label"]}
    wrong: tuple[dict[str, object], ...] = (
        {"row": "../../etc", "label": one["label"], "answer": "yes"},
        {"row": 10**9, "label": one["label"], "answer": "yes"},
        {"answer": "yes"},
    )
    for given in wrong:
        assert "already" in command.ask("answer", given)[1]["message"]
    status, told = command.ask("answer", {**asked, "answer": "perhaps"})
    assert (status, told["message"]) == (422, "'perhaps' is no answer")
    status, told = command.ask("label", {**asked, "name": "a;b"})
    assert status == 422
    assert "cannot be a label" in told["message"]
    assert answers(archive) == before
    assert command.ask("answer", {**asked, "answer": "yes", "also": 3})[0] == 200
    assert command.end()[1] == ""


def test_a_missing_recording_is_skipped_and_a_missing_archive_is_one_line(
    start: Start, archive: Path
) -> None:
    for name in ("tone 2.wav", "noise 3.wav", "tone 4.wav"):
        (archive / "archive" / name).unlink()
    command = start()
    _, state = command.ask("state")
    while (one := state["suggestion"]) is not None:
        assert (archive / one["name"]).exists()
        given = {"row": one["row"], "label": one["label"], "answer": "skip"}
        state = command.ask("answer", given)[1]
    assert "could not be read" in state["kept"]
    command.end()
    (archive / "archive").rename(archive / "moved")
    with pytest.raises(AssertionError, match="are not where the index says") as caught:
        start()
    assert "--folder" in str(caught.value)
    assert str(caught.value).count("\n") == 1


def desk(archive: Path) -> Desk:
    found = tympan.label(
        archive / "index.npz", archive / "first.csv", out=archive / "l.csv", folder=archive
    )
    return Desk(found, "index.npz")


def test_a_desk_says_when_nothing_is_left(archive: Path) -> None:
    one = desk(archive)
    one.start()
    while (found := one.state()["suggestion"]) is not None:
        one.do("answer", {"row": found["row"], "label": found["label"], "answer": "no"})
    assert one.state()["undo"]
    found = one.do("undo", {})["suggestion"]
    with pytest.raises(DataError, match="no answer"):
        one.do("answer", {"row": found["row"], "label": found["label"]})


@pytest.mark.browser
def test_the_page_in_a_browser(browser: Any, start: Start, archive: Path) -> None:
    command = start()
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    page = context.new_page()
    requests: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda one: requests.append(one.url))
    page.on("console", lambda one: complaints.append(one.text))
    page.on("pageerror", lambda one: complaints.append(str(one)))

    def until(condition: str) -> None:
        for _ in range(1000):  # the page's own policy forbids what `wait_for_function` does
            if page.evaluate(condition):
                return
            page.wait_for_timeout(20)
        raise AssertionError(f"never became true: {condition}")

    page.goto(command.address)
    until("document.querySelector('#picture').naturalWidth > 100")
    asked = page.inner_text("h1")
    assert asked in ("Is it tone?", "Is it noise?")
    until("document.querySelector('#sound').readyState >= 2")
    page.keyboard.press("y")
    until("!document.querySelector('#undo').disabled")
    assert page.evaluate("document.querySelector('#counts').innerText").count("2") == 1
    until("!document.querySelector('#sound').paused")
    # Another label too, then no; and back again.
    before = page.inner_text("#file")
    page.keyboard.press("1")
    until("document.querySelector('#also button').getAttribute('aria-pressed') === 'true'")
    page.keyboard.press("n")
    until(f"document.querySelector('#file').textContent !== {json.dumps(before)}")
    page.keyboard.press("u")
    until(f"document.querySelector('#file').textContent === {json.dumps(before)}")
    page.keyboard.press("s")
    until(f"document.querySelector('#file').textContent !== {json.dumps(before)}")
    before = page.inner_text("#file")
    page.keyboard.press("0")
    until(f"document.querySelector('#file').textContent !== {json.dumps(before)}")
    assert answers(archive)[before] == "other"
    # Keys typed into the field are text.
    page.fill("#newname", "")
    page.type("#newname", "synthesised")
    page.keyboard.press("Enter")
    until("document.querySelectorAll('#counts tr').length === 3")
    assert "synthesised" in answers(archive).values()
    for width in (1100, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.click("#done")
    until("document.querySelector('h1').textContent === 'Finished'")
    assert command.process.wait(timeout=60) == 0
    assert all(url.startswith((command.address, "data:")) for url in requests)
    assert complaints == []
    context.close()


def test_a_batch_is_a_table_and_a_page_with_players(archive: Path, visit: Any) -> None:
    found = desk(archive).labelling
    (archive / "archive" / "tone 2.wav").unlink()
    page = write_batch(found, 12, archive / "next.csv", "index.npz", "tympan label …")
    with (archive / "next.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    # An example of one label may be asked about for the other.
    assert len(rows) == len({row["file_name"] for row in rows}) == 12
    assert {row["label"] for row in rows} == {""}
    assert {row["suggested"] for row in rows} == {"tone", "noise"}
    with visit(page) as v:
        assert v.page.locator("figure audio").count() == 11
        assert "Not shown: archive/tone 2.wav" in v.page.inner_text("main")
        v.until("[...document.querySelectorAll('audio')].every((a) => a.readyState >= 1)")


def test_the_page_of_find_has_a_player_for_each_moment(archive: Path, visit: Any) -> None:
    from tympan.report.found import write_found
    from tympan.tasks.embed import Match

    (archive / "archive" / "tone 4.wav").unlink()
    matches = [Match(f"archive/tone {i}.wav", 0.0, 1.0, 0.9 - i / 100) for i in (2, 4, 6)]
    example = archive / "archive" / "tone 0.wav"
    with visit(write_found(example, matches, archive / "found.html", archive)) as v:
        assert v.page.locator("figure audio").count() == 3  # the example, and two
        assert "Not shown: archive/tone 4.wav" in v.page.inner_text("main")
        v.until("[...document.querySelectorAll('audio')].every((a) => a.readyState >= 1)")
