"""The course of a training as a picture."""

from __future__ import annotations

from pathlib import Path

from tympan._files import atomic_write
from tympan.training.history import History

_NOT_METRICS = {"epoch", "lr", "train_loss", "val_loss", "seconds", "clips_per_s", "data_wait"}


def save_curves(history: History, path: Path) -> None:
    """Write losses, metrics and learning rate over the epochs as a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    losses, metrics, rates = figure.subplots(1, 3)
    epochs = history.column("epoch")
    mark = "o" if len(epochs) == 1 else ""
    for name, said, colour in (
        ("train_loss", "training", "#4269d0"),
        ("val_loss", "validation (averaged weights)", "#ff725c"),
    ):
        values = history.column(name)
        if len(values) == len(epochs):
            losses.plot(epochs, values, label=said, color=colour, marker=mark)
    losses.set(title="loss", xlabel="epoch")
    losses.legend(frameon=False)
    names = [n for n in (history.epochs or [{}])[0] if n not in _NOT_METRICS]
    for name in names:
        values = history.column(name)
        if len(values) == len(epochs) and all(-0.01 <= v <= 1.01 for v in values):
            metrics.plot(epochs, values, label=name.replace("_", " "), marker=mark)
    if history.best is not None:
        metrics.axvline(history.best_epoch, color="#888", linestyle=":", linewidth=1.2)
        metrics.text(
            history.best_epoch,
            0.02,
            " kept: the start" if history.kept_start else f" kept: epoch {history.best_epoch}",
            transform=metrics.get_xaxis_transform(),
            color="#555",
            fontsize=8,
            ha="right" if history.best_epoch > len(epochs) / 2 else "left",
        )
    metrics.set(title="validation", xlabel="epoch")
    if metrics.get_legend_handles_labels()[0]:
        metrics.legend(frameon=False)
    rates.plot(epochs, history.column("lr"), color="#3ca951", marker=mark)
    rates.set(title="learning rate", xlabel="epoch")
    for axes in (losses, metrics, rates):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
        axes.xaxis.get_major_locator().set_params(integer=True)
    with atomic_write(path) as beside:
        figure.savefig(beside, dpi=110)
