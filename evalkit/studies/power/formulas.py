"""Sample size, effect and level in; the chance that a classic test finds the effect out.

Every formula takes the people altogether, n, which need not be whole while n is searched for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from evalkit.descriptive.comparison.noncentral import scaled_chi


@dataclass(frozen=True)
class Plan:
    """What a test needs to know besides n, effect and level; see `power`."""

    groups: int = 2
    ratio: float = 1.0
    predictors: int = 1
    tested: int = 1
    df: int = 1
    base: float = 0.5
    discordant: float = 0.5
    bounds: tuple[float, float] = (0.0, 0.0)
    a: float = 0.0
    b: float = 0.0
    direct: float = 0.0
    sides: int = 2
    strict: bool = True


@dataclass(frozen=True)
class Formula:
    """One test.

    Parameters
    ----------
    power : callable
        (n, effect, level, plan) -> power.
    least : callable
        plan -> smallest n for which the test exists.
    symbol : str
        Of the effect.
    most : float
        Largest effect, not itself reached.
    options : frozenset of str
        What `power` may be told besides n, effect, alpha and power.
    effect : {"needed", "zero", "none"}
        Whether an effect belongs to it; `zero`: 0 unless given, and not solved for.
    directed : bool
        Whether it can be one-sided.
    """

    power: Callable[[float, float, float, Plan], float]
    least: Callable[[Plan], float]
    symbol: str
    most: float = math.inf
    options: frozenset[str] = field(default=frozenset())
    effect: str = "needed"
    directed: bool = True


def two_means(n: float, effect: float, alpha: float, plan: Plan) -> float:
    """t of two independent groups, `n2 = ratio n1`: noncentrality d sqrt(n1 n2 / (n1 + n2)), Cohen (1988) ch. 2."""
    first = n / (1 + plan.ratio)
    return _t(effect * math.sqrt(first * (n - first) / n), n - 2, alpha, plan)


def one_mean(n: float, effect: float, alpha: float, plan: Plan) -> float:
    """t of one mean, or of the differences of pairs (effect dz): noncentrality d sqrt(n)."""
    return _t(effect * math.sqrt(n), n - 1, alpha, plan)


def many_means(n: float, effect: float, alpha: float, plan: Plan) -> float:
    """F of k groups of one size: noncentrality n f^2, Cohen (1988) ch. 8."""
    return _f(n * effect**2, plan.groups - 1, n - plan.groups, alpha)


def regression(n: float, effect: float, alpha: float, plan: Plan) -> float:
    """F of `tested` of `predictors` predictors: noncentrality n f2, Cohen (1988) ch. 9."""
    return _f(n * effect, plan.tested, n - plan.predictors - 1, alpha)


def correlation(n: float, effect: float, alpha: float, plan: Plan) -> float:
    """Fisher's z of a correlation: atanh(r) sqrt(n - 3)."""
    return _z(math.atanh(effect) * math.sqrt(n - 3), alpha, plan)


def counts(n: float, effect: float, alpha: float, plan: Plan) -> float:
    """Chi-square: noncentrality n w^2, Cohen (1988) ch. 7."""
    return float(stats.ncx2.sf(stats.chi2.isf(alpha, plan.df), plan.df, n * effect**2)) if effect else alpha


def one_share(n: float, effect: float, alpha: float, plan: Plan) -> float:
    """z of a share against `base`; the variance of the test is that under `base`."""
    p, q = plan.base, plan.base + effect
    return _z(effect * math.sqrt(n), alpha, plan, math.sqrt(p * (1 - p)), math.sqrt(q * (1 - q)))


def two_shares(n: float, effect: float, alpha: float, plan: Plan) -> float:
    """z of two shares, pooled under no difference.

    Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, eq. 4.14, without continuity correction.
    """
    p, q, k = plan.base, plan.base + effect, plan.ratio
    pooled = (p + k * q) / (1 + k)
    null = math.sqrt(pooled * (1 - pooled) * (1 + 1 / k))
    return _z(effect * math.sqrt(n / (1 + k)), alpha, plan, null, math.sqrt(p * (1 - p) + q * (1 - q) / k))


