"""What all answers share: JSON, files by extension, and how a notebook shows them."""

from __future__ import annotations

import base64
import dataclasses
import html
import io
import json
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from tympan._files import atomic_write
from tympan.tasks.results import formats

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tympan.tasks.results.formats import Span

# A notebook's page shows so many rows; a file holds them all.
MOST_ROWS = 40
NEW_LINE = "\n"


class Result:
    """An answer about one recording; the base of frozen dataclasses.

    A kind of answer has its own fields and these four, and says how it prints (`shown`), which
    `columns` and `cells` a table of it has, which `spans` of the recording it names, and how it is
    drawn (`plot`).

    Attributes:
        file: name of the recording.
        model: name of the model that answered.
        duration_s: length of the recording.
        warnings: what may be wrong with the answer, each a clause about the file.
        formats: the file endings that it can be saved as.
    """

    formats: ClassVar[tuple[str, ...]] = (".json", ".csv")

    if TYPE_CHECKING:  # the fields of the dataclass

        @property
        def file(self) -> str: ...
        @property
        def model(self) -> str: ...
        @property
        def duration_s(self) -> float: ...
        @property
        def warnings(self) -> tuple[str, ...]: ...

    def shown(self) -> str:
        """The answer for people, after the name of the file; empty where there is none."""
        raise NotImplementedError

    def __str__(self) -> str:
        text = self.shown()
        lines = [f"{self.file}:{text if text.startswith(NEW_LINE) else f' {text}'}"] if text else []
        lines += [f"{self.file}: {warning}" for warning in self.warnings]
        return "\n".join(lines or [f"{self.file}: no answer"])

    def to_json(self) -> dict[str, Any]:
        """`file`, `model`, `duration_s`, `warnings` and the answer, as plain values.

        Numbers are rounded to 6 digits; one that is not finite is None.
        """
        head = {
            "file": self.file,
            "model": self.model,
            "duration_s": plain(self.duration_s),
            "warnings": list(self.warnings),
        }
        return head | self._answer()

    def _answer(self) -> dict[str, Any]:
        """The fields of this kind of answer, as plain values."""
        shared = {"file", "model", "duration_s", "warnings"}
        names = [one.name for one in dataclasses.fields(self) if one.name not in shared]  # type: ignore[arg-type]
        return {name: plain(getattr(self, name)) for name in names}

    def columns(self) -> tuple[str, ...]:
        """Names of the columns of `cells`."""
        raise NotImplementedError

    def cells(self) -> Iterable[tuple[Any, ...]]:
        """The answer as the rows of a table."""
        raise NotImplementedError

    def spans(self) -> tuple[Span, ...]:
        """The parts of the recording that the answer names, in order."""
        return ()

    def plot(self) -> Figure:
        """Draw the answer."""
        raise NotImplementedError

    def save(self, path: str | Path) -> Path:
        """Write the answer; the extension of `path` chooses one of `formats`.

        `.json`, `.csv`, and for what has times: `.txt` (labels for Audacity), `.selections.txt`
        (a table for Raven), `.rttm`, `.srt`, `.vtt` and `.TextGrid` (Praat).

        Raises:
            ArgumentError: another extension.
            TympanError: the file cannot be written.
        """
        target = Path(path)
        content = self._content(formats.check_ending(target, self.formats, type(self).__name__))
        with atomic_write(target) as beside:
            beside.write_bytes(content)
        return target

    def _content(self, ending: str) -> bytes:
        """The bytes of a file with one of the endings in `formats`."""
        if ending == ".json":
            return formats.encoded(json_text(self.to_json(), indent=2) + "\n")
        if ending == ".csv":
            rows = (tuple(map(plain, row)) for row in self.cells())
            return formats.encoded(formats.csv_text(self.columns(), rows))
        write = formats.OF_SPANS[ending]
        return formats.encoded(write(self.spans(), self.file, self.duration_s))

    def _repr_html_(self) -> str:
        """What a notebook shows: the warnings, a table, and the figure."""
        title = f"<b>{html.escape(self.file)}</b>"
        if self.model:
            title += f" <small>({html.escape(self.model)})</small>"
        parts = [f"<p>{title}</p>", *(f"<p>{html.escape(one)}</p>" for one in self.warnings)]
        rows = [tuple(map(plain, row)) for row in self.cells()]
        parts.append(_table(self.columns(), rows[:MOST_ROWS]))
        if len(rows) > MOST_ROWS:
            parts.append(f"<p>… {len(rows) - MOST_ROWS} more</p>")
        picture = base64.b64encode(self._repr_png_()).decode()
        parts.append(f'<img alt="" src="data:image/png;base64,{picture}">')
        page = f"<div>{''.join(parts)}</div>"
        return formats.encoded(page).decode()  # a file name may hold bytes that are no Unicode

    def _repr_png_(self) -> bytes:
        """The figure as PNG, for a notebook that shows pictures only."""
        file = io.BytesIO()
        self.plot().savefig(file, format="png", dpi=90)
        return file.getvalue()


def plain(value: Any) -> Any:
    """A value as JSON has it: numbers of 6 digits, nothing that is not finite, no tuples.

    >>> plain({"a": (0.12345678, float("nan"), Path("b"))})
    {'a': [0.123457, None, 'b']}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        given = {f: getattr(value, f.name) for f in dataclasses.fields(value)}
        # An optional field is there only where it says something.
        left_out = {f for f, v in given.items() if v is None and "optional" in f.metadata}
        return {f.name: plain(v) for f, v in given.items() if f not in left_out}
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, Path):
        return str(value)
    convert: Callable[[], Any] | None = getattr(value, "tolist", None)  # of NumPy
    if convert is not None:
        return plain(convert())
    if isinstance(value, Iterable):
        return [plain(one) for one in value]
    number = float(value)
    return round(number, 6) if math.isfinite(number) else None


def json_text(values: Mapping[str, Any], *, indent: int | None = None) -> str:
    """JSON that every reader takes: no NaN; a file name that is no Unicode is escaped.

    >>> print(json_text({"file": "café \\udce9"}))
    {"file": "caf\\u00e9 \\udce9"}
    """
    text = json.dumps(values, ensure_ascii=False, allow_nan=False, indent=indent)
    try:
        text.encode()
    except UnicodeEncodeError:  # bytes of a file name that are not UTF-8
        return json.dumps(values, allow_nan=False, indent=indent)
    return text


def _table(columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    def cell(value: Any) -> str:
        return (
            "" if value is None else html.escape(f"{value:g}" if _is_float(value) else f"{value}")
        )

    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{cell(v)}</td>' for v in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _is_float(value: Any) -> bool:
    return isinstance(value, float)


def files_of(answer: Any) -> list[Path]:
    """The files that an answer names in its fields.

    >>> files_of("no answer")
    []
    """
    if not dataclasses.is_dataclass(answer):
        return []
    values = [getattr(answer, one.name) for one in dataclasses.fields(answer)]
    more = [one for value in values if isinstance(value, Mapping) for one in value.values()]
    return [one for one in (*values, *more) if isinstance(one, Path) and one.is_file()]
