"""A figure and a language in, every string it shows out: labels, numbers in the style, notes."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit.contract import Cell, Figure, Label
from evalkit.report.formatting import cell_text, round_half_up, star_legend
from evalkit.report.styles import Style

ALPHA = 0.05
"""Filled markers and solid arrows: p below this. The legend says so."""


@dataclass(frozen=True, eq=False)
class Wording:
    """The words and digits of one figure in one language and style."""

    figure: Figure
    lang: str
    style: Style

    def label(self, name: Hashable) -> str:
        """The wording of an id in the frame; a whole-number code is looked up as `3`, without wording it stands."""
        key = f"{name:g}" if isinstance(name, float) else str(name)
        known = self.figure.labels.get(key)
        return known.text(self.lang) if known else key

    def has(self, name: str) -> bool:
        """Whether the figure words this id."""
        return name in self.figure.labels

    def say(self, key: str, **params: Any) -> str:
        """A key of the catalogue, without its topic: `likert.alt`."""
        return Label(f"figures.{key}", **params).text(self.lang)

    def number(self, value: Any, kind: str, p: float | None = None, wrap: str = "") -> str:
        """A number (or an interval as a tuple) as the style prints it, with stars where `p` is given."""
        return cell_text(Cell(value, kind, p=p, wrap=wrap), self.style, self.lang)

    def whole(self, value: float) -> str:
        """A number without decimals, half up."""
        return str(round_half_up(value, 0))

    def listing(self, parts: list[str]) -> str:
        """An enumeration in the language."""
        return ("；" if self.lang == "zh" else "; ").join(parts)

    def notes(self, *general: str, results: bool = True, stars: bool = False) -> list[str]:
        """Paragraphs below the drawing: how to read it, the result's own notes if wanted, the star set."""
        end, gap = ("。", "") if self.lang == "zh" else (".", " ")
        own = [note.text(self.lang) for note in self.figure.notes] if results else []
        legend = star_legend(self.style, self.lang) if stars else ""
        parts = [part if part.endswith(("。", ".")) else part + end for part in (*general, *own, legend) if part]
        if not parts:
            return []
        prefix = self.style.notes.prefix[self.lang]
        return [(prefix + gap + gap.join(parts)).strip()]


def number_or_nan(value: Any) -> float:
    """A number of the frame; None and NA are nan."""
    return float(value) if pd.notna(value) else math.nan


def significant(p: float, low: float = math.nan, high: float = math.nan) -> bool:
    """p below `ALPHA`; without a p-value, an interval that leaves 0 out."""
    if pd.notna(p):
        return bool(p < ALPHA)
    return bool(pd.notna(low) and pd.notna(high) and (low > 0 or high < 0))
