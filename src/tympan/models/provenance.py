"""Where a model came from: the date, the version, the git revision."""

from __future__ import annotations

import dataclasses
import datetime
import subprocess
from pathlib import Path

from tympan.models.card import Card


def filled(card: Card) -> Card:
    """Return the card with its empty date, version and revision filled in.

    >>> filled(Card(name="a", task="classify")).tympan_version != ""
    True
    """
    from tympan import __version__

    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return dataclasses.replace(
        card,
        created=card.created or now,
        git_revision=card.git_revision or git_revision(),
        tympan_version=card.tympan_version or __version__,
    )


def git_revision() -> str:
    """Return the git revision of tympan's own checkout, `""` where it runs installed.

    >>> isinstance(git_revision(), str)
    True
    """
    package = Path(__file__).resolve().parents[1]
    checkout = package.parents[1]
    # An installed package may lie in a virtual environment inside somebody else's repository.
    if package.parent.name != "src" or not (checkout / ".git").exists():
        return ""
    command = ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
