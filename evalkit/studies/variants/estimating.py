"""A specification in, its key effects out; what cannot be estimated is nan with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, EvalkitError, Label, Problem
from evalkit.contract.words import say
from evalkit.models.matrix import INTERCEPT, term_columns
from evalkit.studies.variants.specification import BY_FORMULA, Specification

NUMBERS = ("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high")
R_SQUARED = ("r_squared", "mcfadden")


@dataclass(frozen=True, eq=False)
class Estimated:
    """Key effects of one specification.

    Attributes
    ----------
    rows : DataFrame
        Index: key terms; columns: `NUMBERS`, nan where not estimated.
    r_squared : float
        R squared, or McFadden's where there is none.
    why : Problem or None
        Why nothing, or not everything, could be estimated.
    """

    rows: pd.DataFrame
    n_obs: int
    r_squared: float
    outcome: str
    why: Problem | None = None

    def verdict(self, key: str, alpha: float) -> float:
        """1 or -1 where the effect is significant, by its sign; 0 where not; nan where not estimated.

        Significant by the interval where there is one, else by p.
        """
        row = self.rows.loc[key]
        if np.isnan(row["estimate"]):
            return float("nan")
        by_interval = bool(row["conf_low"] * row["conf_high"] > 0)
        clear = by_interval if np.isfinite(row["conf_low"]) else bool(row["p_value"] < alpha)
        return float(np.sign(row["estimate"])) if clear else 0.0


def estimate(specification: Specification, keys: Sequence[str]) -> Estimated:
    """Fit and take out the key effects; faults of the data become a reason."""
    try:
        result = specification.fitted()
    except EvalkitError as error:
        return nothing(specification, keys, error.problems[0])
    return taken(result, keys, specification)


def nothing(specification: Specification, keys: Sequence[str], why: Problem | None) -> Estimated:
    """No effect at all."""
    rows = pd.DataFrame(np.nan, index=list(keys), columns=list(NUMBERS))
    return Estimated(rows, 0, np.nan, specification.outcome, why)


def taken(result: Any, keys: Sequence[str], specification: Specification) -> Estimated:
    """The rows of the key terms, those of the last model or equation."""
    tidy = result.tidy()
    tidy = tidy[tidy["level"].isna()]
    rows = pd.DataFrame(np.nan, index=list(keys), columns=list(NUMBERS))
    for key in keys:
        found = tidy[tidy["term"] == key]
        if len(found):
            rows.loc[key] = found.iloc[-1][list(NUMBERS)].astype(float)
    glance = result.glance().iloc[0]
    quality = [float(glance[name]) for name in R_SQUARED if name in glance and glance[name] == glance[name]]
    why = None
    if rows["estimate"].isna().any():
        lacking = [key for key in keys if np.isnan(rows.at[key, "estimate"])]
        told = [p for p in result.notices if p.severity != "note"]
        why = told[0] if told else Problem("W6373", params={"terms": lacking})
    return Estimated(rows, result.n_obs, quality[0] if quality else np.nan, specification.outcome, why)


def key_terms(base: Specification, result: Any, key: str | Sequence[str] | None) -> tuple[str, ...]:
    """Ids of the key effects in the rows of the result.

    Raises
    ------
    AnalysisError
        E6374 for a key that the result does not have.
    """
    tidy = result.tidy()
    known = [t for t in dict.fromkeys(tidy["term"]) if t and not str(t).startswith("model.") and t != INTERCEPT]
    if key is None:
        return _usual(base, tidy, known)
    out: list[str] = []
    for name in [key] if isinstance(key, str) else key:
        found = [name] if name in known else [t for t in known if str(t).startswith(f"{name}.")]
        if not found:
            raise AnalysisError(Problem("E6374", params={"name": name, "known": known[:12]}))
        out += [t for t in found if t not in out]
    return tuple(out)


def _usual(base: Specification, tidy: pd.DataFrame, known: Sequence[str]) -> tuple[str, ...]:
    """What the model is about: the terms of its last block, its product, its indirect effect."""
    if base.do == "mediate":
        indirect = [t for t in known if t == "indirect" or t.startswith("indirect.")]
        return ("indirect.total",) if "indirect.total" in indirect and len(indirect) > 2 else tuple(indirect[:1])
    models = list(dict.fromkeys(tidy["model"].dropna()))
    if base.do in BY_FORMULA and len(models) == 1:
        first = term_columns(base.data, base.blocks[1][0][0]).terms
        return tuple(t for t in first if t in known)
    last, before = (set(tidy.loc[tidy["model"] == m, "term"]) for m in (models[-1], models[-2]))
    return tuple(t for t in known if t in last - before and not t.startswith(("ame.", "mem.")))


def reason(problem: Problem | None) -> dict[str, str]:
    """A problem in words, as a parameter of another one."""
    if problem is None:
        return {"zh": "—", "en": "—"}
    words = {
        k: {"zh": v.text("zh"), "en": v.text("en")} if isinstance(v, Label) else v for k, v in problem.params.items()
    }
    return {lang: say(Problem(problem.code, problem.at, words), lang) for lang in ("zh", "en")}
