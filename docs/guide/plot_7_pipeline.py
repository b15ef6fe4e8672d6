"""
7. The deep-learning pipeline, step by step
===========================================

A net that names sounds is a chain of simple steps. This chapter walks along the chain with one
recording and looks at what comes out of each step, from the samples to the answer, and then to the
question why. After that it trains a net of its own, with a loop of twenty lines.
"""

# %%
# The recording and the model
# ---------------------------
# Five seconds of church bells, and the model `sounds` that comes with tympan. Its net is an
# ordinary PyTorch module, whose parts are the steps.

import tympan
from tympan.audio import demo_scene
from tympan.tasks import load

scene, events = demo_scene()
bells = scene.slice(18.2, 23.2).named("church bells")
model = load("sounds", "classify")
net = model.first_net
print(f"{len(model.labels)} labels:", ", ".join(model.labels[:6]), "…")
print(", ".join(name for name, part in net.named_children()))
bells

# %%
# Step 1: waves become a picture
# ------------------------------
# The *front* brings every recording to the same level (how loud a recording is says little about
# what it is), computes the log-mel spectrogram of chapter 6, and scales it so that its numbers lie
# around zero, which nets like. The axes are `(b, 1, f, n)`: recordings, channels, mel bands,
# frames.

import matplotlib.pyplot as plt
import numpy as np
import torch

from tympan.spectra import figures

figures.set_theme()
wave = torch.from_numpy(bells.samples.copy())
picture = net.front(wave)
print(tuple(wave.shape), "→", tuple(picture.shape))
TOP = float(picture.max())  # one scale for all pictures


def draw(ax, picture, title, duration_s=bells.duration_s):
    """Draw a log-mel picture (f, n) as a net sees it."""
    ax.set(title=title, xlabel="Time (s)", ylabel="Mel band")
    extent = (0, duration_s, 0, len(picture))
    return ax.imshow(picture, extent=extent, vmin=TOP - 4, vmax=TOP)


# sphinx_gallery_alt = "The log-mel spectrogram of the bells: horizontal lines that begin at each"
# sphinx_gallery_alt = "stroke and fade."
figure, ax = plt.subplots()
image = draw(ax, picture[0, 0], "What the net sees")
figure.colorbar(image, label="Value")

# %%
# Step 2: augmentation, in training only
# --------------------------------------
# A net that sees the same picture a hundred times learns it by heart. So in training each recording
# is varied in ways that do not change what it is. In tympan a transform *draws* its parameters from
# a generator and then *applies* them; an integer is the generator's seed. Noise, at a
# signal-to-noise ratio between 5 and 8 dB:

from tympan import augment

noise = augment.ColoredNoise(5, 8, rate_hz=16000)
print({key: value.tolist() for key, value in noise.draw(wave[None], 3).items()})
noisy = noise(bells, 3)
noisy

# %%

# sphinx_gallery_alt = "Left the bells, right the bells in noise: the faint lines between strokes"
# sphinx_gallery_alt = "are covered."


def compare(after, title):
    """Draw the bells and what a transform made of them."""
    _, axes = plt.subplots(1, 2, sharey=True, figsize=(6, 2.6))
    draw(axes[0], picture[0, 0], "Before")
    changed = after if isinstance(after, torch.Tensor) else net.front(torch.tensor(after.samples))
    draw(axes[1], changed[0, 0], title)
    axes[1].set_ylabel("")


compare(noisy, "With noise")

# %%
# Another pitch, three to four semitones up. All lines move up by the same step:

higher = augment.PitchShift(3, 4, rate_hz=16000)(bells, 0)
higher

# %%

# sphinx_gallery_alt = "Left the bells, right the bells at a higher pitch: the same lines, moved"
# sphinx_gallery_alt = "up."
compare(higher, "Pitch shift")

# %%
# Another room. Each stroke smears into the next one:

roomy = augment.Reverb(min_rt60_s=1.5, max_rt60_s=2.0, rate_hz=16000)(bells, 1)
roomy

# %%

# sphinx_gallery_alt = "Left the bells, right the bells in a room with echo: the gaps between"
# sphinx_gallery_alt = "lines are filled."
compare(roomy, "Reverb")

# %%
# Other transforms work on the picture. *Masks* cover some time or some frequencies, so that the net
# cannot rely on a single place:

# sphinx_gallery_alt = "Left the bells, right with upright and level bands covered by one colour."
masks = augment.Compose([augment.TimeMask(0.2, 2), augment.FrequencyMask(0.2, 2)])
compare(masks(picture, 3), "Masks")

# %%
# And *mixup* lays two recordings over each other, with a share drawn by lot. The target is no
# longer "bells", but for instance 70 % bells and 30 % rain. For sounds that is natural: their sum
# is a sound.

