"""What to label next, as a table to fill in and a page to listen to; nothing is served."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan.errors import TympanError
from tympan.report import page
from tympan.report.found import MOST_S, sound_card
from tympan.report.sections import moment

if TYPE_CHECKING:
    from tympan.tasks.embed.labelling import Labelling, Suggestion

COLUMNS = ("file_name", "start_s", "end_s", "label", "suggested", "score", "why")


def write_batch(labelling: Labelling, count: int, table: Path, name: str, command: str) -> Path:
    """Write the next moments to label as a table, and a page of the same name with players.

    The column `label` is empty, to be filled in; `Labelling.fill` takes the table back.

    Args:
        labelling: suggests the moments.
        count: how many.
        table: the CSV; the page is beside it, with the ending `.html`.
        name: of the index, for the page.
        command: what gives the table back, for the page.

    Returns:
        The page.

    Raises:
        ArgumentError: there is no example yet.
        TympanError: they cannot be written.
    """
    from tympan.tasks.embed.answers import Answers, write_table

    suggestions = labelling.next(count)
    place = Answers(table.parent / (table.stem + ".none"))
    rows = [
        (*place.cells(one.moment), "", one.label, f"{one.score:.3f}", one.why)
        for one in suggestions
    ]
    write_table(table, COLUMNS, rows)
    cards: list[dict[str, Any]] = []
    lost: list[str] = []
    for line, one in enumerate(suggestions, 2):
        try:
            cards.append(_card(labelling, one) | {"line": line})
        except TympanError as error:
            lost.append(f"{one.name}: {error.what}")
    html = page.render(
        "label_batch.html.j2",
        f"What to label next in {name}",
        name=name,
        table=table.name,
        command=command,
        labels=", ".join(labelling.labels),
        cards=cards,
        lost=lost,
    )
    return page.write(table.with_suffix(".html"), html)


def _card(labelling: Labelling, one: Suggestion) -> dict[str, Any]:
    from tympan.audio import load

    start_s = one.moment.start_s
    end_s = min(one.moment.end_s, start_s + MOST_S)
    clip = load(labelling.location(one.row), start_s=start_s, end_s=end_s)
    when = f"{moment(start_s)} to {moment(one.moment.end_s)}"
    note = f"{when}; {one.why}, score {page.percent(one.score)}"
    return sound_card(clip, one.name, note) | {"question": f"{one.label}?"}
