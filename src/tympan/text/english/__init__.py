"""English text: normalisation, pronunciation, the words that several readings share."""

from __future__ import annotations
