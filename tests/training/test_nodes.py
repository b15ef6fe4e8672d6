"""Two machines, as far as one can be two: `torchrun` started twice, each a node of one process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import tests_training
from tests_training import all_tensors


@pytest.mark.slow
def test_two_nodes_train_together(problem: tuple[Path, Path], tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = [tests_training.__file__, *map(str, problem), str(tmp_path / "out"), "1", "0"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    nodes = []
    for rank in range(2):
        command = [
            sys.executable, "-m", "torch.distributed.run", "--nnodes", "2", "--nproc_per_node",
            "1", "--node_rank", str(rank), "--master_addr", "127.0.0.1", "--master_port",
            str(port), *arguments,
        ]  # fmt: skip
        nodes.append(
            subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        )
    ends = [node.communicate(timeout=900) for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], ends
    # Both tell the best score, which rank 0 measured; the weights are those of one training.
    assert float(ends[0][0]) >= 0.9
    assert all(bool(one.isfinite().all()) for one in all_tensors(tmp_path / "out").values())
