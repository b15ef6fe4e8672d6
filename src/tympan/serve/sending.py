"""Answers on their way from a worker to the server: plain values, and files in the spool."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from tympan.serve.frames import renamed
from tympan.tasks.results.base import files_of, plain


def sent(answer: Any, order: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as it is sent: in a file where one is wanted, its own files moved to the spool.

    Args:
        answer: it.
        order: `save`, a file to write it to; `made`, how the names of its files begin.

    Returns:
        `answer` as plain values, and `made`, the files that it names.
    """
    if order.get("save"):
        answer.save(order["save"])
        for path in files_of(answer):  # nobody is told of them
            path.unlink(missing_ok=True)
        return {"answer": {}}
    told = answer.to_json()  # which may be what makes its files
    moved: dict[str, str] = {}
    for number, path in enumerate(files_of(answer)):
        target = f"{order['made']}.{number}{path.suffix}"
        shutil.move(path, target)
        moved[str(path)] = target
    return (
        {"answer": renamed(told, moved), "made": list(moved.values())}
        if moved
        else {"answer": told}
    )


def told(value: Any) -> Any:
    """What was decided, as plain values."""
    return plain(value.to_json() if hasattr(value, "to_json") else value)
