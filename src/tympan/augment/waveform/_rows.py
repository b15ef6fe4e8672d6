"""Work item by item on the processor.

One item fits into the processor's cache, where several steps over it cost little more than one;
a torch operation on the whole batch goes to memory for each. But a torch operation on one item
makes all threads wait for each other, which on a busy machine takes longer than the work. So
numpy works on the items here, some of them on each thread.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor


def fits_numpy(x: Tensor) -> bool:
    """Say whether `x` can be worked on by numpy without a copy or a lost gradient."""
    known = x.dtype in (torch.float32, torch.float64)
    return known and x.device.type == "cpu" and not x.requires_grad


def each_item(work: Callable[[int], None], count: int) -> None:
    """Call `work` with 0 … count - 1, on as many threads as torch may use.

    >>> done = []
    >>> each_item(done.append, 3)
    >>> sorted(done)
    [0, 1, 2]
    """
    threads = min(torch.get_num_threads(), count)
    if threads <= 1:
        for number in range(count):
            work(number)
        return

    def share(first: int) -> None:
        for number in range(first, count, threads):
            work(number)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(share, range(threads)))
