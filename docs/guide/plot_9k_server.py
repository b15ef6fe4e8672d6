"""
22. A model that others ask
===========================

On your own computer one question follows another. Behind an address many come at once, at any time,
and some of those who ask mean no good. This chapter looks at what that changes: routes from
contracts, queues that end, and batches across strangers. The server itself is one command,
``tympan serve``.
"""

# %%
# Routes that nobody wrote
# ------------------------
# A server that knew each question by name would have to be changed for each new one. This one reads
# what the questions say of themselves: a name, options with their ranges, formats.

import matplotlib.pyplot as plt
import numpy as np

from tympan.tasks.registry import verbs

for name, verb in verbs().items():
    options = ", ".join(one.name for one in verb.options) or "no options"
    print(f"POST /v1/{name}: a {verb.takes}; {options}")

# %%
# So what a client sends can be checked before any model sees it, by the same rules as everywhere.

from tympan.errors import ArgumentError

try:
    verbs()["classify"].checked({"top": 0})
except ArgumentError as error:
    print(error)

# %%
# A queue must end
# ----------------
# Requests come at random. Say a model takes a tenth of a second for each, and nine come in a
# second: it is busy nine tenths of the time, so all seems well. But chance brings some close
# together, and those wait. The mean wait of random arrivals at a server of constant speed is
#
# .. math:: W = \frac{\rho}{2 (1 - \rho)}\,s
#
# for a load :math:`\rho` and a time :math:`s` for each (Pollaczek, 1930; Khinchin, 1932): it has no
# bound as the load nears 1, and above it no queue is long enough.

# sphinx_gallery_alt = "Waiting time over load, simulated and by the formula: nearly nothing up to"
# sphinx_gallery_alt = "a half, steep from nine tenths on, without bound at one. With a queue of"
# sphinx_gallery_alt = "sixteen it stays below 1.6 seconds, and a growing share is refused."
EACH_S, PLACES = 0.1, 16


def simulated(load: float, places: float, count: int = 20_000) -> tuple[float, float]:
    """Mean wait in seconds of those who were let in, and the share that was refused."""
    rng = np.random.default_rng(0)
    now, free_at, waits, refused = 0.0, 0.0, [], 0
    for gap in rng.exponential(EACH_S / load, count):
        now += gap
        wait = max(0.0, free_at - now)
        if wait >= places * EACH_S:
            refused += 1
            continue
        waits.append(wait)
        free_at = now + wait + EACH_S
    return float(np.mean(waits)), refused / count


loads = np.array([0.2, 0.4, 0.6, 0.8, 0.9, 0.95])
more = np.append(loads, [1.0, 1.5, 2.0, 3.0])
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5))
left.plot(loads, EACH_S * loads / (2 * (1 - loads)), label="by the formula")
left.plot(loads, [simulated(one, np.inf)[0] for one in loads], "o", label="simulated")
left.plot(more, [simulated(one, PLACES)[0] for one in more], "s-", label=f"{PLACES} places")
left.set(xlabel="Load", ylabel="Mean wait (s)")
left.legend()
right.plot(more, [100 * simulated(one, PLACES)[1] for one in more], "s-")
right.set(xlabel="Load", ylabel="Refused (%)")

# %%
# That is why ``tympan serve --queue`` has an end. Who finds it full is told so at once, with the
# status 429 and a time to try again, instead of waiting for an answer that comes when nobody needs
# it any more. Everybody else waits for a time that is known.
#
# Batches across strangers
# ------------------------
# A net answers eight windows together in less than eight times the time of one: its weights are
# fetched once for all. So a server that has eight requests at hand should not answer one after the
# other. It must not wait for eight to come, either: it takes what is there. The busier it is, the
# more is there.

# sphinx_gallery_alt = "Milliseconds for each window over the number of windows at once, falling"
# sphinx_gallery_alt = "from one to eight."
import time

import torch

from tympan.tasks.answering import load

model = load("sounds", "classify", "cpu")
sizes, each_ms = (1, 2, 4, 8), []
with torch.inference_mode():
    for size in sizes:
        waves = torch.randn(size, 2 * model.rate_hz) * 0.1
        model.net.probabilities(waves)
        times = []
        for _ in range(5):
            began = time.perf_counter()
            model.net.probabilities(waves)
            times.append(time.perf_counter() - began)
        each_ms.append(1000 * min(times) / size)
figure, ax = plt.subplots()
ax.plot(sizes, each_ms, "o-")
ax.set(xlabel="Windows at once", ylabel="Time for each (ms)", ylim=(0, None))

# %%
# What it gains depends on the net and the machine; the page *Serve* of the benchmarks has figures
# of a whole server.
#
# Those who mean no good
# ----------------------
# A recording is a program for a decoder: written by a stranger, run on your computer. Decoders are
# large, fast and old, and some day one has a hole. So the process that talks to clients decodes
# nothing. It hands the file to another one that knows no model, may use little memory, and is
# killed when it takes too long; and what comes back is numbers. The page *Threat model* lists what
# else stands against whom.
