"""Completed data sets and an analysis in, its estimates pooled over them out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import GLOSSARY, KEYS, AnalysisError, Drop, Label, Problem, tidy_frame
from evalkit.studies.imputation.derived import derived
from evalkit.studies.imputation.imputed import Imputed
from evalkit.studies.imputation.joint import complete_df, joint_rows, with_models
from evalkit.studies.imputation.methods import NAN, Row, Stack, by_statistics
from evalkit.studies.imputation.pooled import COLUMNS, PooledResult
from evalkit.studies.imputation.rules import CHANGE, JOINT, method_for

Call = Callable[[pd.DataFrame], Any]


def pool(data: Imputed | Sequence[Any], call: Call | None = None, *, conf_level: float | None = None) -> PooledResult:
    """Estimates of several completed data sets as one.

    Parameters
    ----------
    data : Imputed, or list of results
        With results, they come from the same call on each completed data set.
    call : callable, with an Imputed
        One completed frame -> a result, e.g. ``lambda d: ek.regress(d, "y ~ x")``. It is called once more on the frame
        with its gaps, for the listwise estimates that stand beside the pooled ones.
    conf_level : float, optional
        By default that of the results.

    Returns
    -------
    PooledResult
        Everything with a standard error is pooled by Rubin's rules with Barnard & Rubin's degrees of freedom (Rubin's
        of 1987 for large-sample tests without a known residual); R squared and correlations by Fisher's z, alpha by
        ln(1 - alpha), ratios by their logarithm; tests of several coefficients by D1 (with D2 and, for classical linear
        models, D3 beside it); other F and chi-square tests by D2, with CFI, TLI and RMSEA of the pooled chi-square.
        Intervals that are not symmetric (indirect effects, bootstrapped within each imputation) keep their shape:
        limits are recovered on each side. Johnson-Neyman bounds are those of the pooled slope; p-values of pairs and
        families are adjusted anew. Measures without a standard error are averaged. What has no pooled form is left out
        and named (N6246); what only some imputations could compute is left out and named (W6247).

    Raises
    ------
    AnalysisError
        E6244 for fewer than two results, results of different kinds or without estimates; E6245 without a call.

    Notes
    -----
    Rubin (1987); Barnard & Rubin (1999), Biometrika 86, 948-955; see `rubin`, `methods` and `joint` for the others.
    """
    listwise = None
    if isinstance(data, Imputed):
        if call is None:
            raise AnalysisError(Problem("E6245"))
        results = [call(frame) for frame in data]
        listwise = _listwise(data, call)
    else:
        results = list(data)
    if len(results) < 2 or len({type(r) for r in results}) > 1 or not hasattr(results[0], "tidy"):
        raise AnalysisError(Problem("E6244", params={"n": len(results)}))
    level = float(conf_level or getattr(results[0], "conf_level", 0.95))
    rows, left, partial = _pooled_rows(results, level)
    if not rows:
        raise AnalysisError(Problem("E6244", params={"n": len(results)}))
    notices = list(dict.fromkeys(p for r in results for p in r.notices))
    notices += [Problem("W6247", params={"terms": partial, "m": len(results)})] if partial else []
    notices += [Problem("N6246", params={"terms": left})] if left else []
    notices += [p for p in data.notices if p.code == "W6238"] if isinstance(data, Imputed) else []
    return PooledResult(
        estimates=_frame(rows, listwise),
        m=len(results),
        conf_level=level,
        labels=_labels(results[0]),
        source=type(results[0]).__name__,
        n_obs=min(int(r.n_obs) for r in results),
        n_listwise=None if listwise is None else int(listwise.n_obs),
        dropped=_least(results),
        notices=tuple(dict.fromkeys(notices)),
    )


def _listwise(data: Imputed, call: Call) -> Any:
    """The analysis of the frame with its gaps; nothing where it cannot be done."""
    frame = data.data
    for maker in data.makers:
        frame = maker(frame)
    try:
        return call(frame)
    except AnalysisError:
        return None


def _pooled_rows(results: Sequence[Any], level: float) -> tuple[list[Row], list[str], list[str]]:
    """Pooled rows in the order of the first result; terms without a pooled form; terms not in every imputation."""
    frames = [_keyed(result.tidy()) for result in results]
    order = list(dict.fromkeys(key for frame in frames for key in frame.index))
    numeric = [c for c in frames[0].columns if GLOSSARY[c] != "text"]
    wide = {c: np.column_stack([f[c].reindex(order).to_numpy(float) for f in frames]) for c in numeric}
    method_of, complete = method_for(results[0]), _complete(results[0])
    joint = {(model, term): row for model, term, row in joint_rows(results)}
    out: list[Row] = []
    left, partial = {}, []
    for at, key in enumerate(order):
        keys = dict(zip(KEYS, key, strict=True))
        term = str(keys["term"] or "")
        stack = Stack({c: values[at] for c, values in wide.items()}, level, _df(wide, at, complete), keys)
        base: Row = keys | {"n_obs": float(np.nanmin(stack["n_obs"])) if np.isfinite(stack["n_obs"]).any() else NAN}
        if term in JOINT:
            out += _joint(base, term, stack, joint)
            continue
        if term == CHANGE:
            out.append(base)
            continue
        method = method_of(stack)
        if method is not None:
            out.append(base | method(stack) | _beside(stack))
        elif stack.has("estimate") or (stack.has("statistic") and not np.isfinite(stack["estimate"]).any()):
            left[key] = base
        elif np.isfinite(stack["estimate"]).any():
            partial.append(term)
    rows = derived(results, _with_changes(out), left, complete, level)
    known = {tuple(row.get(k) for k in KEYS) for row in rows}
    without = [str(key[KEYS.index("term")] or "") for key in left if key not in known]
    return rows, list(dict.fromkeys(without)), list(dict.fromkeys(partial))


def _keyed(tidy: pd.DataFrame) -> pd.DataFrame:
    keys = tidy[list(KEYS)].astype(object)
    keys = keys.where(keys.notna(), None)
    return tidy.set_index(pd.Index(list(keys.itertuples(index=False, name=None)), tupleize_cols=False))


def _complete(result: Any) -> float | None:
    """Degrees of freedom of large-sample tests: rows less coefficients of the last model."""
    models = getattr(with_models(result), "models", ())
    if isinstance(models, tuple) and models and hasattr(models[-1], "fit") and not hasattr(models[-1].fit, "ssr"):
        return complete_df(models[-1].fit, linear=False)
    equations = getattr(result, "fits", ())
    if isinstance(equations, tuple) and equations:
        return float(equations[-1].n_obs - len(equations[-1].terms))
    return None


def _df(wide: dict[str, np.ndarray], at: int, complete: float | None) -> float:
    known = wide["df"][at]
    if np.isfinite(known).all():
        return float(known.mean())
    return np.inf if complete is None else complete


def _joint(base: Row, term: str, stack: Stack, joint: dict[tuple[str, str], Row]) -> list[Row]:
    """D1 under the term itself, D2 and D3 under terms of their own."""
    model = str(base["model"] or "")
    found = []
    for suffix in ("", "_d3"):
        row = joint.get((model, f"{term}{suffix}"))
        if row is not None:
            found.append(base | row | {"term": f"{term}{suffix}"})
    if found and stack.has("statistic", "df") and (stack["df"] > 0).all():
        found.insert(1, base | by_statistics(stack) | {"term": f"{term}_d2"})
    return found


def _with_changes(rows: list[Row]) -> list[Row]:
    """R squared change: the pooled R squared less that of the model before; of the first, R squared itself."""
    before: dict[str, float] = {}
    here: dict[str, float] = {}
    model = object()
    for row in rows:
        outcome = str(row["outcome"])
        if row["term"] == "model.r_squared":
            if row["model"] != model:
                before, model = dict(here), row["model"]
            here[outcome] = float(row["estimate"])
        elif row["term"] == CHANGE and outcome in here:
            row |= {"estimate": here[outcome] - before.get(outcome, 0.0), "label": "change"}
    return [row for row in rows if "estimate" in row]


def _beside(stack: Stack) -> Row:
    """Standardised coefficients and ratios that go with an estimate."""
    return {"beta": float(stack["beta"].mean())} if stack.has("beta") else {}


def _frame(rows: list[Row], listwise: Any) -> pd.DataFrame:
    columns = {c: [row.get(c, None if GLOSSARY[c] == "text" else NAN) for row in rows] for c in COLUMNS}
    if listwise is not None:
        # An F from D1 or D2 has beside it what is a statistic too; a bound only within the answers has nothing.
        keys = pd.Index([tuple(row[k] for k in KEYS) for row in rows], tupleize_cols=False)
        frame = _keyed(listwise.tidy()).reindex(keys)
        how = np.array([str(row.get("label")) for row in rows])
        other = frame["estimate"].to_numpy(float) != frame["statistic"].to_numpy(float)
        unlike = (how == "bound") | (np.isin(how, ("d1", "d2")) & other & ~np.char.startswith(_terms(rows), "model."))
        for name, source in (("listwise", "estimate"), ("listwise_se", "std_error"), ("listwise_n", "n_obs")):
            values = frame[source].to_numpy(float)
            columns[name] = list(np.where(unlike, NAN, values) if name == "listwise" else values)
    return tidy_frame(len(rows), **columns)


def _terms(rows: list[Row]) -> np.ndarray:
    return np.array([str(row["term"]) for row in rows])


def _labels(result: Any) -> dict[str, Label]:
    labels = getattr(result, "labels", None)
    return dict(labels) if labels else {}


def _least(results: Sequence[Any]) -> tuple[Drop, ...]:
    """Rows set aside in the imputation that lost most."""
    return max((tuple(r.dropped) for r in results), key=lambda drops: sum(d.n for d in drops))
