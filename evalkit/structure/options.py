"""What a caller chose in, a consistent set of options out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.contract import AnalysisError, Problem
from evalkit.sampling import Design
from evalkit.structure.estimators import ESTIMATORS, Estimator

PARAMETERISATIONS = ("delta", "theta")
"""Of ordered variables: their scales are parameters and their residual variances follow, or the other way round."""


@dataclass(frozen=True)
class Options:
    """How a model was fitted (see `fit`)."""

    estimator: str = "ML"
    likelihood: str = "normal"
    information: str = "expected"
    missing: str = "listwise"
    se: str = "standard"
    test: str = "standard"
    parameterisation: str = "delta"
    ordinal: tuple[str, ...] = ()


Chosen = tuple[Estimator, Options, tuple[Problem, ...]]


def options_of(
    name: str | None,
    likelihood: str,
    information: str | None,
    missing: str,
    design: Design | None,
    ordinal: Sequence[str] = (),
    parameterisation: str = "delta",
) -> Chosen:
    """The estimator, the options with their defaults filled in, and what is to be said of them.

    Raises
    ------
    AnalysisError
        E928 for an unknown choice, E929 for choices that do not go together, E948 and E957 for an estimator of
        ordered variables without such variables, and the other way round.
    """
    name = name or ("WLSMV" if ordinal else "ML")
    rules = ("listwise", "pairwise") if ordinal else ("listwise", "fiml")
    choices = (
        ("estimator", name, tuple(ESTIMATORS)),
        ("likelihood", likelihood, ("normal", "wishart")),
        ("information", information or "expected", ("expected", "observed")),
        ("missing", missing, rules),
        ("parameterisation", parameterisation, PARAMETERISATIONS),
    )
    for option, value, known in choices:
        if value not in known:
            raise AnalysisError(Problem("E928", params={"option": option, "value": value, "known": list(known)}))
    found = ESTIMATORS[name]
    if found.ordered != bool(ordinal):
        family = [other for other, e in ESTIMATORS.items() if e.ordered]
        raise AnalysisError(Problem("E948" if ordinal else "E957", params={"estimator": name, "known": family}))
    if ordinal:
        return _ordered(found, likelihood, information, missing, design, tuple(ordinal), parameterisation)
    return _continuous(found, likelihood, information, missing, design)


def _ordered(
    found: Estimator,
    likelihood: str,
    information: str | None,
    missing: str,
    design: Design | None,
    ordinal: tuple[str, ...],
    parameterisation: str,
) -> Chosen:
    wrong = [w for w in (likelihood, information) if w in ("wishart", "observed")]
    if wrong or (design is not None and found.se == "standard"):
        what = ", ".join(wrong) or "design"
        raise AnalysisError(Problem("E948", params={"estimator": f"{found.name} ({what})", "known": ["WLSMV"]}))
    notices = (Problem("W952"),) if found.test == "standard" else ()
    how = Options(found.name, likelihood, "expected", missing, found.se, found.test, parameterisation, ordinal)
    return found, how, notices


def _continuous(
    found: Estimator, likelihood: str, information: str | None, missing: str, design: Design | None
) -> Chosen:
    notices: tuple[Problem, ...] = ()
    name = found.name
    wishart = likelihood == "wishart" and (missing == "fiml" or not found.likelihood or design is not None)
    if (
        wishart
        or (missing == "fiml" and found.se not in ("standard", "sandwich"))
        or (missing == "fiml" and not found.likelihood)
    ):
        raise AnalysisError(Problem("E929", params={"estimator": name, "what": f"{missing}, {likelihood}"}))
    if design is not None and found.se != "sandwich":
        if name != "ML":
            raise AnalysisError(Problem("E929", params={"estimator": name, "what": "design"}))
        found, notices = ESTIMATORS["MLR"], (Problem("N936"),)
    default = "observed" if found.se == "sandwich" or missing == "fiml" else "expected"
    return found, Options(found.name, likelihood, information or default, missing, found.se, found.test), notices
