"""What is done with the answers of a cluster, of a Ray that is imagined."""

from __future__ import annotations

import logging
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tympan.errors import MissingDependencyError, TympanError
from tympan.scale.cluster import RayPool, import_ray
from tympan.scale.dispatch import dispatched
from tympan.scale.job import Asked, BatchJob, Work
from tympan.scale.one_pass import FileRow
from tympan.scale.pool import WorkerDied
from tympan.scale.tables import plain_rows
from tympan.scale.worker import BlockResult, contents

JOB = BatchJob((Asked("classify"),), "jsonl")


class RayError(Exception): ...


class RayActorError(RayError): ...


class RayTaskError(RayError): ...


class Imagined(ModuleType):
    """As much of Ray as is used; a reference is what came of the call."""

    def __init__(self, fate: dict[str, list[Exception]]) -> None:
        super().__init__("ray")
        self.fate, self.given = fate, []
        self.most = self.waiting = 0
        self.exceptions = SimpleNamespace(
            RayError=RayError, RayActorError=RayActorError, RayTaskError=RayTaskError
        )

    def is_initialized(self) -> bool:
        return True

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 3.0}

    def remote(self, **options: Any) -> Any:
        assert options["max_restarts"] == -1
        ray = self

        def make(kind: type) -> Any:
            return SimpleNamespace(remote=lambda values: SimpleNamespace(
                answer=SimpleNamespace(remote=ray.call),
                __ray_ready__=SimpleNamespace(remote=lambda: None)))  # fmt: skip

        return make

    def call(self, work: Work) -> Any:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        self.given.append(work)
        return Reference(work)

    def wait(self, references: list[Any], **options: Any) -> tuple[list[Any], list[Any]]:
        return references[:1], references[1:]

    def get(self, reference: Any) -> BlockResult | None:
        if reference is None:  # an actor is there
            return None
        self.waiting -= 1
        work = reference.work
        for name in work.files:
            if self.fate.get(name):
                raise self.fate[name].pop()
        tables = plain_rows([FileRow(name) for name in work.files], ["classify"])
        content = tables if work.alone else contents(tables, JOB)
        return BlockResult(work.number, content, len(work.files), 0, 1.0)

    def kill(self, actor: Any) -> None: ...


class Reference:
    def __init__(self, work: Work) -> None:
        self.work = work


def run(monkeypatch: pytest.MonkeyPatch, fate: dict[str, list[Exception]]) -> tuple[Any, list[Any]]:
    ray = Imagined(fate)
    monkeypatch.setitem(sys.modules, "ray", ray)
    works = [Work(i, [f"{i}a", f"{i}b"]) for i in range(12)]
    pool = RayPool(JOB)
    blocks = sorted(dispatched(JOB, pool, works), key=lambda one: one.number)
    pool.close()
    return ray, blocks


def test_what_was_on_a_lost_machine_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = {"3a": [RayActorError("the node died")], "7b": [RayError("the object is lost")]}
    ray, blocks = run(monkeypatch, lost)
    assert [one.number for one in blocks] == list(range(12))
    assert all(one.files == 2 for one in blocks)
    assert not any(one.failed for one in blocks)
    assert ray.most <= 2 * 3  # two blocks for each of three actors


def test_a_file_that_always_kills_its_actor_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    _, blocks = run(monkeypatch, {"5b": [RayActorError("killed by SIGSEGV")] * 9})
    assert [one.failed for one in blocks] == [0] * 5 + [1] + [0] * 6
    assert b"killed by SIGSEGV" in blocks[5].content["files"]


class Remote:
    """What an actor answers, one after another."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)

    def remote(self, *_: object) -> object:
        return self.answers.pop(0)


def got(answer: object) -> object:
    if isinstance(answer, Exception):
        raise answer
    return answer


def test_an_actor_that_died_gets_nothing_until_it_is_there_again() -> None:
    died = RayActorError("temporarily unavailable")
    pool = RayPool.__new__(RayPool)
    pool._ray = Imagined({})
    pool._ray.get = got
    # The first dies at its work, and is there when it was looked for twice.
    pool._actors = [
        SimpleNamespace(answer=Remote(died, "late"), __ray_ready__=Remote(died, died, True)),
        SimpleNamespace(answer=Remote("one", "two"), __ray_ready__=Remote()),
    ]
    pool._waiting, pool._away = {}, {}
    pool.submit(Work(0, ["a.wav"]))
    [(_, outcome)] = pool.finished()
    assert isinstance(outcome, WorkerDied)
    for number in (1, 2, 3):
        pool.submit(Work(number, ["a.wav"]))
    assert list(pool._waiting) == ["one", "two", "late"]


def test_actors_that_cannot_begin_are_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TympanError, match="no worker can begin"):
        run(monkeypatch, {"0a": [RayActorError("died in its creation task\nno model 'x'")]})


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependencyError, match=r"tympan\[cluster\]"):
        import_ray()


def test_ray_says_nothing_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    ray, calls = Imagined({}), []

    def init(**options: Any) -> None:
        calls.append(options)
        if options.get("address") == "auto":
            raise ConnectionError

    monkeypatch.setattr(ray, "init", init, raising=False)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setitem(sys.modules, "ray", ray)
    for address in ("auto", "127.0.0.1:1"):
        RayPool(JOB, 1, address)
    assert [one.get("address") for one in calls] == ["auto", None, "127.0.0.1:1"]
    assert all(one["logging_level"] == logging.ERROR for one in calls)
    assert not any(one["log_to_driver"] for one in calls)
