"""What coders agree on: tidy rows, table Q5, confusion of values, the list of disputes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import Drop, Figure, Label, Problem, Table, tidy_frame
from evalkit.qualitative.agreeing.measures import Measure, Settings

_NAN = float("nan")
_MOST_VALUES = 15
"""Beyond, a matrix of values is too wide to print; who took what for what stands in the disputes."""
_TEXT = ("outcome", "group", "term", "level", "reason")
_COLUMNS = (
    *_TEXT[:4], "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "n_obs", "observed",
    "expected", "n_failed", "reason",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Block:
    """Measures of one value (None: all values) for some coders (none named: all)."""

    category: str | None
    coders: tuple[str, ...]
    measures: tuple[Measure, ...]
    kappa_maximum: float = _NAN

    def measure(self, method: str) -> Measure | None:
        return next((m for m in self.measures if m.method == method), None)


@dataclass(frozen=True)
class Dispute:
    """A unit that was coded differently; one value a coder, None where not coded."""

    unit: str
    values: tuple[str | None, ...]


@dataclass(frozen=True, eq=False)
class AgreementResult:
    """Agreement of coders over all values, by value and by pair.

    `confusions` are counts by pair of coders, rows the first coder; `numeric` Kendall's W, Lin's concordance and
    Bland-Altman limits of ratings, keyed by places of the coders and name.
    """

    coders: tuple[str, ...]
    blocks: tuple[Block, ...]
    confusions: Mapping[tuple[str, str], np.ndarray]
    numeric: Mapping[tuple[tuple[int, ...], str], float]
    disputes: tuple[Dispute, ...]
    categories: tuple[str, ...]
    settings: Settings
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """Q5; the confusion of each pair, of up to 15 values; the disputes where there are any."""
        few = ("confusion",) if len(self.categories) <= _MOST_VALUES else ()
        return ("Q5", *few, *(("disputes",) if self.disputes else ()))

    def tidy(self) -> pd.DataFrame:
        """Outcome = value (None: all), group = pair `a:b` (None: all coders), term = method, level = kind of interval.

        Without intervals one row with no level. Further terms: `kappa_maximum`, `kendall_w`, `lin_ccc` and so on.
        """
        rows = [row for block in self.blocks for row in _rows(block)]
        for (places, name), value in self.numeric.items():
            pair = ":".join(self.coders[i] for i in places) if len(places) < len(self.coders) else None
            rows.append({"group": pair, "term": name, "estimate": value})
        columns = {n: [row.get(n, None if n in _TEXT else _NAN) for row in rows] for n in _COLUMNS}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: the coefficients over all values and coders."""
        found = {m.method: m.estimate for m in self.blocks[0].measures}
        alpha = self.blocks[0].measure("krippendorff") or next(iter(self.blocks[0].measures))
        low, high = (alpha.spreads[0].low, alpha.spreads[0].high) if alpha.spreads else (_NAN, _NAN)
        row = {"estimate": alpha.estimate, "conf_low": low, "conf_high": high, "observed": found.get("percent", _NAN)}
        return pd.DataFrame([row | {"count": float(len(self.coders)), "n_obs": float(self.n_obs)}])

    def table(self, template: str = "Q5") -> Table:
        """`Q5`: values by coefficient; `confusion`: who put what where; `disputes`: the units to talk about."""
        from evalkit.qualitative.agreeing.tables import coefficients_table, confusion_table, disputes_table

        return {"Q5": coefficients_table, "confusion": confusion_table, "disputes": disputes_table}[template](self)

    def figure(self) -> Figure | None:
        """Alpha (or the first coefficient with an interval) of each value, with its interval."""
        method = "krippendorff" if "krippendorff" in self.settings.methods else self.settings.methods[0]
        drawn = [(b, b.measure(method)) for b in self.blocks if not b.coders]
        rows = [
            {"model": "", "term": b.category or "agreement.all", "estimate": m.estimate, "conf_low": m.spreads[0].low,
             "conf_high": m.spreads[0].high, "p_value": _NAN}
            for b, m in drawn if m is not None and m.spreads
        ]  # fmt: skip
        if len(rows) < 2:
            return None
        labels = dict(self.labels) | {"agreement.all": Label("agreement.all")}
        title = Label("agreement.figure", method=Label(f"agreement.method.{method}"))
        return Figure("agreement", "coefficients", title, pd.DataFrame(rows), labels)


def _rows(block: Block) -> Iterator[dict[str, Any]]:
    where = {"outcome": block.category, "group": ":".join(block.coders) or None}
    for m in block.measures:
        line = where | {
            "term": m.method, "estimate": m.estimate, "observed": m.observed, "expected": m.expected,
            "n_obs": float(m.n_units), "reason": m.reason, "statistic": m.statistic, "p_value": m.p_value,
        }  # fmt: skip
        if not m.spreads:
            yield line
        for s in m.spreads:
            yield line | {"level": s.kind, "std_error": s.std_error, "conf_low": s.low, "conf_high": s.high,
                          "n_failed": float(s.n_failed) if s.kind == "bootstrap" else _NAN}  # fmt: skip
    if np.isfinite(block.kappa_maximum):
        yield where | {"term": "kappa_maximum", "estimate": block.kappa_maximum}
