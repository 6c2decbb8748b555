"""Three or more measures of the same rows in; repeated-measures tests out."""

from __future__ import annotations

import numpy as np
from scipy import stats

from evalkit.descriptive.comparison.means import paired_t
from evalkit.descriptive.comparison.noncentral import f_interval
from evalkit.descriptive.comparison.ranks import wilcoxon
from evalkit.descriptive.comparison.sample import Line, Sample, Wishes, effect, line
from evalkit.descriptive.comparison.variance import with_adjusted


def repeated(sample: Sample, wishes: Wishes) -> list[Line]:
    """Repeated-measures analysis of variance; the test has Greenhouse and Geisser's degrees of freedom.

    Notes
    -----
    Epsilon: Greenhouse & Geisser (1959), Psychometrika 24, 95-112; Huynh & Feldt (1976), J. Educ. Stat. 1, 69-82 (its
    p with the value as it is, above 1 too). Sphericity: Mauchly (1940) with the second term of Box's series.
    """
    x = np.column_stack(sample.values)
    n, k = x.shape
    row, column, grand = x.mean(axis=1), x.mean(axis=0), x.mean()
    between = n * float(np.sum((column - grand) ** 2))
    within = float(np.sum((x - row[:, None] - column[None, :] + grand) ** 2))
    rows = k * float(np.sum((row - grand) ** 2))
    df, df2 = float(k - 1), float((n - 1) * (k - 1))
    if not within > 1e-12 * max(1.0, float(np.sum(x**2))):
        return [line("test", reason="descriptive.compare.reason_constant")]
    f = between / df / (within / df2)
    contrasts = np.linalg.qr(np.column_stack([np.ones(k), np.eye(k)[:, 1:]]))[0][:, 1:]
    s = np.cov(x @ contrasts, rowvar=False).reshape(k - 1, k - 1)
    gg = float(np.trace(s) ** 2 / (df * np.sum(s * s)))
    free = df * (n - 1 - df * gg)
    hf = (n * df * gg - 2) / free if abs(free) > 1e-9 else float("nan")

    def with_epsilon(e: float) -> Line:
        return {"statistic": f, "df": e * df, "df2": e * df2, "p_value": float(stats.f.sf(f, e * df, e * df2))}

    eta = between / (between + within)
    return [
        line("test", **with_epsilon(gg)),
        line("sphericity_assumed", **with_epsilon(1.0)),
        line("greenhouse_geisser", estimate=gg, **with_epsilon(gg)),
        line("huynh_feldt", estimate=hf, **with_epsilon(hf)),
        _mauchly(s, n),
        effect("partial_eta_squared", eta, f_interval(f, df, df2, wishes.conf_level)),
        effect("generalised_eta_squared", between / (between + within + rows)),
        *_pairs(sample, wishes),
    ]


def friedman(sample: Sample, wishes: Wishes) -> list[Line]:
    """Friedman's chi-square of the ranks within rows, corrected for ties, and Kendall's W."""
    x = np.column_stack(sample.values)
    n, k = x.shape
    ranks = stats.rankdata(x, axis=1)
    sums = ranks.sum(axis=0)
    free = float(np.sum(ranks**2) - n * k * (k + 1) ** 2 / 4)
    if free <= 0:
        return [line("test", reason="descriptive.compare.reason_no_change")]
    chi2 = float((k - 1) * (np.sum(sums**2) - n**2 * k * (k + 1) ** 2 / 4) / free)
    test = line("test", statistic=chi2, df=float(k - 1), p_value=float(stats.chi2.sf(chi2, k - 1)))
    return [test, effect("kendalls_w", chi2 / (n * (k - 1))), *_pairs(sample, wishes)]


def _mauchly(s: np.ndarray, n: int) -> Line:
    p = len(s)
    if p < 2:
        return line("mauchly", estimate=1.0)
    w = float(np.linalg.det(s) / (np.trace(s) / p) ** p)
    rho = 1 - (2 * p**2 + p + 2) / (6 * p * (n - 1))
    if not rho > 0:  # too few rows for the series
        return line("mauchly", estimate=w)
    w2 = (p + 2) * (p - 1) * (p - 2) * (2 * p**3 + 6 * p**2 + 3 * p + 2) / (288 * ((n - 1) * p * rho) ** 2)
    f = p * (p + 1) / 2 - 1
    if not w > 0:
        return line("mauchly", estimate=w, df=f)
    z = -(n - 1) * rho * np.log(w)
    first, second = float(stats.chi2.sf(z, f)), float(stats.chi2.sf(z, f + 4))
    return line("mauchly", estimate=w, statistic=float(z), df=f, p_value=first + w2 * (second - first))


def _pairs(sample: Sample, wishes: Wishes) -> list[Line]:
    """Paired tests of every two measures, adjusted for one another; the estimate of ranks is the rank-biserial r."""
    if wishes.posthoc == "none":
        return []
    test = {"paired_t": paired_t, "wilcoxon": wilcoxon}[wishes.posthoc]
    alone = Wishes(conf_level=wishes.conf_level)
    found = []
    for a, b, pair in sample.pairs():
        two = sample.only(a, b)
        changed = np.ptp(two.values[0] - two.values[1]) > 0
        lines = test(two, alone) if changed else [{}]
        ranks = next((row for row in lines if row.get("term") == "rank_biserial"), {})
        found.append({"p_value": np.nan} | ranks | lines[0] | {"term": "pair", "level": pair})
    return with_adjusted(found, wishes)