# sphinx_gallery_alt = "Left the bells, right the bells mixed with rain: their lines stand before"
# sphinx_gallery_alt = "an even haze."
rain = scene.slice(12.4, 17.4)
pair = torch.cat([wave / wave.std(), torch.tensor(rain.samples) / rain.rms])[:, None]
mixed, targets = augment.Mixup(alpha=1.0)(pair, torch.eye(2), 5)
print(f"target: {targets[0, 0]:.0%} bells, {targets[0, 1]:.0%} rain")
compare(net.front(mixed[0]), "Mixup")

# %%
# A good net answers the same whatever is done to the recording. Where this one is less sure, much
# of the sound is hidden, or the training had too little of that kind:

# sphinx_gallery_alt = "Bars: the score of church bells, for the recording and for each of its"
# sphinx_gallery_alt = "variations."
versions = {"as it is": picture, "noise": noisy, "pitch shift": higher, "reverb": roomy}
versions |= {"masks": masks(picture, 3)}
k = model.labels.index("church_bells")
scores = []
with torch.inference_mode():
    for version in versions.values():
        if not isinstance(version, torch.Tensor):
            version = net.front(torch.tensor(version.samples))
        scores.append(float((net(version) / net.config.temperature).softmax(1)[0, k]))
figure, ax = plt.subplots(figsize=(6, 2.6))
ax.barh(list(versions), [100 * score for score in scores])
ax.invert_yaxis()
ax.set(xlabel="Score of “church bells” (%)", xlim=(0, 100))

# %%
# Step 3: the encoder
# -------------------
# The encoder is a stack of small learned filters, a **convolutional neural network** (CNN). Each
# stage looks for patterns in what the stage before it found, on a coarser grid: fewer places, more
# channels. `feature_maps` gives the map after each stage, `(b, channels, f, n)`:

with torch.inference_mode():
    maps = dict(net.encoder.feature_maps(picture))
for name, found in maps.items():
    print(f"{name:8}", tuple(found.shape))

# %%
# The first stage finds plain things: edges that rise, lines that go on, places where nothing is.
# Shown are the four channels that vary most; bright is a strong answer.

# sphinx_gallery_alt = "Four channels of the first stage: one shows the lines, others their edges"
# sphinx_gallery_alt = "or the strokes."


def draw_maps(name):
    found = maps[name][0]
    best = found.flatten(1).std(1).argsort(descending=True)[:4]
    figure, axes = plt.subplots(2, 2, sharex=True, sharey=True, figsize=(6, 3.8))
    for ax, channel in zip(axes.flat, best.tolist(), strict=True):
        ax.imshow(found[channel], extent=(0, 5, 0, found.shape[1]), cmap="viridis")
        ax.set_title(f"channel {channel}")
    figure.suptitle(f"After {name}: {tuple(found.shape)}", fontsize="medium")
    figure.supxlabel("Time (s)", fontsize="medium")
    figure.supylabel("Row", fontsize="medium")


draw_maps("stem")

# %%
# A middle stage, with half as many rows and columns again:

