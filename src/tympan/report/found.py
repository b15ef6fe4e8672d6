"""`find`: the moments of an archive that sound most like an example, on one page with players."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan._files import check_target
from tympan.errors import TympanError
from tympan.report import page
from tympan.report.sections import moment
from tympan.spectra import figures_style as style

if TYPE_CHECKING:
    from tympan.audio import Clip
    from tympan.tasks.embed.find import Match

MOST_SHOWN, MOST_S = 50, 15.0


def write_found(
    example: Any, matches: Sequence[Match], out: str | os.PathLike[str], folder: Path | None = None
) -> Path:
    """Write a page: the example, and the moments that are most like it, each with a player.

    Args:
        example: path, bytes, file object or `Clip`.
        matches: what `tympan.find` gave, at most 50 are shown.
        out: the page to write.
        folder: where the names of files lead from; the working directory by default.

    Returns:
        The path of the page.

    Raises:
        ArgumentError: the page cannot be written there.
        AudioFileError: the example cannot be read.
    """
    from tympan.audio import Clip, load

    target = check_target(out, example, "found.html")
    clip = example if isinstance(example, Clip) else load(example, end_s=MOST_S)
    cards = [sound_card(clip, style.short_name(clip.name, 80) or "example", "the example")]
    lost: list[str] = []
    for match in matches[:MOST_SHOWN]:
        path = Path(folder or "") / match.file
        end_s = min(match.end_s, match.start_s + MOST_S)
        try:
            part = load(path, start_s=match.start_s, end_s=end_s)
        except TympanError as error:
            lost.append(f"{match.file}: {error.what}")
            continue
        when = f"{moment(match.start_s)} to {moment(match.end_s)}"
        note = f"{when}, similarity {match.similarity:.3f}"
        cards.append(sound_card(part, style.short_name(match.file, 80), note))
    html = page.render(
        "found.html.j2",
        "What sounds like it",
        example=cards[0],
        cards=cards[1:],
        lost=lost,
    )
    return page.write(target, html)


def sound_card(clip: Clip, name: str, note: str) -> dict[str, Any]:
    """A sound with its picture and player, for the macro `card` of the pages."""
    from tympan.report.charts import mel_ticks, spectrogram_image, time_ticks
    from tympan.report.player import data_address
    from tympan.spectra.figures_data import overview

    clip = clip.slice(0, min(MOST_S, clip.duration_s))
    return {
        "name": name,
        "note": note,
        "image": spectrogram_image(overview(clip, width=250), rows=112, most_columns=500),
        "x_ticks": time_ticks(clip.duration_s, 4),
        "y_ticks": mel_ticks(clip.rate_hz / 2, apart=14),
        "audio": data_address(clip.samples, clip.rate_hz),
    }
