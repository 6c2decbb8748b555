"""A call of an analysis in, the linear equations it stands for and the effects whose power is wanted out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem
from evalkit.formula import parse_formula
from evalkit.formula.tokens import Cursor
from evalkit.models.linear import between_clusters
from evalkit.models.mediation.checks import check_ways
from evalkit.models.mediation.language import Written
from evalkit.models.mediation.path_call import PathCall, Roles, listed, model_labels, path_call, written_model
from evalkit.models.mediation.points import moderator_names
from evalkit.models.mediation.routes import Effect, Moderator, Parts, Point, coefficient_places, list_effects
from evalkit.models.mediation.system import System, Term

SHOWN = ("direct", "indirect", "indirect_total", "index")
"""Kinds of effects of a mediation that are tested; totals follow from a regression of their own."""

_NEUTRAL = frozenset({"conf_level", "seed", "do"})
_ROLES = ("x", "m", "y", "kind", "covariates", "moderators", "paths", "process_model", "w", "z", "v", "q")


@dataclass(frozen=True)
class Kind:
    """One analysis that can be simulated.

    Parameters
    ----------
    used : frozenset of str
        Options that the simulation follows.
    neutral : frozenset of str
        Options that change what is printed, not whether an effect is found.
    """

    used: frozenset[str]
    neutral: frozenset[str]


KINDS: Mapping[str, Kind] = {
    "regress": Kind(frozenset({"formula", "y", "blocks", "cov", "cluster", "df"}), _NEUTRAL),
    "moderate": Kind(
        frozenset({"y", "x", "w", "z", "interaction", "covariates", "cov", "cluster"}),
        _NEUTRAL | {"centre", "values", "quantile_type", "fdr"},
    ),
    "mediate": Kind(
        frozenset({*_ROLES, "cluster"}), _NEUTRAL | {"at", "centre", "resamples", "ci"}
    ),
    "mixed": Kind(frozenset({"formula", "group", "y", "x"}), _NEUTRAL | {"reml", "df", "interval", "unweighted"}),
}  # fmt: skip

_NEEDED: Mapping[str, tuple[str, ...]] = {"moderate": ("x", "w", "y"), "mediate": ("x", "y"), "mixed": ("group",)}
_NAMING = ("x", "m", "y", "w", "z", "v", "q", "covariates", "cluster", "group", "formula", "paths")
"""Options that hold a text or several."""

_WITHOUT_EFFECT: Mapping[str, Sequence[Any]] = {
    "family": ("linear",),
    "families": ({},),
    "interactions": (False,),
    "random": ("1", ["1"], ("1",)),
    "correlated": (True,),
    "centre": ({},),
    "bootstrap": (None,),
}
"""Options that change the model, with the values under which they do not."""

ERRORS = ("classical", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1")


@dataclass(frozen=True)
class Tested:
    """One effect: a sum of products of coefficients (`Arithmetic`).

    Attributes
    ----------
    main : bool
        Whether the search for n looks at it.
    kind : str
        `coefficient`, or the kind of effect of a mediation.
    route : tuple of str
        Columns from cause to outcome; of a coefficient the term and the outcome.
    """

    outcome: str
    term: str
    level: str
    parts: Parts
    main: bool
    kind: str
    route: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Model:
    """What is simulated and tested.

    Attributes
    ----------
    do : str
        Of `KINDS`.
    tested : tuple of Tested
    errors : str
        Of `ERRORS`, or `random_intercept`.
    between : bool
        t tests on clusters less 1, where the errors are clustered.
    cluster : str or None
        Column of the clusters that the analysis takes account of.
    columns : PathCall
    """

    do: str
    system: System
    tested: tuple[Tested, ...]
    errors: str
    between: bool
    cluster: str | None
    columns: PathCall
    labels: Mapping[str, Label]
    from_data: bool


def model_of(data: pd.DataFrame | None, call: Mapping[str, Any]) -> Model:
    """The model of a call.

    Parameters
    ----------
    data : DataFrame or None
        Where it has every column of the call, its categories count; else all variables are numbers.

    Raises
    ------
    AnalysisError
        E6340 for an analysis that cannot be simulated, E6341 for an option of it; and as the analysis itself for roles,
        formulas and equations that do not fit.
    """
    do = call.get("do")
    if do not in KINDS:
        raise AnalysisError(Problem("E6340", params={"do": str(do), "known": list(KINDS)}))
    _check_options(do, call)
    names = _names(do, call)
    from_data = data is not None and set(names) <= set(data.columns)
    frame = data[names] if data is not None and from_data else _stand_in(names)
    equations, roles = _equations(do, call, frame)
    columns = path_call(frame, equations, roles)
    cluster = call.get("group") if do == "mixed" else call.get("cluster")
    errors = _errors(do, call, cluster)
    return Model(
        do=do,
        system=columns.system,
        tested=_tested(do, call, columns),
        errors=errors,
        between=do == "regress" and between_clusters(call.get("df", "default"), errors),
        cluster=cluster,
        columns=columns,
        labels=model_labels(frame, columns, None),
        from_data=from_data,
    )


def _check_options(do: str, call: Mapping[str, Any]) -> None:
    known = KINDS[do].used | KINDS[do].neutral
    wrong = [k for k, v in call.items() if k not in known and not (v is None or v in _WITHOUT_EFFECT.get(k, ()))]
    if do == "mixed" and call.get("family", "linear") != "linear":
        wrong = ["family"]
    if call.get("cov") is not None and call["cov"] not in ERRORS:
        wrong.append("cov")
    if not isinstance(call.get("cluster"), (str, type(None))):
        wrong.append("cluster")
    if wrong:
        raise AnalysisError(Problem("E6341", params={"do": do, "option": sorted(set(wrong))}))
    for name in _NEEDED.get(do, ()):
        if not call.get(name):
            raise _fault(name, call.get(name), f"{do} ({', '.join(_NEEDED[do])})")
    for name in _NAMING:
        given = call.get(name) or ()
        parts = [given] if isinstance(given, str) else given
        if not isinstance(parts, (list, tuple)) or not all(isinstance(part, str) for part in parts):
            raise _fault(name, given, '"..."')
    if not isinstance(call.get("moderators") or {}, Mapping):
        raise _fault("moderators", call["moderators"], "{...}")


def _fault(option: str, value: Any, wanted: str) -> AnalysisError:
    return AnalysisError(Problem("E6343", params={"option": f"of ({option})", "value": str(value), "wanted": wanted}))


def _errors(do: str, call: Mapping[str, Any], cluster: str | None) -> str:
    if do == "mixed":
        return "random_intercept"
    kind = call.get("cov") or ("CR1" if cluster else "classical")
    if (kind in ("CR0", "CR1")) != bool(cluster):
        raise AnalysisError(Problem("E6341", params={"do": do, "option": ["cov", "cluster"]}))
    return str(kind)


def _names(do: str, call: Mapping[str, Any]) -> list[str]:
    """Every variable of the call."""
    if do in ("regress", "mixed"):
        return list(parse_formula(_formula(do, call)).names)
    found: list[str] = []
    for key in ("x", "m", "w", "z", "v", "q", "covariates", "y"):
        found += listed(call.get(key))
    for key in call.get("moderators") or {}:
        found += [part.strip() for part in key.replace("+", "*").split("*")]
    for text in listed(call.get("paths")):
        tokens = Cursor(text).tokens
        after = [t.text for t in tokens[1:]] + [""]
        # A name before * that stands nowhere else names a coefficient.
        named = [t.text for t in tokens if t.kind == "name"]
        found += [
            t.text
            for t, following in zip(tokens, after, strict=True)
            if t.kind == "name" and (following != "*" or t.text in found or named.count(t.text) > 1)
        ]
    return list(dict.fromkeys(found))


def _formula(do: str, call: Mapping[str, Any]) -> str:
    if call.get("formula"):
        return str(call["formula"])
    blocks = call.get("blocks") or ([call["x"]] if call.get("x") else [])
    if not call.get("y") or not blocks:
        raise _fault("formula", call.get("formula"), "y ~ x")
    return f"{call['y']} ~ {' | '.join(' + '.join(listed(block)) for block in blocks)}"


def _stand_in(names: Sequence[str]) -> pd.DataFrame:
    """Rows of numbers, so that a model can be read whose variables were not asked yet."""
    rows = np.arange(1.0, 12.0)
    return pd.DataFrame({name: np.sin(rows * (j + 1)) for j, name in enumerate(names)})


def _equations(do: str, call: Mapping[str, Any], frame: pd.DataFrame) -> tuple[tuple[Written, ...], Roles]:
    if do == "mediate":
        letters = {key: call.get(key) for key in ("w", "z", "v", "q")}
        roles = Roles(
            x=listed(call.get("x")),
            m=listed(call.get("m")),
            y=listed(call.get("y")),
            kind=call.get("kind"),
            covariates=listed(call.get("covariates")),
            moderators=call.get("moderators") or {},
            paths=listed(call.get("paths")),
            process_model=call.get("process_model"),
            given=letters,
        )
        check_ways(roles)
        return written_model(frame, roles)
    if do == "moderate":
        y, terms = str(call["y"]), _moderation_terms(call)
    else:
        formula = parse_formula(_formula(do, call))
        y, terms = formula.outcome, list(formula.terms)
        if not terms:
            raise _fault("formula", str(formula), "y ~ x")
    used = tuple(dict.fromkeys(name for term in terms for name in term))
    return (Written(y, tuple(terms)),), Roles(x=used[:1], m=(), y=(y,))


def _moderation_terms(call: Mapping[str, Any]) -> list[tuple[str, ...]]:
    x, w, z = str(call["x"]), str(call["w"]), call.get("z")
    terms: list[tuple[str, ...]] = [(x,), (w,), (x, w)]
    if z:
        terms += [(z,), (x, z)]
        if call.get("interaction", "three_way") == "three_way":
            terms += [(w, z), (x, w, z)]
    return sorted(terms, key=len) + [(name,) for name in listed(call.get("covariates"))]


def _tested(do: str, call: Mapping[str, Any], columns: PathCall) -> tuple[Tested, ...]:
    places = coefficient_places(columns.system)
    if do == "mediate":
        moderators = tuple(_moderator(name, columns) for name in moderator_names(columns))
        effects = list_effects(columns.system, columns.x, columns.y, moderators)
        several = len({e.chain for e in effects if e.kind == "indirect"}) > 1
        return tuple(_of(e, columns) for e in effects if e.kind in SHOWN and (several or e.kind != "indirect_total"))
    highest = max(len(term.factors) for _, term in places) if do == "moderate" else 0
    found = []
    for (outcome, term), place in places.items():
        main = len(term.factors) == highest or do != "moderate"
        found.append(Tested(outcome, str(term), "", {(place,): 1.0}, main, "coefficient", (str(term), outcome)))
    return tuple(found)


def _of(effect: Effect, columns: PathCall) -> Tested:
    parts = {key: weight for key, weight in effect.parts.items() if weight}
    term = effect.term if len(columns.x) == 1 else f"{effect.x}/{effect.term}"
    main = effect.kind == "index" or (effect.kind == "indirect" and not effect.condition)
    return Tested(effect.y, term, effect.level, parts, main, effect.kind, (effect.x, *effect.chain, effect.y))


def _moderator(name: str, columns: PathCall) -> Moderator:
    """Points at the mean and one SD each side: variables are simulated standardised."""
    own = columns.columns[name]
    points = tuple(
        Point(id, tuple((column, value) for column in own), value)
        for id, value in (("low", -1.0), ("mean", 0.0), ("high", 1.0))
    )
    return Moderator(name, own, points)


def effect_keys(system: System) -> dict[str, tuple[str, Term]]:
    """`y ~ x:w` -> outcome and term, of every coefficient."""
    return {f"{outcome} ~ {term}": (outcome, term) for outcome, term in coefficient_places(system)}
