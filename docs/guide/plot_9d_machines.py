"""
14. A machine that sounds wrong
===============================

Nobody has recordings of all the ways in which a machine can fail. What everybody can record is the
machine while all is well. A *monitor* learns from that alone what is normal, and says of each
second how rare it is.
"""

# %%
# A machine
# ---------
# A motor hums at 50 Hz and its multiples, in some noise. Later a bearing wears: each time a ball
# passes the damage, the housing rings at 3 kHz. (All of it is made up here; real machines are in
# :doc:`/benchmarks/monitor`.)

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import tympan

RATE_HZ = 16000


def machine(duration_s, seed, wear=0.0):
    """The machine for so long; `wear` is the amplitude of the ringing."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    hum = sum(0.1 / k * np.sin(2 * np.pi * 50 * k * t + k) for k in (1, 2, 4, 6))
    impulses = np.zeros(len(t))
    impulses[np.arange(0, len(t) - 1, RATE_HZ / 37.3).astype(int)] = wear
    ring_s = np.arange(RATE_HZ // 50) / RATE_HZ
    ringing = np.exp(-350 * ring_s) * np.sin(2 * np.pi * 3000 * ring_s)
    wave = hum + 0.02 * rng.standard_normal(len(t)) + np.convolve(impulses, ringing)[: len(t)]
    return tympan.Clip(wave[None].astype(np.float32), RATE_HZ)


home = Path(tempfile.mkdtemp())
(home / "pump" / "normal").mkdir(parents=True)
machine(90, 0).save(home / "pump" / "normal" / "morning.wav")

# %%
# A minute and a half of the normal machine is little, but enough to begin with. (Ten minutes, in
# all states that are normal, are better; on the command line it is ``tympan train pump``.)

result = tympan.train(home / "pump", out=home / "model", epochs=4, progress=False)
print(result)

# %%
# What it says of a fault
# -----------------------
# In this recording of 30 seconds the bearing is damaged from the 12th second to the 18th, so little
# that the waveform does not show it.

parts = [machine(12, 1), machine(6, 2, wear=0.05), machine(12, 3)]
today = tympan.Clip(np.concatenate([one.samples for one in parts], axis=1), RATE_HZ)
answer = tympan.monitor(today, model=home / "model", false_alarms=0.05)
print(answer)

# %%
# The score of a second is how rare it is while all is normal: 1 for one second in ten, 2 for one in
# a hundred. Beyond what was recorded it is extrapolated and only says "farther".

# sphinx_gallery_alt = "Score over thirty seconds: near zero, except from second 12 to 18, where it"
# sphinx_gallery_alt = "lies far above the threshold."
figure, ax = plt.subplots()
ax.step(
    [one.start_s for one in answer.timeline], [one.score for one in answer.timeline], where="post"
)
ax.axhline(answer.threshold, linestyle="--", color="0.4")
ax.set(xlabel="Time (s)", ylabel="Score", yscale="symlog", ylim=(0, None))

# %%
# Where it is in the spectrum
# ---------------------------
# The difference from the normal machine, band by band, shows what the ear may miss: in standard
# deviations of the normal sound, so that a band that always fluctuates has to change more.

# sphinx_gallery_alt = "Departure from normal over time and frequency: dark but for a band about"
# sphinx_gallery_alt = "3 kHz, from second 12 to 18."
model = tympan.tasks.load(home / "model", "monitor")
session = model.session()
session.push(today.samples)
session.result()
z, edges_s = session.departures.picture()
figure, ax = plt.subplots()
colours = {"vmin": -6, "vmax": 6, "cmap": "RdBu_r", "shading": "nearest"}
image = ax.pcolormesh(edges_s[:-1], session.departures.bands_hz, z, **colours)
figure.colorbar(image, label="Standard deviations")
ax.set(xlabel="Time (s)", ylabel="Frequency (Hz)", yscale="log", ylim=(100, 8000))

# %%
# How small may it be?
# --------------------
# The score of the recording grows with the damage. Below some amplitude the fault is not told from
# normal: a monitor is no proof that all is well.

# sphinx_gallery_alt = "Score of recordings over the amplitude of the ringing: below the threshold"
# sphinx_gallery_alt = "for the smallest, then rising steeply."
wears = [0.0, 0.002, 0.005, 0.01, 0.02, 0.05]
scores = [
    tympan.monitor(machine(6, 50 + i, wear), model=home / "model", false_alarms=0.05).score
    for i, wear in enumerate(wears)
]
figure, ax = plt.subplots()
ax.plot(wears, scores, "o-")
ax.axhline(answer.threshold, linestyle="--", color="0.4")
ax.set(xlabel="Amplitude of the ringing", ylabel="Score", yscale="symlog", ylim=(0, None))

# %%
# How often for nothing?
# ----------------------
# ``false_alarms`` is the share of normal seconds that may lie above the threshold. A threshold for
# one in ten thousand cannot be set on ninety seconds; how sure a rate is, its interval says.

# sphinx_gallery_alt = "The true share of false alarms lies in an interval that is the wider,"
# sphinx_gallery_alt = "compared with the share that was set, the smaller that is."
from tympan.tasks.monitor.surprise import alarm_interval

rates = np.array([0.001, 0.003, 0.01, 0.03, 0.1])
count = model.config.independent
low, high = np.array([alarm_interval(rate, count) for rate in rates]).T
figure, ax = plt.subplots()
ax.fill_between(rates, np.maximum(low, 1e-5), high, alpha=0.3)
ax.plot(rates, rates, "--", color="0.4")
ax.set(xlabel="Share that was set", ylabel="True share", xscale="log", yscale="log", ylim=(1e-4, 1))

# %%
# What it cannot do
# -----------------
# - It knows one machine, one microphone, one place. What else changes may look like a fault; slow
#   drift can be followed with ``adapt=True``, a new microphone cannot.
# - A state that is normal and was not recorded, such as the first minute after a cold start, is
#   unusual to it.
# - It does not name the fault. Once there are recordings of faults, `classify` can.
#
# Try
# ---
# - Leave out the 4th harmonic of the hum instead of adding a ringing. Is it found?
# - ``tympan.monitor(today, normal=home / "pump")`` needs no training. How do the scores differ?
#
# Next: :doc:`plot_9e_listening_post`. Before: :doc:`plot_9c_voices`. Command:
# :doc:`/verbs/monitor`.
