"""Hypotheses about paths and defined effects in, what the interval says of each out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Problem

_DIRECTION = re.compile(r"^(?P<name>.*?)(?:(?P<side>[<>])0)?$")


@dataclass(frozen=True)
class Hypothesis:
    """A claim about one parameter.

    Parameters
    ----------
    id : str
        H1, as the report prints it.
    lhs, op, rhs : str
        The path or definition.
    side : {"", ">", "<"}
        The direction; empty for any.
    """

    id: str
    lhs: str
    op: str
    rhs: str
    side: str

    def supported(self, conf_low: float, conf_high: float) -> bool | None:
        """Whether the interval lies on the hypothesis' side of 0; None without an interval."""
        if not np.isfinite([conf_low, conf_high]).all():
            return None
        above, below = conf_low > 0, conf_high < 0
        return {">": above, "<": below}.get(self.side, above or below)


def stated(hypotheses: Mapping[str, str], estimates: pd.DataFrame) -> tuple[Hypothesis, ...]:
    """The hypotheses read against the parameters of a model.

    Raises
    ------
    AnalysisError
        E928 for what is neither path, label nor defined effect of the model.
    """
    tested = estimates[estimates["op"].isin(["~", ":="])]
    known: dict[str, tuple[str, str, str]] = {}
    for r in tested.itertuples():
        key = (r.lhs, r.op, r.rhs)
        known.setdefault(f"{r.lhs}~{r.rhs}" if r.op == "~" else r.lhs, key)
        if r.label:
            known.setdefault(r.label, key)
    out = []
    for id, text in hypotheses.items():
        found = _DIRECTION.match(re.sub(r"\s+", "", str(text)))
        name = found["name"] if found else ""
        if name not in known:
            option = {"option": f"hypotheses.{id}", "value": str(text), "known": list(known)}
            raise AnalysisError(Problem("E928", params=option))
        out.append(Hypothesis(str(id), *known[name], (found["side"] if found else "") or ""))
    return tuple(out)
