"""Estimates of groups in, tests of their differences out: products, a fully interacted model, Wald, permutation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.contract import AnalysisError, EvalkitError, Problem
from evalkit.models.linear import entered
from evalkit.models.matrix import INTERCEPT, numeric_outcome, term_columns
from evalkit.models.sample import complete_rows, relevant
from evalkit.models.sandwich import wald
from evalkit.resample import Stream
from evalkit.sampling import design_of
from evalkit.studies.variants.estimating import Estimated
from evalkit.studies.variants.groups import Groups
from evalkit.studies.variants.specification import Specification

TESTS = ("product", "chow", "wald", "permutation")


@dataclass(frozen=True)
class Difference:
    """Test that an effect is the same in every group; of two groups also the second less the first."""

    estimate: float = np.nan
    std_error: float = np.nan
    statistic: float = np.nan
    df: float = np.nan
    df2: float = np.nan
    p_value: float = np.nan
    why: Problem | None = None


def check_test(base: Specification, test: str | None) -> str:
    """The test meant: products where the model has a formula, else Wald.

    Raises
    ------
    AnalysisError
        E6384 for one that is unknown or that the model does not have.
    """
    known = {"regress": TESTS, "outcome_model": TESTS[:3]}.get(base.do, ("wald",))
    plain = not base.arguments.get("precision") and design_of(base.data, base.arguments.get("design")) is None
    if test is not None and (test not in known or (test == "permutation" and not plain)):
        raise AnalysisError(Problem("E6384", params={"name": test, "do": base.do, "known": list(known)}))
    return test or known[0]


def wald_differences(found: Sequence[Estimated], key: str) -> Difference:
    """``sum w (b - mean)^2`` with w = 1/SE^2, chi-squared with groups - 1 df: the groups are independent samples."""
    from scipy.stats import chi2

    rows = [one.rows.loc[key] for one in found if np.isfinite(one.rows.at[key, "std_error"])]
    b = np.array([row["estimate"] for row in rows])
    variance = np.array([row["std_error"] for row in rows]) ** 2
    if len(b) < 2 or (variance <= 0).any():
        return Difference()
    weights = 1 / variance
    statistic = float(weights @ (b - weights @ b / weights.sum()) ** 2)
    two = len(b) == 2 == len(found)
    return Difference(
        estimate=float(b[1] - b[0]) if two else np.nan,
        std_error=float(np.sqrt(variance.sum())) if two else np.nan,
        statistic=statistic,
        df=float(len(b) - 1),
        p_value=float(chi2.sf(statistic, len(b) - 1)),
    )


def product_differences(base: Specification, groups: Groups, keys: Sequence[str], test: str) -> dict[str, Difference]:
    """Wald tests of the products of each key effect with the groups, in one model of all rows.

    `product`: only the key effect's terms may differ; `chow`: every term may (Chow 1960, Econometrica 28, 591-605,
    with the covariance that the model asks for).
    """
    from scipy.stats import chi2
    from scipy.stats import f as f_distribution

    outcome, blocks = base.blocks
    with_column, name = groups.column(base)
    terms = [term for block in blocks for term in block]
    out = {}
    for key in keys:
        own = [term for term in terms if key in term_columns(base.data, term).terms]
        crossed = [(*term, name) for term in (terms if test == "chow" else own)]
        named = [[":".join(term) for term in [*terms, (name,), *crossed]]]
        try:
            result = with_column.given(formula=None, y=outcome, blocks=named).fitted()
        except EvalkitError as error:
            out[key] = Difference(why=error.problems[0])
            continue
        fit = result.models[-1].fit
        products = [f"{key}:{name}.{code}" for code in groups.codes]
        levels = getattr(fit, "levels", ("",) * len(fit.terms))
        places = [
            i
            for i, (term, level) in enumerate(zip(fit.terms, levels, strict=True))
            if term in products and not level and np.isfinite(fit.estimate[i])
        ]
        b, matrix = fit.estimate[places], fit.matrix[np.ix_(places, places)]
        statistic, q, df2 = wald(b, matrix), len(places), float(fit.df)
        if not np.isfinite(statistic):
            told = [p for p in result.notices if p.severity != "note"]
            out[key] = Difference(why=told[0] if told else None)
            continue
        exact = np.isfinite(df2)
        two = q == 1
        out[key] = Difference(
            estimate=float(b[0]) if two else np.nan,
            std_error=float(np.sqrt(matrix[0, 0])) if two else np.nan,
            statistic=statistic if exact else statistic * q,
            df=float(q),
            df2=df2 if exact else np.nan,
            p_value=float(f_distribution.sf(statistic, q, df2) if exact else chi2.sf(statistic * q, q)),
        )
    return out


def permuted_differences(
    base: Specification, groups: Groups, keys: Sequence[str], permutations: int, seed: int
) -> dict[str, Difference]:
    """Share of permutations of the groups whose estimates lie as far apart (largest less smallest) as those found.

    Rows change their group; clusters as a whole where each lies in one group. The data as they are count as one more:
    Phipson & Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9(1), 39.
    """
    outcome, blocks = base.blocks
    names = [outcome, *(n for block in blocks for term in block for n in term)]
    data = relevant(base.data, names, base.arguments.get("cluster"), None)
    values, _ = numeric_outcome(data, outcome)
    columns = entered(data, blocks)[0][-1]
    both = np.column_stack([values, columns.values])
    sample = complete_rows(data, names, both, cluster=base.arguments.get("cluster"), ways=2)
    rows = sample.rows[groups.place[sample.rows] >= 0]
    place = groups.place[rows]
    terms = (INTERCEPT, *columns.terms)
    full = np.column_stack([np.ones(len(rows)), columns.values[rows]])
    q, r = np.linalg.qr(full)
    places = [terms.index(key) if key in terms else -1 for key in keys]
    if not len(rows) or -1 in places or np.abs(np.diag(r)).min() < 1e-10 * np.abs(np.diag(r)).max():
        return {key: Difference(why=Problem("W6385")) for key in keys}
    back = np.linalg.solve(r, np.eye(len(r)))[places]
    y = values[rows]
    clusters = None if sample.clusters is None else sample.clusters[groups.place[sample.rows] >= 0]
    unit, of_unit = _units(place, clusters)
    spread = _spread(q, y, back, place, len(groups.codes))
    stream = Stream(seed)
    beyond, done = np.zeros(len(keys)), np.zeros(len(keys))
    for _ in range(permutations):
        shuffled = of_unit[np.argsort(stream.uniform(len(of_unit)), kind="stable")][unit]
        drawn = _spread(q, y, back, shuffled, len(groups.codes))
        known = np.isfinite(drawn)
        done += known
        beyond += known & (drawn >= spread * (1 - 1e-12))
    return {
        key: Difference(statistic=float(spread[i]), p_value=float((beyond[i] + 1) / (done[i] + 1)))
        if np.isfinite(spread[i])
        else Difference(why=Problem("W6385"))
        for i, key in enumerate(keys)
    }


def _units(place: np.ndarray, clusters: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Unit of each row and group of each unit: rows, or clusters where none lies in two groups."""
    if clusters is not None:
        _, first, unit = np.unique(clusters, return_index=True, return_inverse=True)
        if (place == place[first][unit]).all():
            return unit, place[first]
    return np.arange(len(place)), place


def _spread(q: np.ndarray, y: np.ndarray, back: np.ndarray, place: np.ndarray, groups: int) -> np.ndarray:
    """Largest less smallest estimate of each key effect over the groups; nan where a group has none."""
    found = []
    for g in range(groups):
        part = q[place == g]
        inner = part.T @ part
        if len(part) < len(inner) or np.linalg.eigvalsh(inner)[0] < 1e-12:
            return np.full(len(back), np.nan)
        found.append(back @ np.linalg.solve(inner, part.T @ y[place == g]))
    return np.asarray(np.ptp(np.array(found), axis=0))
