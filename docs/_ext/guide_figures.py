"""What the guide asks of its figures: one per step, each with words for those who cannot see it.

A step that draws says what there is to see, in one or more comments that the page leaves out:

    # sphinx_gallery_alt = "Three periods of a sine; one of them takes 2.27 ms."
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_ALT = re.compile(r'^# sphinx_gallery_alt = "(.*)"$', re.MULTILINE)


def alt_text(code: str) -> str:
    """Return what a step says about its figure, in one line; empty if it says nothing.

    >>> alt_text('# sphinx_gallery_alt = "A sine,"\\n# sphinx_gallery_alt = "and noise."\\nplot()')
    'A sine, and noise.'
    """
    return " ".join(_ALT.findall(code))


def steps(script: str) -> list[str]:
    """Return the steps of a chapter, split at its cell marks.

    >>> len(steps("a = 1\\n# %%\\n# Words.\\n\\nb = 2\\n"))
    2
    """
    return re.split(r"^# %%.*$", script, flags=re.MULTILINE)


def scrape(block: Any, block_vars: dict[str, Any], gallery_conf: Any, **kwargs: Any) -> str:
    """Save the figure of a step, as Sphinx-Gallery does, with its text.

    Raises:
        ValueError: a step draws more than one figure, or does not say what is to be seen.
    """
    import matplotlib.pyplot as plt
    from sphinx_gallery.scrapers import matplotlib_scraper

    drawn = len(plt.get_fignums())
    if drawn == 0:
        return ""
    alt = alt_text(block[1])
    where = f"{block_vars['src_file']}, line {block[2]}"
    if drawn > 1 or not alt:
        plt.close("all")
        raise ValueError(f"{where}: {drawn} figures, alt text {alt!r}; one of each is needed")
    page = matplotlib_scraper(block, block_vars, gallery_conf, **kwargs)
    return re.sub(r"(?m)^( *:alt:).*$", lambda found: f"{found[1]} {alt}", page)


def forget_vanished(scripts: Path, pages: Path) -> None:
    """Remove the pages of chapters that are no longer there, or they would be built for ever."""
    for page in pages.glob("plot_*.rst"):
        if not (scripts / f"{page.stem}.py").is_file():
            for old in pages.glob(f"{page.stem}.*"):
                old.unlink()
