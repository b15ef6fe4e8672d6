"""`hear` as a server is asked it: all questions at once, as JSON and as a page."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from tympan.tasks.commands import EACH, Command
from tympan.tasks.verbs import Option

if TYPE_CHECKING:
    from tympan.report.hear import Report
    from tympan.tasks.contract import Answer, Model

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
)


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
    import os
    import secrets
    import tempfile
    from dataclasses import replace

    from tympan.report.hear import hearing
    from tympan.report.page_models import page_models
    from tympan.report.source import open_recording

    out = os.path.join(tempfile.gettempdir(), f"tympan-{secrets.token_hex(8)}.html")
    used = page_models(models, options)
    recording = replace(open_recording(source), info=None, size=None)
    return (yield from hearing(recording, source, out, used))