# sphinx_gallery_alt = "Four channels of a middle stage: coarser, some answer at the strokes only."
names = list(maps)
draw_maps(names[len(names) // 2])

# %%
# In the last stage a channel no longer stands for a shape that we could name, but for a mixture of
# evidence: little is left of the picture, and much of what it means.

# sphinx_gallery_alt = "Four channels of the last stage: a few large patches that are bright or"
# sphinx_gallery_alt = "dark."
draw_maps(names[-1])

# %%
# Step 4: pooling
# ---------------
# A recording may have any length; the answer needs one fixed list of numbers. So the map is
# averaged over frequency, and then over time the mean and the maximum are added: the mean speaks
# for steady sounds, the maximum for short ones.

features = maps[names[-1]]
frames = features.mean(2)  # (b, d, n)
vector = frames.mean(2) + frames.amax(2)  # (b, d)
print(tuple(features.shape), "→", tuple(frames.shape), "→", tuple(vector.shape))
print("the same as net.pool:", torch.allclose(vector, net.pool(features)))

# %%

# sphinx_gallery_alt = "Left, features over time as thin rows; right, the same rows pooled to one"
# sphinx_gallery_alt = "number each."
order = vector[0].argsort()
figure, (left, right) = plt.subplots(1, 2, sharey=True, figsize=(6, 3.4), width_ratios=(4, 1))
rows = frames[0][order]
rows = rows / rows.amax(1, keepdim=True).clamp(min=1e-6)  # or the strong ones hide the weak
left.imshow(rows, extent=(0, 5, 0, len(order)), cmap="viridis")
left.set(xlabel="Time (s)", ylabel="Feature (sorted)", title="Features of each frame")
right.plot(vector[0][order], np.arange(len(order)), linewidth=1)
right.set(xlabel="Value", title="Pooled")

# %%
# Step 5: the head
# ----------------
# For each label the head holds one weight per feature. The score is the weighted sum; the *softmax*
# turns all scores into probabilities that add up to 1. That is all.

with torch.inference_mode():
    scores = vector @ net.head.weight.T + net.head.bias  # (b, k)
    probabilities = (scores / net.config.temperature).softmax(1)
assert torch.allclose(probabilities, net.probabilities(wave), atol=1e-4)  # the same as the net

# sphinx_gallery_alt = "Bars: the scores of the six best labels before the softmax; church bells"
# sphinx_gallery_alt = "stand out."
best = scores[0].argsort(descending=True)[:6].tolist()
figure, ax = plt.subplots(figsize=(6, 2.8))
ax.barh([model.labels[i].replace("_", " ") for i in best], scores[0, best])
for row, i in enumerate(best):
    ax.text(
        max(0, float(scores[0, i])) + 0.1, row, f"{float(probabilities[0, i]):.1%}", va="center"
    )
ax.invert_yaxis()
ax.margins(x=0.15)
ax.set(xlabel="Score; beside it the probability")

# %%
# Why?
# ----
# Since all steps after the encoder are sums, a score can be shared out again among the places of
# the last feature map: how much did each add to "church bells"? (Class activation mapping, Zhou et
# al., 2016.)

from tympan.tasks.classify.activation import contributions

heat = contributions(net, picture, k)
total = heat.sum().item() + net.head.bias[k].item()
print(f"sum of all places {total:.3f}, score {float(scores[0, k]):.3f}")

# sphinx_gallery_alt = "Above, the bells. Below, the same, dark except where it spoke for church"
# sphinx_gallery_alt = "bells: along the ringing lines after the strokes."
rows = torch.nn.functional.interpolate(heat[None].clamp(min=0), picture.shape[2:], mode="bilinear")
light = (rows[0, 0] / rows.max()).sqrt()
figure, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(6, 4.6))
draw(top, picture[0, 0], "What the net saw")
draw(bottom, picture[0, 0], "What spoke for “church bells”")
shade = np.zeros((*light.shape, 4))
shade[..., 3] = 0.75 * (1 - light.numpy())
bottom.imshow(shade, extent=(0, 5, 0, len(light)))
top.set_xlabel("")

# %%
# All of these pictures for a recording of yours: `tympan explain my.wav -o explained`.
#
# Train one by hand
# -----------------
# Where do the numbers in the filters come from? From examples. Four kinds of sound, each made anew
# with other pitches, speeds and noise every time, so that there are as many examples as we like:

from tympan import Clip, synth

RATE_HZ = 16000


def siren(rng):
    low, high = rng.uniform(300, 700), rng.uniform(900, 1600)
    up = synth.chirp(low, high, duration_s=0.5, rate_hz=RATE_HZ)
    return up.concat(synth.chirp(high, low, duration_s=0.5, rate_hz=RATE_HZ))


def bell(rng):
    ring = synth.harmonics(rng.uniform(300, 1200), (1, 0.6, 0, 0.4), rate_hz=RATE_HZ)
    return ring.map(lambda x: x * np.exp(-rng.uniform(3, 8) * ring.times_s))


def drops(rng):
    few = rng.random(RATE_HZ) < rng.uniform(0.001, 0.01)
    return Clip(0.5 * rng.standard_normal(RATE_HZ) * few, RATE_HZ)


def motor(rng):
    hum = synth.saw(rng.uniform(60, 140), rate_hz=RATE_HZ, band_limited=True)
    return hum.map(lambda x: x * (1 + np.sin(2 * np.pi * rng.uniform(4, 9) * hum.times_s)))


KINDS = (siren, bell, drops, motor)


def example(kind, seed):
    """One second of a kind of sound in noise, the same for the same seed."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    noise = synth.pink_noise(rate_hz=RATE_HZ, seed=seed)
    clip = kind(rng).mix(noise, snr_db=rng.uniform(-5, 15)).normalize_peak(-3)
    return clip.named(f"{kind.__name__} {seed}")


# sphinx_gallery_alt = "Mel spectrograms of a siren, a bell, drops and a motor, each in noise."
figure, axes = plt.subplots(2, 2, sharex=True, sharey=True, figsize=(6, 4.4))
for ax, kind in zip(axes.flat, KINDS, strict=True):
    figures.plot_spectrogram(example(kind, seed=1), ax, kind="mel")
    ax.images[0].colorbar.remove()
    ax.set(title=kind.__name__, xlabel="", ylabel="")
figure.supxlabel("Time (s)", fontsize="medium")
figure.supylabel("Frequency (Hz, mel scale)", fontsize="medium")

# %%
# One of them:

example(motor, seed=1)

# %%
# Sixty of each kind to learn from, and forty of each, made with other seeds, that the net never
# learns from.

from tympan.spectra import LogMel

log_mel = LogMel(RATE_HZ, n_fft=512, hop=256, n_mels=32)


def collect(seeds):
    waves = [example(kind, seed).samples[0] for seed in seeds for kind in KINDS]
    targets = torch.arange(4).repeat(len(seeds))
    # Brings levels (dB) to about 0 ± 1, which nets learn from best.
    return log_mel(torch.tensor(np.stack(waves)))[:, None] / 20 + 1, targets


x, y = collect(range(60))
x_test, y_test = collect(range(1000, 1040))
print(tuple(x.shape), tuple(x_test.shape))

# %%
# A net from tympan's blocks, a loss that says how wrong it is, and an optimiser that turns every
# weight a little towards less wrong. This is all of the training:

from torch import nn

from tympan.nets import MeanMaxPooling, build_encoder, count_parameters

torch.manual_seed(0)
encoder = build_encoder("small")
small = nn.Sequential(encoder, MeanMaxPooling(), nn.Linear(encoder.features, len(KINDS)))
optimiser = torch.optim.AdamW(small.parameters(), lr=1e-3)
print(f"{count_parameters(small):,} parameters")

losses, accuracies = [], []
for epoch in range(8):
    small.train()
    for rows in torch.randperm(len(x)).split(16):
        scores = small(x[rows])
        loss = nn.functional.cross_entropy(scores, y[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    small.eval()
    with torch.inference_mode():
        right = small(x_test).argmax(1) == y_test
    accuracies.append(right.float().mean().item())
    print(f"epoch {epoch + 1}: loss {np.mean(losses[-15:]):.3f}, new sounds {accuracies[-1]:.1%}")

# %%
# Overall the loss falls (each point is one batch of 16, and some are harder), and the share of
# right answers on sounds that are new to the net rises.

# sphinx_gallery_alt = "Above, the loss falls from 1.4 towards zero; below, the accuracy on new"
# sphinx_gallery_alt = "sounds rises to nearly 100 %."
figure, (top, bottom) = plt.subplots(2, 1, sharex=True, figsize=(6, 4))
top.plot(np.arange(1, len(losses) + 1) / 15, losses, linewidth=1)
top.set(ylabel="Loss", ylim=(0, None))
bottom.plot(range(1, 9), [100 * a for a in accuracies], "o-", color="C1")
bottom.set(xlabel="Epoch", ylabel="New sounds\nright (%)", ylim=(0, 105))
bottom.grid(axis="y")

# %%
# The same in one command
# -----------------------
# `tympan.train` does this with files in folders, and adds what the twenty lines lack: decoding, a
# split that does not leak, augmentation, a learning rate that warms up and cools down, averaged
# weights, checkpoints, calibration and a report. The same sounds as files:

import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp())
for kind in KINDS:
    for part, seeds in (("train", range(60)), ("new", range(1000, 1020))):
        (folder / part / kind.__name__).mkdir(parents=True)
        for seed in seeds:
            example(kind, seed).save(folder / part / kind.__name__ / f"{seed}.wav")

result = tympan.train(
    folder / "train",
    from_="scratch",
    out=folder / "model",
    settings={"encoder": "small", "batch_size": 16, "epochs": 15},
    progress=False,
)
evaluation = tympan.evaluate(folder / "model", folder / "new")
print(f"new sounds right: {evaluation.metrics['accuracy']:.1%}")

# %%
# It may score a little less than the loop: of the 240 recordings it keeps nearly a third apart, to
# choose the best epoch and to measure the model. The same in a shell:
#
# .. code-block:: sh
#
#    tympan train sounds/train --from scratch --out my-model --epochs 15 \
#        --set encoder=small --set batch_size=16
#    tympan evaluate my-model sounds/new
#
# Try
# ---
# - Explain another part of the scene: `scene.slice(6.4, 11.4)`, and `k` of `clock_tick`.
# - Train the twenty lines with 5 examples of each kind instead of 60. Then add `augment.TimeMask`
#   and `augment.Mixup` to the loop. What do they bring?
# - Take the encoder of `sounds` instead of a new one: `encoder = net.encoder` (its front wants 64
#   bands, `net.front`). How many epochs are needed now?
#
# Next: :doc:`plot_8_own_sounds`. Before: :doc:`plot_6_spectrograms`.
