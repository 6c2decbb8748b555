"""Two nested fits in, the test of their difference out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from evalkit.contract import AnalysisError, Problem
from evalkit.structure import information, testing, weighted_tests
from evalkit.structure.fitting import Fit

NAN = float("nan")
METHODS = ("auto", "plain", "sb2001", "sb2010", "satorra2000")


@dataclass(frozen=True)
class Comparison:
    """Difference of two nested models.

    Parameters
    ----------
    chisq_diff, df_diff, p_value : float, int, float
        nan where the scaled statistic does not exist; the notice says why.
    scaling : float
        Divisor of the plain difference; nan for the plain test.
    method : str
        plain, sb2001, sb2010 or satorra2000.
    notices : tuple of Problem
    """

    chisq_diff: float
    df_diff: int
    p_value: float
    scaling: float
    method: str
    notices: tuple[Problem, ...] = ()


def compare(one: Fit, other: Fit, method: str = "auto") -> Comparison:
    """Chi-square difference test; the fit with more degrees of freedom is the restricted one.

    Parameters
    ----------
    one, other : Fit
        Of the same data, one nested in the other.
    method : {"auto", "plain", "sb2001", "sb2010", "satorra2000"}
        `auto`: plain for ML, GLS and ULS, Satorra & Bentler (2001), Psychometrika 66, 507-514, for MLM and MLR. Their
        scaling factor may be negative; then there is no statistic and a notice says so. Satorra & Bentler (2010),
        Psychometrika 75, 243-248, is always positive: the larger model is taken at the estimates of the smaller.
        For WLSMV and ULSMV Satorra (2000), in Heijmans, Pollock & Satorra, Innovations in Multivariate Statistical
        Analysis, 233-247, with the difference scaled and shifted to the mean and variance of a chi-square.

    Raises
    ------
    AnalysisError
        E937 if the fits have the same degrees of freedom, are not of the same rows and estimator, or not nested.
    """
    large, small = sorted((one, other), key=lambda found: found.df)
    df = small.df - large.df
    alike = large.options.estimator == small.options.estimator and large.n_obs == small.n_obs
    names = [{*found.table.observed, *found.table.conditioned} for found in (large, small)]
    if df == 0 or not alike or names[0] != names[1]:
        raise AnalysisError(Problem("E937", params={"df": small.df}))
    if method not in METHODS:
        raise AnalysisError(Problem("E928", params={"option": "method", "value": method, "known": list(METHODS)}))
    difference = small.test.statistic - large.test.statistic
    scaled = large.scaled_test is not None and small.scaled_test is not None
    shifted = large.options.test == "scaled_shifted"
    if (method == "satorra2000" and not shifted) or (shifted and method not in ("auto", "plain", "satorra2000")):
        known = ["auto", "plain", *(["satorra2000"] if shifted else ["sb2001", "sb2010"])]
        raise AnalysisError(Problem("E928", params={"option": "method", "value": method, "known": known}))
    if method == "auto":
        method = ("satorra2000" if shifted else "sb2001") if scaled else "plain"
    if method == "plain" or not scaled:
        notices = (Problem("W938"),) if difference < -1e-6 else ()
        return _comparison(difference, df, NAN, "plain", notices)
    if method == "satorra2000":
        found = weighted_tests.adjusted("scaled_shifted", testing.chi_square(difference, df), _traces(large, small, df))
        return Comparison(found.statistic, df, found.p_value, found.scaling, method)
    factor = _factor(large.scaled_test)
    if method == "sb2010":
        factor = _at_estimates(large, small)
    scaling = (small.df * _factor(small.scaled_test) - large.df * factor) / df
    if not scaling > 0:
        return Comparison(NAN, df, NAN, scaling, method, (Problem("W939", params={"value": scaling}),))
    return _comparison(difference / scaling, df, scaling, method, ())


def _traces(large: Fit, small: Fit, df: int) -> tuple[float, float]:
    """Traces of ``U Gamma`` and its square for the restrictions that lead from the larger model to the smaller."""
    one, other = (weighted_tests.stacked(found.objective, found.solution.implied) for found in (large, small))
    basis, basis_small = (information.free_basis(found.objective, found.solution) for found in (large, small))
    slopes, slopes_small = basis.T @ one.slopes, basis_small.T @ other.slopes
    reached = np.linalg.lstsq(slopes.T, slopes_small.T, rcond=None)[0]
    axes, sizes, _ = np.linalg.svd(reached, full_matrices=True)
    rank = int(np.sum(sizes > 1e-9 * sizes.max(initial=0.0)))
    if axes.shape[1] - rank != df:
        raise AnalysisError(Problem("E937", params={"df": small.df}))
    lost = basis @ axes[:, rank:]
    inverse = weighted_tests.bread_of(large.objective, large.solution)
    half = inverse @ lost
    inner = half @ np.linalg.solve(lost.T @ half, half.T)
    product = inner @ one.meat()
    return float(np.trace(product)), float(np.sum(product * product.T))


def _factor(test: testing.ChiSquare | None) -> float:
    """A saturated model has no scaling factor and needs none."""
    return test.scaling if test is not None and test.df else 0.0


def _comparison(statistic: float, df: int, scaling: float, method: str, notices: tuple[Problem, ...]) -> Comparison:
    return Comparison(statistic, df, float(stats.chi2.sf(max(statistic, 0.0), df)), scaling, method, notices)


def _at_estimates(large: Fit, small: Fit) -> float:
    """Scaling factor of the larger model at the point that the smaller one found."""
    values = {row.key: value for row, value in zip(small.table.rows, small.values, strict=True)}
    theta = large.theta.copy()
    for row in large.table.rows:
        if row.free:
            theta[row.free - 1] = values.get(row.key, 0.0)
    solution = replace(large.solution, theta=theta, implied=large.objective.implied(theta))
    plain = testing.chi_square(2 * large.objective.total * large.objective.value(solution.implied), large.df)
    if large.options.test == "satorra_bentler":
        return testing.satorra_bentler(large.objective, solution, plain).scaling
    observed = large.options.information == "observed"
    return testing.yuan_bentler(large.objective, solution, plain, observed).scaling
