"""Numbers of a result in, the pieces of a sentence out: digits by style, intervals, p, links to the number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from evalkit.contract import KEYS, Cell, Label
from evalkit.report.formatting import cell_text, number_text, p_phrase
from evalkit.report.styles import Style


@dataclass(frozen=True)
class Voice:
    """What every sentence about one result needs.

    Parameters
    ----------
    labels : mapping
        Id of a variable, term, category or scale -> Label.
    step : str
        Step id put before the result ids of links; empty where the tables carry none.
    """

    style: Style
    labels: Mapping[str, Label] = field(default_factory=dict)
    step: str = ""
    conf_level: float = 0.95

    @property
    def alpha(self) -> float:
        return round(1 - self.conf_level, 12)

    @property
    def below(self) -> Label:
        """The bound of significance, `p<0.05`."""
        bound = f"{self.alpha:g}"
        if "p" in self.style.no_leading_zero:
            bound = bound.removeprefix("0")
        return Label(zh=f"p<{bound}", en=f"p < {bound}")

    @property
    def level(self) -> str:
        """The confidence level in per cent, `95` or `99.5`."""
        return f"{100 * self.conf_level:g}"

    def name(self, id: str) -> Label:
        return self.labels.get(id, Label(zh=id, en=id))

    def number(self, value: float, kind: str) -> str:
        return number_text(float(value), kind, self.style)

    def interval(self, row: Mapping[str, Any], kind: str = "interval") -> str:
        return cell_text(Cell((float(row["conf_low"]), float(row["conf_high"])), kind), self.style, "en")

    def p(self, value: float) -> Label:
        return Label(zh=p_phrase(value, self.style, "zh"), en=p_phrase(value, self.style, "en"))

    def ref(self, row: Mapping[str, Any], statistic: str = "estimate") -> str:
        """The id of a number, as it stands on the table cell: empty parts dropped."""
        parts = [self.step, *(str(row.get(key)) for key in KEYS if is_given(row.get(key)))]
        return "/".join(part for part in parts if part) + "#" + statistic


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a tidy frame as dictionaries."""
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def is_given(value: Any) -> bool:
    """Whether a key or value is there: neither None, nan nor empty."""
    return value is not None and value != "" and value == value


def computed(*values: Any) -> bool:
    """Whether all of these are finite numbers."""
    return all(value is not None and math.isfinite(float(value)) for value in values)


def excludes_zero(row: Mapping[str, Any]) -> bool:
    """Whether the row's interval lies on one side of 0."""
    return computed(row["conf_low"], row["conf_high"]) and float(row["conf_low"]) * float(row["conf_high"]) > 0


def listed(parts: Iterable[Label]) -> Label:
    """`A、B和C`, `A, B and C`."""
    found = list(parts)
    return Label(
        zh=_enumerated([p.text("zh") for p in found], "zh"), en=_enumerated([p.text("en") for p in found], "en")
    )


def joined(parts: Iterable[Label], zh: str, en: str) -> Label:
    """Labels with a sign between them."""
    found = list(parts)
    return Label(zh=zh.join(p.text("zh") for p in found), en=en.join(p.text("en") for p in found))


def _enumerated(words: Sequence[str], lang: str) -> str:
    if len(words) < 2:
        return "".join(words)
    comma, last = ("、", "和") if lang == "zh" else (", ", " and ")
    return comma.join(words[:-1]) + last + words[-1]
