"""What a call of `mixed` may ask for, by family; refusals by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem
from evalkit.sampling import Design, design_of

FAMILIES = ("linear", "logit", "ordered_logit")
CENTRES = ("within", "between", "both", "grand")
DFS = ("satterthwaite", "kenward_roger", "inner_outer", "normal")
INTERVALS = ("t", "normal", "profile")
QUADRATURE_POINTS = 15


@dataclass(frozen=True)
class Options:
    """The choices of one call, defaults filled in."""

    family: str
    random: tuple[str, ...]
    correlated: bool
    reml: bool
    df: str
    interval: str
    n_quad: int
    conf_level: float

    @property
    def slopes(self) -> tuple[str, ...]:
        """Variables with a random slope."""
        return tuple(name for name in self.random if name != "1")


def options_of(
    *,
    family: str,
    random: Sequence[str],
    correlated: bool,
    reml: bool | None,
    df: str | None,
    interval: str | None,
    n_quad: int | None,
    conf_level: float,
) -> Options:
    """Checked options.

    Raises
    ------
    AnalysisError
        E6060 for an unknown family, method or interval; E6061 for an option that the family does not have; E6062 for
        random effects that are not a constant first; E6063 for quadrature points; E6082 for Kenward and Roger's method
        without REML; E667 for a confidence level.
    """
    _known("family", family, FAMILIES)
    if not 0 < conf_level < 1:
        raise AnalysisError(Problem("E667", params={"value": conf_level}))
    parts = (random,) if isinstance(random, str) else tuple(str(part) for part in random)
    if "1" not in parts or len(set(parts)) < len(parts):
        raise AnalysisError(Problem("E6062", params={"given": list(parts)}))
    linear = family == "linear"
    given: Mapping[str, object] = (
        {"n_quad": n_quad} if linear else {"random": parts[1:] or None, "reml": reml, "df": df, "interval": interval}
    )
    allowed = {"df": "normal", "interval": "normal"}
    for name, value in given.items():
        if value is not None and allowed.get(name) != value:
            raise AnalysisError(Problem("E6061", params={"option": name, "family": family_label(family)}))
    if df is not None:
        _known("df", df, DFS)
    if df == "kenward_roger" and reml is False:
        raise AnalysisError(Problem("E6082"))
    if interval is not None:
        _known("interval", interval, INTERVALS)
    if n_quad is not None and not 1 <= n_quad <= 100:
        raise AnalysisError(Problem("E6063", params={"value": n_quad}))
    return Options(
        family,
        ("1", *(p for p in parts if p != "1")),
        correlated,
        linear if reml is None else reml,
        df or ("satterthwaite" if linear else "normal"),
        interval or ("t" if linear else "normal"),
        n_quad or QUADRATURE_POINTS,
        conf_level,
    )


def checked_design(data: pd.DataFrame, design: Design | None, group: str, unweighted: bool) -> list[Problem]:
    """Notices about the parts of a design that a random effect does not carry.

    Raises
    ------
    AnalysisError
        E6064 for sampling weights, unless the analysis is to be unweighted.
    """
    declared = design_of(data, design)
    if declared is None:
        return []
    if declared.weights is not None and not unweighted:
        raise AnalysisError(Problem("E6064", params={"name": declared.weights}))
    beyond = [name for name in declared.columns if name != group]
    return [Problem("W6065", params={"names": beyond})] if beyond else []


def family_label(family: str) -> Label:
    return Label(f"mixed.family.{family}")


def _known(option: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise AnalysisError(Problem("E6060", params={"option": option, "value": value, "known": list(known)}))
