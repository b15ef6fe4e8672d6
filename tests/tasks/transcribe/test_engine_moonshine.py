"""Moonshine: one instance in one thread; its words get their times from our own recogniser."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import tympan
from tests_engines import errors, needs, plain, read_aloud
from tympan.errors import ArgumentError
from tympan.tasks.transcribe.engine_moonshine import Pool


def test_no_two_threads_have_one_instance() -> None:
    made: list[object] = []

    class Fragile:
        """Breaks when two use it."""

        def __init__(self) -> None:
            self.lock = threading.Lock()
            made.append(self)

        def use(self) -> bool:
            if not self.lock.acquire(blocking=False):
                return False
            time.sleep(0.005)
            self.lock.release()
            return True

    pool = Pool(Fragile, 3)

    def work(_: int) -> bool:
        with pool.taken() as one:
            return one.use()

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(60)))
    assert 1 <= len(made) <= 3


def test_one_comes_back_after_an_error() -> None:
    pool = Pool(list, 1)
    with pytest.raises(ZeroDivisionError), pool.taken():
        1 / 0  # noqa: B018
    with pool.taken() as one:
        assert one == []


@needs("moonshine")
def test_it_hears_a_recording(shared_data: Path) -> None:
    file, said = read_aloud(shared_data, 1)
    found = tympan.transcribe(file, model="moonshine")
    assert errors(said, plain(found.text)) <= 0.3 * len(said)
    words = [w for one in found.segments for w in one.words]
    assert not any(w.estimated for w in words)  # found by our own recogniser
    assert [w.start_s for w in words] == sorted(w.start_s for w in words)
    assert words[-1].end_s <= found.duration_s


@needs("moonshine")
def test_two_threads_get_what_one_gets(shared_data: Path) -> None:
    files = [read_aloud(shared_data, i)[0] for i in (2, 3)]
    alone = [tympan.transcribe(one, model="moonshine").text for one in files]
    with ThreadPoolExecutor(2) as threads:
        both = threads.map(lambda f: tympan.transcribe(f, model="moonshine").text, files * 2)
    assert list(both) == alone * 2


@needs("moonshine")
def test_it_knows_english_alone(shared_data: Path) -> None:
    with pytest.raises(ArgumentError, match="'de'"):
        tympan.transcribe(read_aloud(shared_data)[0], model="moonshine", language="de")