def changed_shares(n: float, effect: float, alpha: float, plan: Plan) -> float:
    """McNemar's test; effect is the difference of the shares, `discordant` the share that changes either way.

    Connor (1987), Biometrics 43, 207-211.
    """
    spread = plan.discordant - effect**2
    return _z(effect * math.sqrt(n), alpha, plan, math.sqrt(plan.discordant), math.sqrt(max(spread, 0.0)))


def two_means_alike(n: float, effect: float, alpha: float, plan: Plan) -> float:
    """Two one-sided t tests of two groups; bounds and the true difference in standard deviations."""
    first = n / (1 + plan.ratio)
    return _alike(math.sqrt(first * (n - first) / n), n - 2, effect, alpha, plan)


def pairs_alike(n: float, effect: float, alpha: float, plan: Plan) -> float:
    """The same of one sample of differences, in standard deviations of the difference."""
    return _alike(math.sqrt(n), n - 1, effect, alpha, plan)


def joint_paths(n: float, effect: float, alpha: float, plan: Plan) -> float:
    """Both paths of a simple mediation significant: the product of two t tests, whose estimates are independent.

    Standardised paths; noncentralities a sqrt(n / (1 - a^2)) and b sqrt(n (1 - a^2) / (1 - R^2)). The test: MacKinnon
    and others (2002), Psychological Methods 7, 83-104.
    """
    rest = 1 - _explained(plan)
    first = _t(plan.a * math.sqrt(n / (1 - plan.a**2)), n - 2, alpha, plan)
    return first * _t(plan.b * math.sqrt(n * (1 - plan.a**2) / rest), n - 3, alpha, plan)


def sobel(n: float, effect: float, alpha: float, plan: Plan) -> float:
    """Sobel's z of a simple mediation: z_a z_b / sqrt(z_a^2 + z_b^2) of independent normal z of the two paths.

    Not normal itself: it is beyond c where |z_a| > c and |z_b| > c |z_a| / sqrt(z_a^2 - c^2), which is integrated over
    z_a by Gauss and Legendre.
    """
    shift_a = abs(plan.a) * math.sqrt((n - 2) / (1 - plan.a**2))
    shift_b = abs(plan.b) * math.sqrt((n - 3) * (1 - plan.a**2) / (1 - _explained(plan)))
    if plan.sides == 1 and plan.a * plan.b < 0:
        shift_b = -shift_b
    cut = float(stats.norm.isf(alpha / plan.sides))
    nodes, mass = np.polynomial.legendre.leggauss(400)
    found = 0.0
    for sign in (1.0, -1.0):
        far = max(cut, sign * shift_a) + 10.0
        x = cut + (far - cut) * (nodes + 1) / 2
        density = mass * (far - cut) / 2 * stats.norm.pdf(sign * x - shift_a)
        bound = cut * x / np.sqrt((x - cut) * (x + cut))
        found += float(density @ stats.norm.sf(bound - sign * shift_b))
        if plan.sides == 2 and plan.strict:
            found += float(density @ stats.norm.sf(bound + sign * shift_b))
    return found


def _explained(plan: Plan) -> float:
    return plan.b**2 + plan.direct**2 + 2 * plan.a * plan.b * plan.direct


def design_effect(icc: float, size: float, cv: float = 0.0) -> float:
    """Variance over that of a simple random sample: 1 + ((1 + cv^2) m - 1) icc.

    `cv` is the coefficient of variation of the cluster sizes. Eldridge, Ashby & Kerry (2006), International Journal of
    Epidemiology 35, 1292-1300; equal sizes: Kish (1965).
    """
    return 1 + ((1 + cv**2) * size - 1) * icc


def _t(shift: float, df: float, alpha: float, plan: Plan) -> float:
    cut, shift = float(stats.t.isf(alpha / plan.sides, df)), (abs(shift) if plan.sides == 2 else shift)
    found = _nct_above(cut, df, shift)
    return found + _nct_above(cut, df, -shift) if plan.sides == 2 and plan.strict else found


