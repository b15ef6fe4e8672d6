"""Workers on many machines: Ray actors that hold the models.

Only names go out and only rows come back: the actors open the files themselves, so no sound passes
through the process that asks. Each actor has one block at work and one waiting, no more, so the
list is read as fast as the work is done. What was on a lost machine is given to another one.

Actors and not Ray Data, which would hold the list of all files in memory before the first answer;
back-pressure and retries are those of `tympan.scale.dispatch`, the same as on one machine.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from tympan.errors import MissingDependencyError, TympanError
from tympan.scale.job import BatchJob, Work
from tympan.scale.pool import WorkerDied
from tympan.scale.worker import BlockResult, BlockWorker

AHEAD = 2
POLL_S = 1.0
# A machine may be slow to begin a worker; longer than this nothing is waited for.
LONGEST_AWAY_S = 300.0


class RayPool:
    """Actors on a Ray cluster.

    Args:
        job: what is asked.
        workers: how many actors; 0: one for each processor of the cluster.
        address: of the cluster; `"auto"`: the one that is running here, or a new one.
        cpus: processors of each actor.

    Raises:
        MissingDependencyError: Ray is not installed.
        TympanError: there is no such cluster.
    """

    def __init__(
        self, job: BatchJob, workers: int = 0, address: str = "auto", cpus: float = 1.0
    ) -> None:
        self._ray = ray = import_ray()
        self._own = not ray.is_initialized()
        if self._own:
            _connect(ray, address)
        remote = ray.remote(num_cpus=cpus, max_restarts=-1, max_task_retries=0)(BlockWorker)
        count = workers or max(1, int(ray.cluster_resources().get("CPU", 1) / cpus))
        values = job.to_json()
        self._actors = [remote.remote(values) for _ in range(count)]
        self._waiting: dict[Any, tuple[Work, int]] = {}
        # Actors that died and begin again somewhere, each with what is done when it is there.
        self._away: dict[int, Any] = {}

    @property
    def room(self) -> bool:
        """Whether an actor has fewer than two blocks."""
        return len(self._waiting) < AHEAD * len(self._actors)

    @property
    def busy(self) -> bool:
        """Whether something is at work."""
        return bool(self._waiting)

    def submit(self, work: Work) -> None:
        """Give work to the actor that has least, of those that are there."""
        loads = [0] * len(self._actors)
        for _, number in self._waiting.values():
            loads[number] += 1
        there = self._there() or range(len(self._actors))
        chosen = min(there, key=loads.__getitem__)
        self._waiting[self._actors[chosen].answer.remote(work)] = work, chosen

    def _there(self) -> list[int]:
        """The actors that are there; where none is, one is waited for.

        What is given to an actor that has died fails at once until Ray has begun it anew; it would
        soon have failed as often as something that kills its worker.
        """
        until = time.monotonic() + LONGEST_AWAY_S
        while True:
            for number, reference in list(self._away.items()):
                if not self._ray.wait([reference], timeout=0)[0]:
                    continue
                try:
                    self._ray.get(reference)
                    del self._away[number]
                except self._ray.exceptions.RayActorError:
                    self._away[number] = self._actors[number].__ray_ready__.remote()
            found = [i for i in range(len(self._actors)) if i not in self._away]
            if found or time.monotonic() > until:
                return found
            time.sleep(POLL_S)

    def finished(self) -> list[tuple[Work, BlockResult | WorkerDied]]:
        """Wait until something is done.

        Raises:
            TympanError: no actor can begin: a model is missing on the machines.
        """
        ray = self._ray
        if not self._waiting:
            return []
        ready, _ = ray.wait(list(self._waiting), num_returns=1, timeout=None)
        found: list[tuple[Work, BlockResult | WorkerDied]] = []
        for reference in ready:
            work, number = self._waiting.pop(reference)
            try:
                found.append((work, ray.get(reference)))
            except ray.exceptions.RayTaskError as error:
                found.append((work, WorkerDied(f"the worker failed: {_short(error)}")))
            except ray.exceptions.RayActorError as error:
                if "creation" in str(error) or "__init__" in str(error):
                    raise TympanError(f"no worker can begin: {_short(error)}") from error
                self._away[number] = self._actors[number].__ray_ready__.remote()
                found.append((work, WorkerDied(f"the worker died: {_short(error)}")))
            except ray.exceptions.RayError as error:
                found.append((work, WorkerDied(f"the result was lost: {_short(error)}")))
        return found

    def close(self) -> None:
        """End the actors; the cluster stays."""
        for actor in self._actors:
            self._ray.kill(actor)
        if self._own:
            self._ray.shutdown()


def import_ray() -> Any:
    """The package ray.

    Raises:
        MissingDependencyError: it is not installed.
    """
    try:
        import ray
    except ImportError as error:
        what = "a cluster needs the package ray, which is not installed"
        raise MissingDependencyError(what, fix="pip install 'tympan[cluster]'") from error
    return ray


def _connect(ray: Any, address: str) -> None:
    # Ray tells on standard error how it begins, and of options of its own.
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address == "auto":
            try:
                ray.init(address="auto", **quiet)
            except ConnectionError:  # there is none yet
                ray.init(include_dashboard=False, **quiet)
        else:
            ray.init(address=address, **quiet)
    except (ConnectionError, ValueError, RuntimeError) as error:
        what = f"there is no Ray cluster at {address}: {_short(error)}"
        raise TympanError(what, fix="ray start --head starts one") from error


def _short(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:200]
