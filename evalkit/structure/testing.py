"""A solution in, its chi-square tests out: plain, Satorra-Bentler, Yuan-Bentler, Browne."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from evalkit.structure.information import (
    bread,
    case_scores,
    centred_scores,
    expected_information,
    free_basis,
    meat,
    observed_information,
    saturated_traces,
)
from evalkit.structure.matrices import Layout
from evalkit.structure.optimise import Objective, Solution
from evalkit.structure.table import ParameterTable

NAN = float("nan")


@dataclass(frozen=True)
class ChiSquare:
    """A test of exact fit. `scaling` divides the plain statistic; `shift` is then added (0 but for WLSMV)."""

    statistic: float
    df: int
    p_value: float
    scaling: float = NAN
    scaling_h0: float = NAN
    scaling_h1: float = NAN
    shift: float = 0.0


def chi_square(statistic: float, df: int) -> ChiSquare:
    """The plain test; no p-value without degrees of freedom."""
    return ChiSquare(statistic, df, float(special.chdtrc(df, statistic)) if df > 0 else NAN)


def satorra_bentler(objective: Objective, solution: Solution, plain: ChiSquare) -> ChiSquare:
    """Mean-adjusted statistic: ``T df / tr(U Gamma)``.

    Satorra & Bentler (1994), in von Eye & Clogg, Latent Variables Analysis, 399-419. Exogenous moments taken as
    given count as free here, so that they carry no misfit.
    """
    objective, solution = loosened(objective, solution)
    jacobians = objective.jacobians(solution.implied)
    total, pulled = 0.0, np.zeros((len(solution.theta),) * 2)
    for share, block, implied, jacobian in zip(
        objective.shares, objective.blocks, solution.implied, jacobians, strict=True
    ):
        sample, means = block.sample, block.means  # type: ignore[attr-defined]
        d = sample.rows_needed() - sample.mean
        turned = implied.precision @ sample.cov * (1 - 1 / sample.n if _unbiased(block) else 1.0)
        q = np.einsum("ij,ij->i", d @ implied.precision, d)
        total += 0.5 * (float(np.mean(q**2)) - float(np.sum(turned * turned.T)))
        total += float(np.trace(turned)) if means else 0.0
        scores = centred_scores(block, implied, jacobian)
        pulled += share * (scores.T @ scores / len(scores))
    inverse = bread(expected_information(objective, solution), free_basis(objective, solution))
    return _scaled(plain, total - float(np.sum(inverse * pulled)))


def _unbiased(block: object) -> bool:
    return bool(getattr(block, "lost", 0))


def yuan_bentler(objective: Objective, solution: Solution, plain: ChiSquare, observed: bool = True) -> ChiSquare:
    """The statistic T2* scaled by traces of the saturated and the fitted model, as Mplus has it.

    Yuan & Bentler (2000), Sociological Methodology 30, 165-200; Asparouhov & Muthen (2005). The scores' covariance
    follows the sampling design.
    """
    information = observed_information if observed else expected_information
    inverse = bread(information(objective, solution), free_basis(objective, solution))
    spread, _ = meat(case_scores(objective, solution), objective)
    h0 = float(np.sum(inverse * spread)) / objective.total
    h1 = saturated_traces(objective)
    table = objective.layout.table
    if table.exogenous:
        h1 -= saturated_traces(objective, np.array([table.observed.index(n) for n in table.exogenous]))
    n_free = free_basis(objective, solution).shape[1]
    out = _scaled(plain, h1 - h0)
    return replace(out, scaling_h0=h0 / n_free if n_free else NAN, scaling_h1=h1 / (n_free + plain.df))


def _scaled(plain: ChiSquare, trace: float) -> ChiSquare:
    if plain.df == 0:
        return replace(plain, scaling=NAN)
    scaling = trace / plain.df
    statistic = plain.statistic / scaling if scaling > 0 else NAN
    return ChiSquare(statistic, plain.df, float(special.chdtrc(plain.df, statistic)), scaling)


def browne(objective: Objective, solution: Solution, df: int) -> ChiSquare:
    """Residual-based statistic under normality, for estimators whose minimum is no chi-square (ULS).

    Browne (1984), eq. 2.20, with the normal weight matrix of the implied covariances.
    """
    objective, solution = loosened(objective, solution)
    jacobians = objective.jacobians(solution.implied)
    own, pull, info = 0.0, np.zeros(len(solution.theta)), np.zeros((len(solution.theta),) * 2)
    for share, block, implied, jacobian in zip(
        objective.shares, objective.blocks, solution.implied, jacobians, strict=True
    ):
        sample, means = block.sample, block.means  # type: ignore[attr-defined]
        rest = implied.precision @ (sample.cov - implied.cov)
        own += share * 0.5 * float(np.sum(rest * rest.T))
        flat = jacobian.cov.reshape(len(pull), -1)
        pull += share * 0.5 * flat @ (rest @ implied.precision).ravel()
        if means:
            d = sample.mean - implied.mean
            own += share * float(d @ implied.precision @ d)
            pull += share * jacobian.mean @ implied.precision @ d
        info += share * jacobian.information(implied.precision, means)
    inverse = bread(info, free_basis(objective, solution))
    return chi_square(objective.total * float(own - pull @ inverse @ pull), df)


def loosened(objective: Objective, solution: Solution) -> tuple[Objective, Solution]:
    """The same point with the moments of exogenous variables as free parameters."""
    table = objective.layout.table
    if not table.exogenous:
        return objective, solution
    rows, added, n = [], [], table.n_free
    for row in table.rows:
        if row.exo:
            n += 1
            added.append(row.value)
            row = replace(row, free=n)
        rows.append(row)
    layout = Layout(table.with_rows(rows))
    moved = replace(solution, theta=np.append(solution.theta, added))
    return Objective(layout, objective.blocks), moved


def independence(objective: Objective, table: ParameterTable) -> ChiSquare:
    """The likelihood-ratio test of the independence model of complete data, whose estimates are the sample's own."""
    p, given = len(table.observed), [table.observed.index(name) for name in table.exogenous]
    inner = [i for i in range(p) if i not in given]
    value = 0.0
    for share, block in zip(objective.shares, objective.blocks, strict=True):
        sample = block.sample  # type: ignore[attr-defined]
        own = float(np.log(sample.cov.diagonal()[inner]).sum()) - sample.log_det
        value += share * (own + (float(np.linalg.slogdet(sample.cov[np.ix_(given, given)])[1]) if given else 0.0))
    df = (p * (p - 1) - len(given) * (len(given) - 1)) // 2 * len(table.groups)
    return chi_square(objective.total * max(value, 0.0), df)


def baseline_table(table: ParameterTable) -> ParameterTable:
    """The independence model: variances only; exogenous variables keep their covariances where these are given."""
    from evalkit.structure.table import Parameter

    rows: list[Parameter] = []
    n = 0
    for group in range(1, len(table.groups) + 1):
        rows += [row for row in table.of_group(group) if row.exo]
        for name in table.observed:
            if name not in table.exogenous:
                for op, rhs in (("~~", name), ("~1", "")) if table.meanstructure else (("~~", name),):
                    n += 1
                    rows.append(Parameter(name, op, rhs, group, n))
    return ParameterTable(tuple(rows), table.observed, (), table.exogenous, table.meanstructure, groups=table.groups)
