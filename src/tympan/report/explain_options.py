"""The options of `explain`, the same from Python and from a server; nothing heavy is imported."""

from __future__ import annotations

from tympan.tasks.verbs import Option

LABEL = Option("label", str, None, "Explain this label, not the best.")
SEED = Option("seed", int, 0, "Of the augmented versions.", low=0, high=2**63 - 1)
