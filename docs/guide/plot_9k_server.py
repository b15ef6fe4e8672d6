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
# together, and those wait.

# sphinx_gallery_alt = "Forty requests, one below the other: a pale bar for the time that each"
# sphinx_gallery_alt = "waits, a dark one of a tenth of a second for its answer. Where several"
# sphinx_gallery_alt = "arrive close together the pale bars grow; they shrink where there is a gap."
EACH_S, PLACES = 0.1, 16

arrived_s = np.cumsum(np.random.default_rng(3).exponential(EACH_S / 0.9, 40))
begun_s, free_at_s = [], 0.0
for at_s in arrived_s:
    begun_s.append(max(at_s, free_at_s))
    free_at_s = begun_s[-1] + EACH_S
figure, ax = plt.subplots(figsize=(9, 4))
rows = np.arange(len(arrived_s))
ax.barh(rows, begun_s - arrived_s, left=arrived_s, color="0.8", label="waits")
ax.barh(rows, EACH_S, left=begun_s, label="is answered")
ax.invert_yaxis()
ax.set(xlabel="Time (s)", ylabel="Request")
ax.legend()

# %%
# The mean wait of random arrivals at a server of constant speed is
#
# ``W = ρ / (2 (1 − ρ)) · s``
#
# for a load ``ρ`` and a time ``s`` for each (Pollaczek, 1930; Khinchin, 1932): it has no
# bound as the load nears 1, and above it no queue is long enough.


# sphinx_gallery_alt = "Waiting time over load, simulated and by the formula: nearly nothing up to"
# sphinx_gallery_alt = "a half, steep from nine tenths on, without bound at one. With a queue of"
# sphinx_gallery_alt = "sixteen it stays below 1.6 seconds, and a growing share is refused."
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
# more is there. What is measured is the time of the processor, so that other programs do not count.

# sphinx_gallery_alt = "Milliseconds of the processor for each window over the number of windows at"
# sphinx_gallery_alt = "once, falling from one to eight."
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
        for _ in range(10):
            began = time.process_time()
            model.net.probabilities(waves)
            times.append(time.process_time() - began)
        each_ms.append(1000 * min(times) / size)
figure, ax = plt.subplots()
ax.plot(sizes, each_ms, "o-")
ax.set(xlabel="Windows at once", ylabel="Processor time for each (ms)", ylim=(0, None))

# %%
# Put into the queue from before, that changes where it ends. A server that takes all who wait, up
# to eight at once, is the same as the other while few come. Under a load that would drown the other
# it works with larger batches, and keeps up for longer.

# sphinx_gallery_alt = "Mean wait over requests per second, for answers one by one and up to eight"
# sphinx_gallery_alt = "together: alike where few come; the first goes up steeply while the second"
# sphinx_gallery_alt = "is still low, which goes up later."
times_s = np.interp(np.arange(9), (0, *sizes), (0, *(np.array(each_ms) * sizes / 1000)))


def waited_s(per_s: float, together: int, count: int = 20_000) -> float:
    """Mean time in seconds between arrival and begin, if up to so many are taken at once."""
    arrived = np.cumsum(np.random.default_rng(0).exponential(1 / per_s, count))
    now, first, total = 0.0, 0, 0.0
    while first < count:
        now = max(now, arrived[first])
        last = min(first + together, int(np.searchsorted(arrived, now, side="right")))
        total += float((now - arrived[first:last]).sum())
        now += times_s[last - first]
        first = last
    return total / count


most_per_s = 1 / times_s[1]
per_s = most_per_s * np.arange(0.1, 2.0, 0.1)
figure, ax = plt.subplots()
for together in (1, 8):
    waits_ms = np.array([1000 * waited_s(one, together) for one in per_s])
    ax.plot(per_s, waits_ms, "o-", label=f"up to {together} at once")
ax.axvline(most_per_s, ls="--", color="grey")
ax.set(xlabel="Requests per second", ylabel="Mean wait (ms)", ylim=(0, 20_000 * times_s[1]))
ax.legend()

# %%
# The dashed line is where answers one by one take more time than there is. What batches gain
# depends on the net and the machine; the page *Serve* of the benchmarks has figures of a whole
# server.
#
# Those who mean no good
# ----------------------
# A recording is a program for a decoder: written by a stranger, run on your computer. Decoders are
# large, fast and old, and some day one has a hole. So the process that talks to clients decodes
# nothing. It hands the file to another one that knows no model, may use little memory, and is
# killed when it takes too long; and what comes back is numbers. The page :doc:`/threats` lists what
# else stands against whom.
#
# Two who label at once
# ---------------------
# The same page labels a folder (``tympan studio FOLDER``), perhaps in two tabs. If both may simply
# write, the later one wins, and what the earlier one has changed is gone without a word. A lock
# alone does not help: the second waits, and then overwrites. What helps is to say what was changed.

import tempfile

from tympan.data.label_sheet import ChangedMeanwhileError, LabelSheet
from tympan.data.marks import LabelMark

sheet = LabelSheet(tempfile.mkdtemp())
seen = sheet.state().base("pond.wav")  # by both tabs
sheet.change("pond.wav", [LabelMark.of("frog")], seen)
try:
    sheet.change("pond.wav", [LabelMark.of("toad")], seen)
except ChangedMeanwhileError as error:
    print(error)
print(sheet.path.read_text())

# %%
# Nothing is lost, and the page of the second tab shows both labels and asks.
#
# Try
# ---
# - What does a second model beside the first do to the wait: half the load for each, or one queue
#   for both? Simulate it.
# - ``tympan serve``, then ``curl -F file=@dog.wav localhost:8765/v1/classify`` from eight
#   terminals. How many requests does ``/metrics`` call open meanwhile?
# - Send it a text file with the name of a recording. What comes back, and what does it not tell?
#
# Before: :doc:`plot_9j_composing`. Command: :doc:`/verbs/serve`.
