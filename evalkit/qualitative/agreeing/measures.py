"""One table of values in, the lines of every coefficient out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import stats

from evalkit.qualitative.agreeing.coefficients import COEFFICIENTS, Coefficient, estimate, krippendorff
from evalkit.qualitative.agreeing.ratings import Patterns
from evalkit.qualitative.agreeing.uncertainty import Spread, analytic, analytic_alpha, bootstrap, jackknife
from evalkit.qualitative.agreeing.weights import agreement_weights, squared_differences

_NAN = float("nan")
FORMS = {"cohen": "multinomial", "light": "units", "krippendorff": "units"}
"""How the analytic standard error is made where it is not Gwet's."""
OF_TWO, OF_MORE = ("cohen", "scott"), ("fleiss", "conger", "light")
METHODS = ("percent", "holsti", "krippendorff", "gwet", "brennan_prediger", *OF_TWO, *OF_MORE)


@dataclass(frozen=True)
class Settings:
    """Options that every coefficient shares; `by` is what codings were compared on, None for one column a coder."""

    methods: tuple[str, ...]
    weights: str
    metric: str
    complete: bool
    intervals: tuple[str, ...]
    conf_level: float
    resamples: int
    seed: int
    by: str | None = None


@dataclass(frozen=True)
class Measure:
    """One coefficient: how much agreement was seen, how much chance gives, and the intervals asked for.

    `reason` is a word key that says why the estimate is nan. `statistic` and `p_value` test agreement by chance
    alone, where a standard error under that assumption is known (Cohen, Fleiss).
    """

    method: str
    estimate: float
    observed: float = _NAN
    expected: float = _NAN
    spreads: tuple[Spread, ...] = ()
    null_error: float = _NAN
    n_units: int = 0
    reason: str | None = None

    @property
    def statistic(self) -> float:
        return self.estimate / self.null_error if self.null_error > 0 else _NAN

    @property
    def p_value(self) -> float:
        return float(2 * stats.norm.sf(abs(self.statistic)))


def measures_of(p: Patterns, settings: Settings) -> tuple[Measure, ...]:
    """Every method asked for that fits the number of coders, in the order asked."""
    two = p.n_coders == 2
    fitting = [m for m in settings.methods if m not in (OF_MORE if two else OF_TWO)]
    return tuple(_measure(method, p, settings) for method in fitting)


def _measure(method: str, p: Patterns, settings: Settings) -> Measure:
    if method == "holsti":
        return _holsti(p)
    used = p.complete() if settings.complete or method in ("cohen", "scott", "light") else p
    if method == "krippendorff":
        used = used.several()
    n_units = int(used.counts[used.sizes >= 2].sum())
    if not n_units:
        return Measure(method, _NAN, reason="agreement.reason_no_pairs")
    coefficient: Coefficient = krippendorff(settings.metric) if method == "krippendorff" else COEFFICIENTS[method]
    kind = "unweighted" if method == "percent" else settings.weights
    weights = agreement_weights(kind, used.scores, used.n_categories)
    observed, expected = (float(x[0]) for x in coefficient(used, weights, used.counts[None]))
    value = float(estimate((np.array([observed]), np.array([expected])))[0])
    if not np.isfinite(value):
        return Measure(method, _NAN, observed, expected, n_units=n_units, reason="agreement.reason_no_variation")

    def statistic(counts: np.ndarray) -> np.ndarray:
        return estimate(coefficient(used, weights, counts))

    if method in ("krippendorff", "light"):
        observed = expected = _NAN
    spreads = tuple(_spreads(method, statistic, used, value, settings))
    return Measure(method, value, observed, expected, spreads, _null_error(method, used, weights), n_units)


def _spreads(
    method: str, statistic: Callable[[np.ndarray], np.ndarray], p: Patterns, value: float, settings: Settings
) -> Iterator[Spread]:
    level = settings.conf_level
    linearised: Callable[[], Spread] = partial(
        analytic, statistic, p, p.counts, value, FORMS.get(method, "gwet"), level
    )
    if method == "krippendorff" and settings.metric != "ordinal":
        apart = squared_differences(settings.metric, p.scores, np.zeros((1, p.n_categories)))[0]
        linearised = partial(analytic_alpha, p, 1 - apart / apart.max(), value, level)
    makers: dict[str, Callable[[], Spread]] = {
        "analytic": linearised,
        "jackknife": partial(jackknife, statistic, p.counts, value, level),
        "bootstrap": partial(bootstrap, statistic, p.counts, settings.resamples, settings.seed, level),
    }
    yield from (makers[kind]() for kind in settings.intervals)


