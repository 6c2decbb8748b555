"""Cells of two crossed factors in; the analysis of variance of both and of their interaction out."""

from __future__ import annotations

import numpy as np
from scipy import stats

from evalkit.descriptive.comparison.noncentral import f_interval
from evalkit.descriptive.comparison.sample import Line, Sample, Wishes, effect, line
from evalkit.moments import least_squares

FIRST, SECOND, BOTH = "factor.first", "factor.second", "factor.interaction"


def two_way(sample: Sample, wishes: Wishes) -> list[Line]:
    """F of two factors and their interaction, whose F is the `test`; level = the type of the sums of squares.

    Notes
    -----
    Factors enter by effect coding. Type 1: first, second, interaction in turn; type 2: each factor given the other;
    type 3: each given all others, as SPSS has it. The error is that of the full model throughout. Every cell of the
    crossing must have answers.
    """
    if sample.strata is None:
        raise ValueError("two factors without the first")
    y, cell = sample.pooled, sample.group
    first = np.unique(sample.strata, return_inverse=True)[1]
    rows = int(first.max()) + 1
    columns = len(sample.ids) // rows
    whole = rows * columns == len(sample.ids) and bool((first == cell // columns).all())
    if not whole or min(rows, columns) < 2 or len(y) <= len(sample.ids):
        return [line("test", reason="descriptive.compare.reason_cells")]
    a, b = _codes(first, rows), _codes(cell % columns, columns)
    parts = {"intercept": np.ones((len(y), 1)), FIRST: a, SECOND: b}
    parts[BOTH] = np.column_stack([a[:, [i]] * b for i in range(rows - 1)])

    def error(*names: str) -> float:
        return float(least_squares(np.column_stack([parts[name] for name in names]), y).residual_ss)

    one, full = "intercept", error(*parts)
    df2 = float(len(y) - len(sample.ids))
    base, of_a, of_b, of_both = error(one), error(one, FIRST), error(one, SECOND), error(one, FIRST, SECOND)
    last = of_both - full
    sums = {
        "type1": {FIRST: base - of_a, SECOND: of_a - of_both, BOTH: last},
        "type2": {FIRST: of_b - of_both, SECOND: of_a - of_both, BOTH: last},
        "type3": {name: error(*(other for other in parts if other != name)) - full for name in parts},
    }
    found: list[Line] = []
    for kind, terms in sums.items():
        for name, squares in terms.items():
            df = float(parts[name].shape[1])
            f = squares / df / (full / df2)
            values = {"statistic": f, "df": df, "df2": df2, "p_value": float(stats.f.sf(f, df, df2))}
            found.append(line(name, kind, sum_of_squares=squares, **values))
            if kind == "type3" and name != one:
                share = effect(
                    "partial_eta_squared", squares / (squares + full), f_interval(f, df, df2, wishes.conf_level)
                )
                found.append(share | {"level": None if name == BOTH else name})
    # The interaction first: its share is the one that is printed.
    found.sort(key=lambda row: row["term"] != "partial_eta_squared" or row["level"] is not None)
    test = next(row for row in found if row["term"] == BOTH)
    return [test | {"term": "test", "level": None}, *found, line("within", sum_of_squares=full, df=df2)]


def _codes(place: np.ndarray, k: int) -> np.ndarray:
    """Effect codes, shape (n, k - 1): -1 for the last."""
    return np.where(place[:, None] == np.arange(k - 1), 1.0, 0.0) - (place == k - 1)[:, None]
