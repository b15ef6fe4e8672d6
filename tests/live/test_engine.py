"""The engine: sound in, events at the right time, actions that fail and recover."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests_live import LEVEL, RATE_HZ, T0, Collect, Given, bursts
from tympan.audio import load
from tympan.live.actions import Actions, make_actions
from tympan.live.actions.base import Action
from tympan.live.actions.log import read_events
from tympan.live.engine import MOST_BEHIND_S, Watch
from tympan.live.event import Event
from tympan.live.rules import Rule, Rules
from tympan.live.sources.base import Chunk, Source

LOUD = Rule("loud", ("loud",), threshold=0.5, min_s=0.5)


def watched(source: Source, rule: Rule = LOUD, actions: Actions | None = None) -> Collect:
    seen = Collect()
    engine = Watch(
        [LEVEL], Rules((rule,)), actions or Actions({}), say=seen.say, on_event=seen.event
    )
    seen.summary = engine.run(source)  # type: ignore[attr-defined]
    return seen


def test_events_have_the_times_of_the_sound_and_of_the_clock() -> None:
    seen = watched(Given(bursts([(2, 4), (7, 8)], 10)))
    assert seen.spans == [(2.0, 4.0), (7.0, 8.0)]
    assert [e.start for e in seen.events if e.open] == [T0 + timedelta(seconds=s) for s in (2, 7)]
    assert [e.end for e in seen.events if not e.open] == [T0 + timedelta(seconds=s) for s in (4, 8)]


@settings(max_examples=10)
@given(st.lists(st.integers(1, 9000), min_size=1, max_size=12))
def test_the_size_of_chunks_changes_nothing(sizes: list[int]) -> None:
    wave = bursts([(1, 2), (3, 3.5)], 5)

    class Cut(Given):
        def chunks(self, stop: threading.Event, say: Callable[[str], None]) -> Iterator[Chunk]:
            at, i = 0, 0
            while at < wave.shape[1]:
                piece = wave[:, at : at + sizes[i % len(sizes)]]
                yield Chunk(piece, RATE_HZ, at == 0, "x", T0.timestamp() + at / RATE_HZ)
                at, i = at + piece.shape[1], i + 1

    assert watched(Cut()).spans == [(1.0, 2.0), (3.0, 3.5)]


def test_an_event_ends_with_its_stretch_and_the_next_has_times_of_its_own() -> None:
    seen = watched(Given(bursts([(3, 4)], 4), bursts([(0, 1)], 2)))
    assert seen.spans == [(3.0, 4.0), (0.0, 1.0)]
    assert [e.recording for e in seen.events if e.open] == ["part 0", "part 1"]


def test_another_rate_or_number_of_channels_begins_anew() -> None:
    class Changing(Given):
        def chunks(self, stop: threading.Event, say: Callable[[str], None]) -> Iterator[Chunk]:
            yield Chunk(bursts([(0, 1)], 2), RATE_HZ, True, "x", T0.timestamp())
            twice = np.repeat(bursts([(0, 1)], 2), 2, axis=0)
            yield Chunk(twice, RATE_HZ, False, "x", T0.timestamp() + 2)
            yield Chunk(twice, 2 * RATE_HZ, False, "x", T0.timestamp() + 4)

    seen = watched(Changing())
    assert len(seen.spans) == 3
    assert seen.spans[:2] == [(0.0, 1.0), (0.0, 1.0)]
    assert seen.spans[2][1] == pytest.approx(0.5, abs=0.26)


def test_values_that_are_no_numbers_harm_nothing() -> None:
    wave = bursts([(1, 2)], 3)
    wave[0, 100], wave[0, 200], wave[0, 300] = np.nan, np.inf, 1e30
    wave[0, 300] = 0
    assert watched(Given(wave)).spans == [(1.0, 2.0)]


def test_log_and_clips_hold_the_event_with_what_came_before_and_after(tmp_path: Path) -> None:
    seen = Collect()
    spec = {"log": {"type": "log", "path": "e.db", "clips": "clips", "pre_s": 1.0, "post_s": 0.5}}
    actions = make_actions(spec, tmp_path, seen.say)
    watched(Given(bursts([(3, 4)], 8)), LOUD, actions)
    actions.close()
    (row,) = read_events(tmp_path / "e.db")
    assert (row["rule"], row["start_s"], row["end_s"]) == ("loud", 3.0, 4.0)
    clip = load(row["clip"])
    assert clip.duration_s == pytest.approx(2.5, abs=1 / RATE_HZ)
    whole = bursts([(3, 4)], 8)[0, 2 * RATE_HZ : int(4.5 * RATE_HZ)]
    assert np.abs(clip.samples[0] - whole).max() < 1e-4
    assert not list((tmp_path / "clips").glob("*.partial"))


def test_two_rules_have_clips_of_their_own(tmp_path: Path) -> None:
    spec = {"log": {"type": "log", "path": "e.db", "clips": "clips", "pre_s": 0.25, "post_s": 0.25}}
    actions = make_actions(spec, tmp_path, print)
    rules = Rules((LOUD, Rule("quiet", ("quiet",), threshold=0.9, min_s=1.0)))
    Watch([LEVEL], rules, actions).run(Given(bursts([(2, 3)], 6)))
    actions.close()
    rows = read_events(tmp_path / "e.db")
    assert [(row["rule"], row["start_s"], row["end_s"]) for row in rows] == [
        ("quiet", 0.0, 2.0), ("loud", 2.0, 3.0), ("quiet", 3.0, 6.0),
    ]  # fmt: skip
    lengths = [load(row["clip"]).duration_s for row in rows]
    assert lengths == pytest.approx([2.25, 1.5, 3.25], abs=0.01)


def test_the_oldest_clips_make_room(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).standard_normal((1, 40 * RATE_HZ)).astype(np.float32) * 0.3
    wave = noise * (np.arange(40 * RATE_HZ) // (2 * RATE_HZ) % 2)
    spec = {
        "log": {
            "type": "log",
            "path": "e.db",
            "clips": "c",
            "pre_s": 0.0,
            "post_s": 0.0,
            "quota_mb": 0.1,
        }
    }
    actions = make_actions(spec, tmp_path, print)
    watched(Given(wave), Rule("loud", ("loud",), threshold=0.3), actions)
    actions.close()
    rows = read_events(tmp_path / "e.db")
    assert len(rows) == 10
    kept = sorted(str(path) for path in (tmp_path / "c").glob("*.flac"))
    assert 1 <= len(kept) < 10
    assert [row["clip"] for row in rows if row["clip"]] == kept
    assert not rows[0]["clip"]
    assert rows[-1]["clip"]


class Failing(Action):
    """Cannot write while `full`."""

    name, when = "failing", "both"

    def __init__(self) -> None:
        self.full, self.taken = True, []  # type: ignore[var-annotated]

    def act(self, event: Event) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.taken.append(event)


def test_what_could_not_be_written_is_written_later_in_its_order() -> None:
    failing, seen = Failing(), Collect()

    def happened(event: Event) -> None:
        seen.event(event)
        failing.full = len(seen.events) < 4  # there is room again at the last of four

    engine = Watch(
        [LEVEL], Rules((LOUD,)), Actions({"failing": failing}), say=seen.say, on_event=happened
    )
    summary = engine.run(Given(bursts([(1, 2), (3, 4)], 6)))
    assert [e.start_s for e in failing.taken] == [1.0, 1.0, 3.0, 3.0]
    assert summary.unwritten == 0
    assert any("No space left" in line for line in seen.lines)


def test_what_could_never_be_written_is_counted() -> None:
    seen = watched(Given(bursts([(1, 2)], 3)), LOUD, Actions({"failing": Failing()}))
    assert seen.summary.unwritten == 2  # type: ignore[attr-defined]


def test_a_live_source_that_is_too_fast_loses_sound_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = threading.Event()

    class Flood(Given):
        def chunks(self, stop: threading.Event, say: Callable[[str], None]) -> Iterator[Chunk]:
            for i in range(int(2 * MOST_BEHIND_S)):
                yield Chunk(bursts([], 1), RATE_HZ, i == 0, "x")
            begun.set()

    seen = Collect()
    engine = Watch([LEVEL], Rules((LOUD,)), Actions({}), say=seen.say)
    push = engine._push

    def slow(chunk: Chunk) -> None:
        begun.wait(10)
        push(chunk)

    monkeypatch.setattr(engine, "_push", slow)
    summary = engine.run(Flood(live=True))
    assert summary.dropped_s > MOST_BEHIND_S / 2
    assert summary.seconds + summary.dropped_s == pytest.approx(2 * MOST_BEHIND_S)
    assert any("dropped" in line for line in seen.lines)


def test_it_stops_when_told(tmp_path: Path) -> None:
    stop = threading.Event()

    class Endless(Given):
        def chunks(self, stop: threading.Event, say: Callable[[str], None]) -> Iterator[Chunk]:
            first = True
            while not stop.is_set():
                yield Chunk(bursts([(0, 1)], 1), RATE_HZ, first, "x")
                first = False
                time.sleep(0.01)

    seen = Collect()
    engine = Watch([LEVEL], Rules((LOUD,)), Actions({}), on_event=seen.event)
    threading.Timer(0.5, stop.set).start()
    engine.run(Endless(live=True), stop)
    assert [e.open for e in seen.events][-2:] == [True, False]  # the open event was ended


def test_memory_does_not_grow_with_time() -> None:
    import tracemalloc

    from tympan.live.listener import load_models
    from tympan.live.rules import ModelSpec

    class Hours(Given):
        def chunks(self, stop: threading.Event, say: Callable[[str], None]) -> Iterator[Chunk]:
            rng = np.random.default_rng(0)
            noise = rng.standard_normal((1, 16_000 * 5)).astype(np.float32) * 0.1
            for i in range(self.count):
                # Labels that change: a timeline that was kept would grow.
                yield Chunk(noise if i % 2 else noise * 0, 16_000, i == 0, "x", T0.timestamp())

    models = load_models([ModelSpec("sounds")], "cpu")
    peaks = []
    for count in (12, 60):
        source = Hours()
        source.count = count  # type: ignore[attr-defined]
        engine = Watch(models, Rules((Rule("dog", ("dog",)),)), Actions({}))
        tracemalloc.start()
        engine.run(source)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0] + 200_000