def _holsti(p: Patterns) -> Measure:
    """Holsti (1969): 2 M / (N1 + N2), agreeing values against all values given; over pairs for more coders."""
    agreeing = (p.counts * (p.tallies * (p.tallies - 1)).sum(axis=1)).sum()
    given = (p.counts * p.sizes).sum() * (p.n_coders - 1)
    if not given:
        return Measure("holsti", _NAN, reason="agreement.reason_no_pairs")
    return Measure("holsti", float(agreeing / given), n_units=p.n_units)


def _null_error(method: str, p: Patterns, w: np.ndarray) -> float:
    """Standard error if coders agreed by chance alone; nan where none is known or values carry weights."""
    if (w != np.eye(len(w))).any() or (p.sizes != p.n_coders).any():
        return _NAN
    n = p.counts.sum()
    if method == "cohen":
        row, column = (p.counts @ p.indicators[:, coder] / n for coder in (0, 1))
        pe = row @ column
        return float(np.sqrt(max(pe + pe**2 - (row * column * (row + column)).sum(), 0) / n) / (1 - pe))
    if method == "fleiss":
        r = p.n_coders
        share = p.counts @ p.tallies / (n * r)
        spread = (share * (1 - share)).sum()
        inner = spread**2 - (share * (1 - share) * (1 - 2 * share)).sum()
        return float(np.sqrt(2 * inner / (n * r * (r - 1))) / spread)
    return _NAN


def largest_kappa(p: Patterns) -> float:
    """The highest Cohen's kappa that the marginals of two coders allow."""
    p = p.complete()
    if not p.n_units:
        return _NAN
    row, column = (p.counts @ p.indicators[:, coder] / p.counts.sum() for coder in (0, 1))
    expected = row @ column
    return float((np.minimum(row, column).sum() - expected) / (1 - expected)) if expected < 1 else _NAN


def confusion(p: Patterns) -> np.ndarray:
    """Values of the first coder by those of the second, shape (q, q)."""
    return np.einsum("p,pk,pl->kl", p.counts, p.indicators[:, 0], p.indicators[:, 1])


def numeric_measures(p: Patterns, pairs: Sequence[tuple[int, int]]) -> dict[tuple[tuple[int, ...], str], float]:
    """Kendall's W of all coders (corrected for ties), Lin's concordance and Bland-Altman limits of each pair.

    Keys are (coders, name). Lin (1989), Biometrics 45, 255-268, variances with divisor n; Bland & Altman (1986),
    Lancet 327, 307-310, limits at 1.96 standard deviations.
    """
    scores = p.scores
    if scores is None:
        return {}
    everyone = tuple(range(p.n_coders))
    found: dict[tuple[tuple[int, ...], str], float] = {}
    units = p.codes[p.row[p.row >= 0]]
    whole = scores[units][(units >= 0).all(axis=1)]
    found |= {(everyone, name): value for name, value in _kendall(whole).items()}
    for pair in pairs:
        codes = units[:, list(pair)]
        x = scores[codes[(codes >= 0).all(axis=1)]]
        found |= {(pair, name): value for name, value in _of_pair(x).items()}
    return found


def _kendall(x: np.ndarray) -> dict[str, float]:
    n, m = x.shape
    if n < 2:
        return {}
    ranks = stats.rankdata(x, axis=0)
    sums = ranks.sum(axis=1)
    ties = sum(float((t**3 - t).sum()) for t in (np.unique(x[:, j], return_counts=True)[1] for j in range(m)))
    room = m**2 * (n**3 - n) - m * ties
    w = float(12 * ((sums - sums.mean()) ** 2).sum() / room) if room > 0 else _NAN
    chi2 = m * (n - 1) * w
    return {"kendall_w": w, "kendall_chi2": chi2, "kendall_p": float(stats.chi2.sf(chi2, n - 1))}


def _of_pair(x: np.ndarray) -> dict[str, float]:
    if len(x) < 2:
        return {}
    apart = x[:, 0] - x[:, 1]
    bias, sd = float(apart.mean()), float(apart.std(ddof=1))
    covariance = np.cov(x.T, ddof=0)
    room = covariance[0, 0] + covariance[1, 1] + bias**2
    lin = float(2 * covariance[0, 1] / room) if room > 0 else _NAN
    return {
        "bland_altman_bias": bias, "bland_altman_sd": sd,
        "bland_altman_low": bias - 1.96 * sd, "bland_altman_high": bias + 1.96 * sd, "lin_ccc": lin,
    }  # fmt: skip
