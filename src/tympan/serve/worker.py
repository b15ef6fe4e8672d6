"""A process that holds models and answers, many recordings at a time.

It takes orders from the server and works on all that are open in turn, half a minute of sound each.
Where a model takes windows in batches, those of all recordings go through it together; nobody waits
for a batch to fill. Begun as `python -m tympan.serve.worker` by `tympan.serve.desk`.
"""

from __future__ import annotations

import argparse
import os
import queue
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterable
from typing import Any

from tympan.errors import TympanError
from tympan.serve.command_job import CommandJob
from tympan.serve.frames import Channel, Message
from tympan.serve.heads_job import HeadsJob
from tympan.serve.held import HeldModels, resident_bytes
from tympan.serve.jobs import Job, MakeJob, RecordingJob, TextJob
from tympan.serve.live_job import LiveJob
from tympan.serve.refusals import plain_error
from tympan.tasks import registry

# So often idle models are looked for, and memory is told of.
TURN_S = 1.0


class Worker:
    """Takes orders and works on all that are open.

    Args:
        channel: to the server.
        models: that it holds.
    """

    def __init__(self, channel: Channel, models: HeldModels) -> None:
        self._channel, self._models = channel, models
        self._inbox: queue.Queue[tuple[Message, bytes]] = queue.Queue()
        self._jobs: dict[int, Job] = {}
        self._told: Any = None

    def run(self) -> None:
        """Work until the server is gone."""
        threading.Thread(target=self._read, name="orders", daemon=True).start()
        self._say(accepts=accepted())
        self._tell_state()
        while True:
            self._take(wait=not any(job.has_work or job.ended for job in self._jobs.values()))
            self.round()
            if self._models.sweep() or not self._jobs:
                self._tell_state()
            self._say(alive=True)  # no round takes as long as a stuck one

    def _read(self) -> None:
        while (frame := self._channel.read()) is not None:
            self._inbox.put(frame)
        os._exit(0)  # the server is gone, and nobody waits for what is being computed

    def _take(self, *, wait: bool) -> None:
        """Take all orders that are there."""
        try:
            self.order(*self._inbox.get(timeout=TURN_S if wait else 0))
            while True:
                self.order(*self._inbox.get_nowait())
        except queue.Empty:
            pass

    # -- orders --------------------------------------------------------------------------------

    def order(self, order: Message, payload: bytes = b"") -> None:
        """Take one order."""
        do, number = order.get("do"), int(order.get("id", 0))
        job = self._jobs.get(number)
        if do == "cancel":
            self._close(number)
        elif do in ("push", "end"):
            if isinstance(job, LiveJob):
                job.push(payload if do == "push" else None)
        else:
            try:
                self._begin(number, order)
            except Exception as error:
                self._fail(number, error)

    def _begin(self, number: int, order: Message) -> None:
        if order["do"] == "command":
            models = [self._models.get(place, verb) for place, verb in order["models"]]
            self._take_up(CommandJob(number, models, self._say, order))
            return
        held = self._models.get(str(order["model"]), str(order["verb"]))
        if order["do"] == "warm":
            self._say(id=number, answer={})
            return
        kinds: dict[str, Any] = {
            "answer": RecordingJob,
            "speak": TextJob,
            "make": MakeJob,
            "listen": LiveJob,
            "heads": HeadsJob,
        }
        self._take_up(kinds[order["do"]](number, held, self._say, order))

    def _take_up(self, job: Job) -> None:
        self._jobs[job.number] = job
        for held in job.uses:
            held.open += 1

    def _close(self, number: int) -> None:
        job = self._jobs.pop(number, None)
        if job is not None:
            for held in job.uses:
                held.open -= 1
                held.used_s = self._models.clock()

    # -- work ----------------------------------------------------------------------------------

    def round(self) -> None:
        """A step of each job that can do one; then what waits for a batch is answered."""
        for job in list(self._jobs.values()):
            if job.has_work:
                self._guarded(job, job.step)
        ended = [job for job in self._jobs.values() if job.ended]
        for job in ended:
            if self._jobs.get(job.number) is job:  # a fault of another may have begun it anew
                self._guarded(job, job.flush)  # the first has all of its model's windows answered
        for job in ended:
            if self._jobs.get(job.number) is job:
                self._guarded(job, lambda job=job: self._end(job))

    def _end(self, job: Job) -> None:
        if job.ready:
            job.finish()
            self._close(job.number)

    def _guarded(self, job: Job, do: Any) -> None:
        """Do something for a job; what goes wrong is its own affair."""
        try:
            do()
        except TympanError as error:
            self._fail(job.number, error)
        except Exception as error:
            self._part(job, error)

    def _part(self, job: Job, error: Exception) -> None:
        """Something unforeseen: who shares a batch begins anew alone, and the guilty one fails."""
        sharing: Iterable[Job] = [one for one in self._jobs.values() if one.held is job.held]
        job.held.renew()
        for one in sharing:
            try:
                again = one.alone()
            except Exception as own:
                self._fail(one.number, own)
                continue
            if again is not None:
                self._jobs[one.number] = again
            elif one is job:
                self._fail(one.number, error)

    def _fail(self, number: int, error: Exception) -> None:
        if isinstance(error, TympanError):
            told = plain_error(error)
        else:
            traceback.print_exception(error, file=sys.stderr)
            told = {"kind": "Exception", "what": f"{type(error).__name__} in the model"}
        self._close(number)
        self._say(id=number, error=told)

    # -- news ----------------------------------------------------------------------------------

    def _say(self, payload: bytes = b"", **message: Any) -> None:
        self._channel.write(message, payload)

    def _tell_state(self) -> None:
        state = {
            "models": [list(one) for one in self._models.names],
            "resident_mb": resident_bytes() // 1_000_000,
        }
        if state != self._told:
            self._told = state
            self._say(state=state)


def accepted() -> dict[str, list[str]]:
    """Question → tasks whose models can answer it; what cannot be loaded answers nothing."""
    found: dict[str, list[str]] = {}
    for name in registry.verbs():
        try:
            found[name] = list(registry.get(name).accepts)
        except Exception as error:  # of another package; it must not cost the others
            print(f"worker: {name}: {type(error).__name__}: {error}", file=sys.stderr)
            found[name] = []
    return found


def main() -> None:
    """Answer until the server is gone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="auto")
    parser.add_argument("--idle", type=float, default=0.0)
    given = parser.parse_args()
    # Ctrl-C in a terminal is meant for the server, which ends its workers in good order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    Worker(Channel(), HeldModels(given.device, given.idle)).run()


if __name__ == "__main__":
    main()
