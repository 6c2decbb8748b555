"""Groups, an outcome and covariates in; the analysis of covariance with adjusted means out."""

from __future__ import annotations

import numpy as np
from scipy import stats

from evalkit.descriptive.comparison.means import difference_test, equivalence
from evalkit.descriptive.comparison.noncentral import f_interval
from evalkit.descriptive.comparison.sample import Line, Sample, Wishes, effect, line
from evalkit.descriptive.comparison.variance import with_adjusted
from evalkit.moments import least_squares


def ancova(sample: Sample, wishes: Wishes) -> list[Line]:
    """F of the groups given the covariates (type III), adjusted means at the covariates' means, their differences.

    Notes
    -----
    Groups enter by effect coding, so that every F of type III is that of dropping one term. `slopes`: F of group by
    covariate products added, the test of equal slopes. `adjusted_mean` at the sample means of all covariate columns.
    """
    y, covariates = sample.pooled, sample.covariates
    if covariates is None:
        raise ValueError("ANCOVA without covariates")
    k, group = len(sample.values), sample.group
    coded = np.where(group[:, None] == np.arange(k - 1), 1.0, 0.0) - (group == k - 1)[:, None]
    parts = {"intercept": np.ones((len(y), 1)), "groups": coded}
    for name in dict.fromkeys(sample.covariate_of):
        parts[f"covariate.{name}"] = covariates[:, [of == name for of in sample.covariate_of]]
    full = np.column_stack(list(parts.values()))
    fit = least_squares(full, y)
    df2, error = len(y) - full.shape[1], fit.residual_ss
    if df2 < 1 or fit.rank < full.shape[1] or not error > 1e-12 * float(np.sum((y - y.mean()) ** 2)):
        return [line("test", reason="descriptive.compare.reason_collinear")]
    found = []
    for term, own in parts.items():
        rest = np.column_stack([part for name, part in parts.items() if name != term])
        df = float(own.shape[1])
        between = least_squares(rest, y).residual_ss - error
        f = between / df / (error / df2)
        values = {"df": df, "df2": float(df2), "p_value": float(stats.f.sf(f, df, df2)), "sum_of_squares": between}
        found.append(line("test" if term == "groups" else term, statistic=f, **values))
        if term == "groups":
            share = f * df / (f * df + df2)
            found.append(effect("partial_eta_squared", share, f_interval(f, df, df2, wishes.conf_level)))
    found.append(line("within", sum_of_squares=error, df=float(df2)))
    found.append(_slopes(full, coded, covariates, y, error))
    # The intercept's F stands behind the groups', as `test` is the first row of every comparison.
    found.sort(key=lambda row: row["term"] != "test")
    return [*found, *_adjusted(sample, covariates, y, error / df2, float(df2), wishes)]


def _slopes(full: np.ndarray, coded: np.ndarray, covariates: np.ndarray, y: np.ndarray, error: float) -> Line:
    centred = covariates - covariates.mean(axis=0)
    products = np.column_stack([coded[:, [i]] * centred for i in range(coded.shape[1])])
    wider = np.column_stack([full, products])
    df, df2 = float(products.shape[1]), float(len(y) - wider.shape[1])
    fit = least_squares(wider, y)
    rest = fit.residual_ss
    if df2 < 1 or fit.rank < wider.shape[1] or not rest > 0:
        return line("slopes", reason="descriptive.compare.reason_collinear")
    f = (error - rest) / df / (rest / df2)
    return line("slopes", statistic=f, df=df, df2=df2, p_value=float(stats.f.sf(f, df, df2)))


def _adjusted(
    sample: Sample, covariates: np.ndarray, y: np.ndarray, variance: float, df2: float, wishes: Wishes
) -> list[Line]:
    """Adjusted means with intervals, and their differences: pairs, or the one tested for equivalence."""
    k = len(sample.values)
    centred = covariates - covariates.mean(axis=0)
    x = np.column_stack([(sample.group[:, None] == np.arange(k)).astype(float), centred])
    fit = least_squares(x, y)
    b, cov = fit.coefficients[:k], variance * fit.inverse[:k, :k]
    q = float(stats.t.ppf((1 + wishes.conf_level) / 2, df2))
    found = []
    for i, id in enumerate(sample.ids):
        error = float(np.sqrt(cov[i, i]))
        ends = {"conf_low": b[i] - q * error, "conf_high": b[i] + q * error}
        found.append(line("adjusted_mean", id, estimate=float(b[i]), std_error=error, df=df2, **ends))
    errors = {pair: float(np.sqrt(cov[i, i] + cov[j, j] - 2 * cov[i, j])) for i, j, pair in sample.pairs()}
    pairs = [
        line("pair", pair, **difference_test(float(b[i] - b[j]), errors[pair], df2, wishes.conf_level))
        for i, j, pair in sample.pairs()
    ]
    if k == 2:
        found += equivalence(pairs[0]["estimate"], pairs[0]["std_error"], df2, wishes)
    return [*found, *(with_adjusted(pairs, wishes) if wishes.posthoc == "adjusted_means" else [])]
