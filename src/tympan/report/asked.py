"""`hear`, `explain` and `show` as a server is asked them: as JSON with addresses, and as files."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from tympan.report.explain_options import LABEL, SEED
from tympan.tasks.commands import EACH, Command
from tympan.tasks.verbs import Option

if TYPE_CHECKING:
    from tympan.report.explain import Explained
    from tympan.report.hear import Report
    from tympan.report.picture import Picture
    from tympan.tasks.contract import Answer, Model

# As in `tympan.spectra.figures.KINDS`, which would load numpy for every `--help`.
KINDS = ("waveform", "spectrum", "both", "spectrogram", "mel", "log", "mfcc", "all")
HEAR = Command(
    name="hear",
    help="Everything at once: each question's answer, what was measured, and a page of it.",
    function="tympan.report.asked:heard",
    models=EACH,
    options=(
        Option("every_s", float, None, "Seconds per step of the timeline.", low=0),
        Option("book", str, None, "Voice book that names voices.", reads="file"),
    ),
    save_as=(".json", ".html"),
    cleans=True,
)
EXPLAIN = Command(
    name="explain",
    help="Every stage from samples to the scores of a classifier, as a page.",
    function="tympan.report.asked:explained",
    models="classify",
    options=(LABEL, SEED),
    save_as=(".json", ".html"),
)
SHOW = Command(
    name="show",
    help="Pictures of a recording: waveform, spectrum, spectrogram, MFCC.",
    function="tympan.report.asked:shown",
    options=(Option("kind", str, "all", "What is drawn.", choices=KINDS),),
    save_as=(".json", ".png", ".svg", ".pdf"),
)
COMMANDS = (HEAR, EXPLAIN, SHOW)
"""What is asked of any recording, beside what the questions bring."""


def heard(
    source: Any, models: Sequence[Model[Answer]], **options: Any
) -> Generator[float, None, Report]:
    """`hear` with models that are loaded, see `tympan.tasks.commands.Command.function`.

    The page lies where temporary files do; who asks takes it from there.

    Args:
        source: the recording as samples that were decoded: what its file was is not known.
        models: those that answer.
        options: of their questions.
    """
    from dataclasses import replace

    from tympan.report.hear import hearing
    from tympan.report.page_models import page_models
    from tympan.report.source import open_recording

    out = _aside(".html")
    used = page_models(models, options)
    recording = replace(open_recording(source), info=None, size=None)
    return (yield from hearing(recording, source, out, used))


def explained(
    source: Any, models: Sequence[Model[Answer]], *, label: str | None, seed: int
) -> Generator[float, None, Explained]:
    """`explain` with a model that is loaded; its page alone stays, which holds the pictures."""
    import tempfile
    from dataclasses import replace

    from tympan.report.explain import explaining

    (model,) = models
    with tempfile.TemporaryDirectory(prefix="tympan-") as folder:
        found = yield from explaining(source, folder, model=model, label=label, seed=seed)
        return replace(found, path=found.path.replace(_aside(".html")), pictures=())


def shown(source: Any, models: Sequence[Model[Answer]], *, kind: str) -> Picture:
    """`show` as one picture."""
    from tympan.report.picture import pictured

    return pictured(source, kind, _aside(".png"))


def _aside(ending: str) -> str:
    """The name of a file that is taken away from where temporary files lie."""
    import os
    import secrets
    import tempfile

    return os.path.join(tempfile.gettempdir(), f"tympan-{secrets.token_hex(8)}{ending}")