def _nct_above(cut: float, df: float, shift: float) -> float:
    with np.errstate(all="ignore"):
        found = float(stats.nct.sf(cut, df, shift))
    # Far out the noncentral t has no digits left, and the normal has all that matter.
    return found if math.isfinite(found) else float(stats.norm.sf(cut - shift))


def _f(noncentrality: float, df: float, df2: float, alpha: float) -> float:
    return float(stats.ncf.sf(stats.f.isf(alpha, df, df2), df, df2, noncentrality)) if noncentrality else alpha


def _z(shift: float, alpha: float, plan: Plan, null: float = 1.0, own: float = 1.0) -> float:
    """Power of a z whose SD is `null` under the hypothesis and `own` in truth."""
    cut, shift = float(stats.norm.isf(alpha / plan.sides)) * null, (abs(shift) if plan.sides == 2 else shift)
    if own <= 0:
        return float(shift > cut)
    found = float(stats.norm.sf((cut - shift) / own))
    return found + float(stats.norm.sf((cut + shift) / own)) if plan.sides == 2 and plan.strict else found


def _alike(root: float, df: float, effect: float, alpha: float, plan: Plan) -> float:
    """Both one-sided tests reject, exactly: over the chi of the estimated standard deviation.

    Phillips (1990), Journal of Pharmacokinetics and Biopharmaceutics 18, 137-144.
    """
    s, mass = scaled_chi(df)
    cut = float(stats.t.isf(alpha, df)) * s
    inside = stats.norm.cdf((plan.bounds[1] - effect) * root - cut) - stats.norm.cdf(
        (plan.bounds[0] - effect) * root + cut
    )
    return float(mass @ np.maximum(inside, 0.0))


_CLUSTERS = frozenset({"icc", "cluster_size", "cluster_cv", "attrition"})


def _options(*names: str) -> frozenset[str]:
    return _CLUSTERS | set(names)


def _two(plan: Plan) -> float:
    return 1 + max(plan.ratio, 1 / plan.ratio)


_SHARE = 1 - 1e-9
_PATHS = _options("a", "b", "direct")

FORMULAS: Mapping[str, Formula] = {
    "t": Formula(two_means, lambda p: max(2.1, _two(p)), "d", options=_options("ratio")),
    "t_one_sample": Formula(one_mean, lambda _: 2.0, "d", options=_options()),
    "t_paired": Formula(one_mean, lambda _: 2.0, "dz", options=_options()),
    "anova": Formula(many_means, lambda p: p.groups + 1.0, "f", options=_options("groups"), directed=False),
    "correlation": Formula(correlation, lambda _: 3.1, "r", 1.0, _options()),
    "regression": Formula(regression, lambda p: p.predictors + 2.0, "f²", options=_options("predictors", "tested"),
                          directed=False),
    "chi2": Formula(counts, lambda _: 1.0, "w", options=_options("df"), directed=False),
    "proportion": Formula(one_share, lambda _: 1.0, "p-p0", _SHARE, _options("base")),
    "proportions": Formula(two_shares, lambda p: _two(p), "p2-p1", _SHARE, _options("base", "ratio")),
    "mcnemar": Formula(changed_shares, lambda _: 1.0, "p2-p1", _SHARE, _options("discordant")),
    "equivalence": Formula(two_means_alike, lambda p: max(2.1, _two(p)), "d", options=_options("bounds", "ratio"),
                           effect="zero", directed=False),
    "equivalence_paired": Formula(pairs_alike, lambda _: 2.0, "dz", options=_options("bounds"), effect="zero",
                                  directed=False),
    "mediation": Formula(joint_paths, lambda _: 4.0, "ab", options=_PATHS, effect="none"),
    "mediation_sobel": Formula(sobel, lambda _: 4.0, "ab", options=_PATHS, effect="none"),
}  # fmt: skip
