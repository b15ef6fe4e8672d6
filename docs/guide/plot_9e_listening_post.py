"""
15. A listening post
====================

A model that answers about files is not yet a device that waits. Between the two lie questions that
no model answers: from which score on does something happen, when is it over, how often may it be
reported, and who is told? This chapter builds a listening post on the demo recording.
"""

# %%
# Scores over time
# ----------------
# A `Listener` gives a stream to models and hands out their scores as soon as they are known. Here
# the stream is the demo recording: a siren, a clock, rain, church bells, an engine.

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import tympan
from tympan.audio.scenes import demo_scene
from tympan.live import ModelSpec, Rule, read_events
from tympan.live.event import Step
from tympan.live.listener import Listener, load_models
from tympan.live.matcher import Matcher
from tympan.live.sources.base import Chunk

# sphinx_gallery_alt = "The scores of siren, rain and engine over thirty seconds: each is near one"
# sphinx_gallery_alt = "for its five seconds and near zero elsewhere."
clip, _ = demo_scene()
steps = []
listener = Listener(
    load_models([ModelSpec("sounds", options={"every_s": 0.5})]), clip.rate_hz, 1, steps.append
)
listener.push(Chunk(clip.samples, clip.rate_hz, begins=True))
listener.finish()
figure, ax = plt.subplots()
for label in ("siren", "rain", "engine"):
    ax.step([one.start_s for one in steps], [one.scores[label] for one in steps], label=label)
ax.legend()
ax.set(xlabel="Time (s)", ylabel="Score")

# %%
# Two thresholds instead of one
# -----------------------------
# Scores tremble. With one threshold each tremble would be an event of its own. So an event begins
# at the threshold and ends only below a lower one, the *release*; in electronics this is a Schmitt
# trigger. It must last `min_s` to count, and after it the rule keeps still for `cooldown_s`.

# sphinx_gallery_alt = "A trembling score with two thresholds; with one of them many events are"
# sphinx_gallery_alt = "found, with both of them two."
rng = np.random.default_rng(1)
times_s = np.arange(0, 60, 0.5)
rough = np.clip(0.75 * ((times_s % 30) > 12) * ((times_s % 30) < 24) + 0.1, 0, 1)
rough = np.clip(rough + rng.normal(0, 0.16, len(rough)), 0, 1)
noon = datetime(2026, 1, 1, 12, tzinfo=UTC)


def events(scores, **limits):
    """Begin and end of the events that a rule finds."""
    matcher, found = Matcher(Rule("rule", ("x",), **limits), "model"), []

    def at(seconds):
        return noon + timedelta(seconds=float(seconds))

    for time_s, score in zip(times_s, scores, strict=True):
        found += matcher.push(Step("model", time_s, time_s + 0.5, {"x": float(score)}), at)
    found += matcher.finish(at)
    return [(one.start_s, one.end_s) for one in found if not one.open]


ways = {
    "one threshold": events(rough, threshold=0.7, release=0.7),
    "two": events(rough, threshold=0.7, release=0.3),
}
figure, ax = plt.subplots()
ax.step(times_s, rough, where="post", color="0.5")
ax.axhline(0.7, color="C3", linestyle="--")
ax.axhline(0.3, color="C3", linestyle=":")
for row, (name, found) in enumerate(ways.items()):
    y = 1.15 + 0.15 * row
    ax.broken_barh([(a, b - a) for a, b in found], (y, 0.1), color=f"C{row}")
    ax.text(0.5, y + 0.01, f"{name}: {len(found)}")
ax.set(xlabel="Time (s)", ylabel="Score", xlim=(0, 60))

# %%
# Rules in a file
# ---------------
# What waits for weeks should not be a program that somebody wrote in an evening. The rules are a
# small file, and ``tympan watch --check`` names the line of a mistake in it. ``--replay`` runs them
# over a recording as fast as it can be answered, so that thresholds can be tried.

home = Path(tempfile.mkdtemp())
scene = clip.save(home / "scene.wav")
(home / "rules.toml").write_text("""
[[model]]
name = "sounds"
every_s = 0.5

[[rule]]
name = "alarm"
labels = ["siren"]
threshold = 0.6
min_s = 1.0

[[rule]]
name = "church"
labels = ["church bells"]
threshold = 0.5

[action.log]
type = "log"
path = "events.db"
clips = "clips"
pre_s = 1
post_s = 1
""")
print(tympan.watch(str(scene), home / "rules.toml", replay=True))

# %%
# Every event is in the log, an SQLite file:

# sphinx_gallery_alt = "The two events as bars over the time of the recording: alarm in the first"
# sphinx_gallery_alt = "six seconds, church from about eighteen to twenty-four."
rows = read_events(home / "events.db")
figure, ax = plt.subplots()
for number, row in enumerate(rows):
    ax.barh(number, row["end_s"] - row["start_s"], left=row["start_s"])
ax.set(xlabel="Time (s)", xlim=(0, 30), yticks=range(len(rows)))
ax.set_yticklabels([row["rule"] for row in rows])

# %%
# Its sound lies beside it, with what came before and after: of a stream nothing can be fetched
# later, so the last seconds are always kept in memory.

# sphinx_gallery_alt = "Spectrogram of the clip of the bells: one second of rain, then the partials"
# sphinx_gallery_alt = "of the bells, then a second of the engine."
bells = tympan.load(rows[1]["clip"])
power = tympan.spectra.STFT(n_fft=1024, hop=256)(bells).abs()[0].square()
level_db = 10 * np.log10(power.numpy() + 1e-9)
figure, ax = plt.subplots()
ax.imshow(
    level_db, origin="lower", aspect="auto", cmap="magma", vmin=level_db.max() - 80,
    extent=(0, bells.duration_s, 0, bells.rate_hz / 2000),
)  # fmt: skip
ax.set(xlabel="Time (s)", ylabel="Frequency (kHz)")
bells

# %%
# Which threshold?
# ----------------
# Two numbers pull at it from both sides: how many of the events are caught, and how many false
# alarms there are in an hour. Both must come from recordings of the place itself: run a day of it
# through ``--replay``, and count. A false alarm every three hours is little for a log, and too much
# for a phone at night. :doc:`/benchmarks/watch` shows the curve for the profile that ships.
#
# Try
# ---
# - Put ``quiet = ["00:00-24:00"]`` into one rule. What does the log hold then?
# - Add a rule for the clock, and find the lowest threshold that does not confuse it with rain.
# - ``tympan watch mic -m sounds`` on your own computer: clap, knock, whistle.
#
# Next: :doc:`plot_9f_voice`. Before: :doc:`plot_9d_machines`. Command: :doc:`/verbs/watch`.
