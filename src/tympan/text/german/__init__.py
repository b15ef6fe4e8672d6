"""German text: normalisation and spelling of letters."""

from __future__ import annotations
