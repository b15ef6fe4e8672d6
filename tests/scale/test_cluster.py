"""A Ray cluster of several nodes on this machine, one of which is killed in the middle."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tympan.scale.dispatch import dispatched
from tympan.scale.job import Asked, BatchJob, Work
from tympan.scale.worker import BlockWorker

ray = pytest.importorskip("ray")


def ports() -> dict[str, int]:
    """Chosen beforehand: a node then does not wait for its agents to tell theirs."""
    names = (
        *("metrics_agent_port", "metrics_export_port"),
        *("runtime_env_agent_port", "dashboard_agent_listen_port"),
    )
    sockets = [socket.socket() for _ in names]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    found = {name: one.getsockname()[1] for name, one in zip(names, sockets, strict=True)}
    for one in sockets:
        one.close()
    return found


@pytest.mark.slow
def test_a_lost_node_costs_no_row(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ray.cluster_utils import Cluster

    from tympan.scale.cluster import RayPool

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    # A busy machine is slow to start a process, and slow to answer that it lives.
    monkeypatch.setenv("RAY_worker_register_timeout_seconds", "600")
    monkeypatch.setenv("RAY_health_check_timeout_ms", "60000")
    monkeypatch.setenv("RAY_agent_register_timeout_ms", "600000")
    files = sorted(map(str, archive.rglob("*.wav")))
    works = [Work(i, [name]) for i, name in enumerate(files)]
    job = BatchJob((Asked("segment"),), "jsonl")
    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "include_dashboard": False, **ports()},
    )
    lost = cluster.add_node(num_cpus=1, **ports())
    ray.init(address=cluster.address, log_to_driver=False)
    try:
        pool = RayPool(job, workers=2)
        blocks = {}
        for block in dispatched(job, pool, works):
            blocks[block.number] = block
            if lost is not None:
                cluster.remove_node(lost, allow_graceful=False)
                cluster.add_node(num_cpus=1, **ports())
                lost = None
        pool.close()
    finally:
        ray.shutdown()
        cluster.shutdown()
    worker = BlockWorker(job.to_json())
    for work in works:
        here, there = (one.content["files"] for one in (worker.answer(work), blocks[work.number]))
        assert told(here) == told(there)


def told(content: bytes) -> list[dict[str, object]]:
    rows = [json.loads(line) for line in content.decode().splitlines()]
    return [{k: v for k, v in row.items() if k != "seconds"} for row in rows]
