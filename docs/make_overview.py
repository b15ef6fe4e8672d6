"""Draw the picture of the README: python docs/make_overview.py

The demo recording from air pressure to answer: samples, log-mel spectrogram, predictions over time.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch

import tympan
from tympan.audio import demo_scene
from tympan.spectra import LogMel

OUT = Path(__file__).parent / "images" / "overview.png"
INK, QUIET, ACCENT = "#1b1f24", "#6b7280", "#0072b2"


def main() -> None:
    """Write the picture."""
    clip, _ = demo_scene()
    answer = tympan.classify(clip)
    logmel = LogMel(clip.rate_hz, n_fft=1024, hop=160, n_mels=96, f_min_hz=40)
    levels = logmel(torch.from_numpy(clip.samples[0].copy())).numpy()
    plt.rcParams.update({"font.size": 11, "font.family": "DejaVu Sans", "text.color": INK})
    figure, (wave, mel, when) = plt.subplots(
        3, 1, figsize=(11, 5.4), sharex=True, height_ratios=[1, 2.4, 0.7], layout="constrained"
    )
    time_s = np.arange(clip.num_samples) / clip.rate_hz
    wave.plot(time_s, clip.samples[0], color=ACCENT, linewidth=0.3)
    wave.set(ylabel="amplitude", ylim=(-1, 1), yticks=[-1, 0, 1])
    top = levels.max()
    mel.imshow(
        levels, origin="lower", aspect="auto", cmap="magma", vmin=top - 80, vmax=top,
        extent=(0, clip.duration_s, 0, levels.shape[0]),
    )  # fmt: skip
    mel.set(ylabel="mel band", yticks=[0, 48, 96])
    for segment in answer.timeline:
        start_s, length_s = segment.start_s, segment.end_s - segment.start_s
        when.barh(0, length_s, left=start_s, height=0.9, color=ACCENT, edgecolor="white", lw=3)
        text = f"{segment.label.replace('_', ' ')}  {segment.score:.0%}"
        when.text(start_s + length_s / 2, 0, text, ha="center", va="center", color="white")
    when.set(yticks=[], xlabel="time (s)", xlim=(0, clip.duration_s), ylabel="predicted")
    for axis in (wave, mel, when):
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(colors=QUIET)
        axis.yaxis.label.set_color(QUIET)
    when.spines[:].set_visible(False)
    when.xaxis.label.set_color(QUIET)
    figure.align_ylabels()
    OUT.parent.mkdir(exist_ok=True)
    figure.savefig(OUT, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
