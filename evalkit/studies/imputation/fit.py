"""Structural models of m completed data sets in, their chi-square tests and fit indices pooled out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from evalkit.studies.imputation.methods import NAN, Row
from evalkit.studies.imputation.rubin import JointTest, statistics_test

INDICES = ("cfi", "tli")


def fit_rows(results: Sequence[Any]) -> Iterator[Row]:
    """Rows `model.chisq`, `model.cfi`, `model.tli`, `model.rmsea`, with `_scaled` where the estimator corrects.

    The tests are D2, given as chi-square (F times its first degrees of freedom); the indices are those of the pooled
    statistics of the model and of the independence model, as semTools has them. Enders & Mansolf (2018), Psychological
    Methods 23, 76-93.
    """
    found = _measures(results)
    for end in ("", "_scaled"):
        k, tested = _test(found, f"chisq{end}", f"df{end}")
        if tested is None:
            continue
        chisq = tested.statistic * k
        yield _row(f"model.chisq{end}", chisq, tested)
        against, base = _test(found, f"baseline_chisq{end}", f"baseline_df{end}")
        if base is not None:
            yield from _indices((chisq, k), (base.statistic * against, against), end)
        if not end:
            yield from _error(chisq, k, results[0])


def _measures(results: Sequence[Any]) -> dict[str, np.ndarray]:
    """Fit measure -> its value in each imputation."""
    frames = [r.tidy() for r in results]
    rows = [f[f["term"].astype(str).str.startswith("model.")].set_index("term")["estimate"] for f in frames]
    names = dict.fromkeys(name for row in rows for name in row.index)
    return {name.removeprefix("model."): np.array([row.get(name, NAN) for row in rows], dtype=float) for name in names}


def _test(found: dict[str, np.ndarray], statistic: str, df: str) -> tuple[int, JointTest | None]:
    values, k = found.get(statistic), found.get(df)
    if values is None or k is None or not (np.isfinite(values).all() and np.isfinite(k).all()):
        return 0, None
    first = int(round(float(k[0])))
    if first < 1 or (np.round(k) != first).any():
        return first, None
    return first, statistics_test(values, first)


def _row(term: str, value: float, test: JointTest) -> Row:
    return {
        "term": term,
        "estimate": value,
        "statistic": value,
        "df": test.df,
        "df2": test.df2 if np.isfinite(test.df2) else NAN,
        "p_value": test.p_value,
        "riv": test.riv,
        "label": "d2",
    }


def _indices(model: tuple[float, int], base: tuple[float, int], end: str) -> Iterator[Row]:
    from evalkit.structure.fit_measures import incremental
    from evalkit.structure.testing import chi_square

    values = incremental(chi_square(*model), chi_square(*base), end)
    for name in INDICES:
        yield {"term": f"model.{name}{end}", "estimate": float(values[f"{name}{end}"]), "label": "fit"}


def _error(chisq: float, df: int, result: Any) -> Iterator[Row]:
    from evalkit.structure.fit_measures import rmsea

    values = rmsea(chisq, df, float(result.n_obs), max(len(getattr(result, "groups", ())), 1), "")
    ends = {"conf_low": values["rmsea_low"], "conf_high": values["rmsea_high"]}
    yield {"term": "model.rmsea", "estimate": values["rmsea"], "label": "fit"} | ends
