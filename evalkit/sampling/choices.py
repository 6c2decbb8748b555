"""The choices of an estimation in; checked choices, or what is wrong with them, out."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.contract import AnalysisError, Problem
from evalkit.sampling.influence import ESTIMATORS
from evalkit.sampling.proportions import INTERVALS
from evalkit.sampling.variance import LONELY

STATISTICS = (*ESTIMATORS, "quantile")


@dataclass(frozen=True, eq=False)
class Options:
    """How to estimate; the names are those of the arguments of `estimates`."""

    statistic: str
    probabilities: tuple[float, ...]
    interval: str
    conf_level: float
    df: float | None
    variance: str
    lonely: str
    deff: str
    by: str | None
    denominator: str | None
    difference: bool


def require_options(options: Options, variables: Sequence[str], *, weighted_twice: bool, jackknife: bool) -> None:
    """Raise AnalysisError E696 for every choice out of range or that does not go with the others.

    Parameters
    ----------
    weighted_twice : bool
        Both `margins` and `weighting` were given.
    jackknife : bool
        Whether the design and weights leave room for the jackknife.
    """
    quantile = options.statistic == "quantile"
    deletable = jackknife and options.statistic not in ("quantile", "variance")
    fine = {
        "statistic": options.statistic in STATISTICS,
        "variables": bool(len(variables)) and not isinstance(variables, str),
        "denominator": (options.denominator is not None) == (options.statistic == "ratio"),
        "probabilities": bool(options.probabilities) and all(0 < p < 1 for p in options.probabilities),
        "interval": options.interval in INTERVALS,
        "conf_level": 0 < options.conf_level < 1,
        "df": options.df is None or options.df > 0,
        "variance": options.variance == "linearised" or (options.variance == "jackknife" and deletable),
        "lonely": options.lonely in LONELY,
        "deff": options.deff in ("srs", "replace"),
        "difference": not options.difference or (options.by is not None and not quantile),
        "margins": not weighted_twice,
    }
    given = {**dataclasses.asdict(options), "variables": variables, "margins": True}
    bad = [Problem("E696", params={"option": k, "value": given[k]}) for k, ok in fine.items() if not ok]
    if bad:
        raise AnalysisError(bad)
