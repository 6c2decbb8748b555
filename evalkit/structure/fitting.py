"""A model and data in, a fitted model out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Drop, Problem
from evalkit.sampling import Design
from evalkit.structure import checks, information, testing, weighted_tests
from evalkit.structure.estimators import ESTIMATORS, Block, Estimator
from evalkit.structure.estimators.normal import NormalBlock
from evalkit.structure.language import Model, parse_model
from evalkit.structure.matrices import Layout, layout_of
from evalkit.structure.optimise import Objective, Solution, minimise
from evalkit.structure.options import Options, options_of
from evalkit.structure.ordered_rules import check_written, conditioned, ordered_names, ordered_rules
from evalkit.structure.rescaling import search
from evalkit.structure.rules import EQUAL, Rules, build_table, check_names, roles_of
from evalkit.structure.sample import Reading, Sample, group_labels, read_sample, sample_of_moments
from evalkit.structure.starts import degrees_of_freedom, start_values, with_sample_moments
from evalkit.structure.table import ParameterTable
from evalkit.structure.testing import ChiSquare

Key = tuple[str, str, str, int]

WARM = 1e-12
"""Squared Newton decrement at which a resample is done: a few hundred-thousandths of a standard error."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model.

    Parameters
    ----------
    model : Model
    table : ParameterTable
    sample : Sample
        Statistics (and the rows) of each group.
    options : Options
    objective : Objective
        Layout and blocks.
    solution : Solution
    vcov : ndarray, shape (q, q)
        Of the free parameters; nan where the search did not arrive.
    df : int
    notices : tuple of Problem
    """

    model: Model
    table: ParameterTable
    sample: Sample
    options: Options
    objective: Objective
    solution: Solution
    vcov: np.ndarray
    df: int
    notices: tuple[Problem, ...] = ()

    @property
    def layout(self) -> Layout:
        return self.objective.layout

    @property
    def theta(self) -> np.ndarray:
        """Estimates of the free parameters."""
        return self.solution.theta

    @property
    def converged(self) -> bool:
        return self.solution.converged

    @property
    def n_obs(self) -> int:
        return int(self.sample.n)

    @property
    def dropped(self) -> tuple[Drop, ...]:
        return self.sample.dropped

    @cached_property
    def values(self) -> np.ndarray:
        """The value of every row of the table."""
        return np.real(self.layout.row_values(self.theta))

    @cached_property
    def n_parameters(self) -> int:
        """Free parameters less the equations among them."""
        return information.free_basis(self.objective, self.solution).shape[1]

    @cached_property
    def test(self) -> ChiSquare:
        """The plain test of exact fit; unweighted least squares of ordered variables have no p-value."""
        if self.options.test == "browne":
            return testing.browne(self.objective, self.solution, self.df)
        found = testing.chi_square(2 * self.objective.total * max(self.solution.value, 0.0), self.df)
        return replace(found, p_value=float("nan")) if self.options.estimator == "ULSMV" else found

    @cached_property
    def scaled_test(self) -> ChiSquare | None:
        """The corrected test of MLM, MLR, WLSM, WLSMV and ULSMV; None without."""
        return _scaled(self.options, self.objective, self.solution, self.test)

    @cached_property
    def baseline(self) -> tuple[ChiSquare, ChiSquare | None]:
        """Tests of the independence model, plain and corrected."""
        if self.options.ordinal:
            return weighted_tests.baseline(self.objective, self.options.test)
        if self.options.test == "standard" and all(isinstance(b, NormalBlock) for b in self.objective.blocks):
            return testing.independence(self.objective, self.table), None
        table = testing.baseline_table(self.table)
        layout = layout_of(table)
        solution = minimise(layout, self.objective.blocks, start_values(table, self.sample, {}))
        objective = Objective(layout, self.objective.blocks)
        _, df = degrees_of_freedom(layout, table.meanstructure, 0)
        if self.options.test == "browne":
            return testing.browne(objective, solution, df), None
        plain = testing.chi_square(2 * objective.total * max(solution.value, 0.0), df)
        return plain, _scaled(self.options, objective, solution, plain)

    def estimates(self, conf_level: float = 0.95) -> pd.DataFrame:
        """Every parameter and definition: lhs op rhs group label est se z p_value conf_low conf_high."""
        from evalkit.structure.solution import estimates

        return estimates(self, conf_level)

    def standardised(self, kind: str = "all", conf_level: float = 0.95) -> pd.DataFrame:
        """The standardised solution with delta-method errors, columns as `estimates`. kind: all, lv or nox."""
        from evalkit.structure.standardised import standardised

        return standardised(self, kind, conf_level)

    def r_squared(self) -> pd.DataFrame:
        """Explained share of every dependent variable: name, group, value."""
        from evalkit.structure.standardised import r_squared

        return r_squared(self)

    def measures(self) -> dict[str, float]:
        """Every fit measure by name; nan where the estimator has none."""
        from evalkit.structure.fit_measures import measures

        return measures(self)

    def residuals(self, kind: str = "raw", group: int = 0) -> pd.DataFrame:
        """Sample less implied covariances (`raw`), correlations (`cor`) or z-values (`standardised`)."""
        from evalkit.structure.residuals import residuals

        return residuals(self, kind, group)

    def latent_cov(self, group: int = 0) -> pd.DataFrame:
        """Implied covariances of the latent variables of group 0, 1, ..."""
        at, names = self.layout.latent, list(self.table.latent)
        return pd.DataFrame(self.layout.whole(self.values, group)[0][at, at], index=names, columns=names)

    def latent_cor(self, group: int = 0) -> pd.DataFrame:
        """Implied correlations of the latent variables."""
        cov = self.latent_cov(group)
        with np.errstate(invalid="ignore"):  # a negative variance has no root: nan, which W932 explains
            sd = np.sqrt(np.diag(cov))
        return cov / np.outer(sd, sd)

    def implied_cov(self, group: int = 0) -> pd.DataFrame:
        """Implied covariances of the observed variables, given those that the model is conditional on."""
        names = list(self.table.observed)
        return pd.DataFrame(self.solution.implied[group].cov, index=names, columns=names)


def fit(
    model: str | Model,
    data: pd.DataFrame | None = None,
    *,
    estimator: str | None = None,
    likelihood: str = "normal",
    information: str | None = None,
    missing: str = "listwise",
    meanstructure: bool | None = None,
    std_lv: bool = False,
    fixed_x: bool | None = None,
    complete: bool = True,
    group: str | None = None,
    group_equal: Sequence[str] = (),
    group_partial: Sequence[str] = (),
    ordinal: bool | Sequence[str] = (),
    parameterisation: str = "delta",
    design: Design | None = None,
    cluster: str | None = None,
    cov: pd.DataFrame | None = None,
    mean: pd.Series | None = None,
    n: int | None = None,
    start: Mapping[Key, float] | None = None,
) -> Fit:
    """Fit a structural equation model.

    Parameters
    ----------
    model : str or Model
        lavaan's language, see `parse_model`.
    data : DataFrame, optional
        One row a respondent. Instead: `cov` (divisor n - 1, named), `n` and, with means, `mean`.
    estimator : str, optional
        A name of `ESTIMATORS`: ML (the default), MLM, MLR, GLS, ULS; for ordered variables WLSMV (the default), WLSM,
        ULSMV, DWLS.
    likelihood : {"normal", "wishart"}
        Whether covariances and chi-square use n or n - 1.
    information : {"expected", "observed"}, optional
        Behind the standard errors; observed for MLR and missing answers, else expected.
    missing : {"listwise", "fiml", "pairwise"}
        Complete rows only, or maximum likelihood over all rows with any answer; with ordered variables instead of
        that each threshold and correlation from the rows that have its variables.
    meanstructure : bool, optional
        Model the means too; by itself with several groups, missing answers or intercepts in the model.
    std_lv : bool
        Latent variances 1 instead of first loadings 1.
    fixed_x : bool, optional
        Take the moments of exogenous observed variables as given (the default). With ordered variables the model is
        then conditional on these: thresholds, correlations and the rest are those of the residuals of regressions on
        them, which may be of any kind (Muthén 1984). Otherwise they are jointly normal with what is behind the ordered
        variables.
    complete : bool
        Add variances, covariances and intercepts by the rules of cfa() and sem(); False: the model as written.
    group : str, optional
        Column that parts the rows into groups, in order of appearance.
    group_equal, group_partial : sequence of str
        Names of `rules.EQUAL` that are equal over groups, and parameters (`x2~1`) that are not. Equal thresholds free
        the intercepts of ordered variables in later groups, and their scales or residual variances, until these are
        named too (Wu & Estabrook 2016).
    ordinal : bool or sequence of str
        Variables in ordered categories, modelled through thresholds and polychoric correlations; True: all but
        observed exogenous ones.
    parameterisation : {"delta", "theta"}
        Ordered variables have scale 1, their residual variances follow; or residual variance 1, their scales follow.
    design, cluster : optional
        Sampling design (or just its clusters) for the standard errors and the scaled test.
    start : mapping, optional
        Start values by (lhs, op, rhs, group).

    Returns
    -------
    Fit

    Raises
    ------
    ModelError
        E900-E919, E950, E955 for the text; AnalysisError E920-E929, E945-E957 for data, identification and options.
    """
    read = parse_model(model) if isinstance(model, str) else model
    roles = roles_of(read)
    names = roles.observed
    plan = design or (Design(clusters=cluster) if cluster else None)
    chosen = ordered_names(ordinal, roles)
    found, options, notices = options_of(estimator, likelihood, information, missing, plan, chosen, parameterisation)
    unknown = [name for name in group_equal if name not in EQUAL]
    if unknown:
        raise AnalysisError(Problem("E927", params={"name": unknown[0], "known": list(EQUAL)}))
    check_names(read, _columns(data, cov))
    labels = ("",) if data is None else group_labels(data, group)
    intercepts = any(s.op == "~" and any(not t.name for t in s.terms) for s in read.statements)
    means = meanstructure if meanstructure is not None else len(labels) > 1 or missing == "fiml" or intercepts
    rules = Rules(std_lv, means, fixed_x is not False, tuple(group_equal), tuple(group_partial), complete)
    ddof = 1 if likelihood == "wishart" else found.ddof
    if chosen and data is not None:
        apart = conditioned(read, roles, rules)
        sample = read_sample(data, names, Reading(missing, ddof, group, plan, apart, chosen))
        rules, more = ordered_rules(read, replace(rules, theta=parameterisation == "theta"), sample, fixed_x)
        table = with_sample_moments(build_table(read, rules, labels), sample)
        return _fitted(read, table, sample, options, found, (*notices, *more), dict(start or {}))
    check_written(read, {}, theta=False)
    table = build_table(read, rules, labels)
    if data is not None:
        sample = read_sample(data, names, Reading(missing, ddof, group, plan, table.exogenous))
    else:
        sample = _moments(names, cov, mean, n, ddof)
    return _fitted(read, with_sample_moments(table, sample), sample, options, found, notices, dict(start or {}))


def refit(old: Fit, sample: Sample, start: np.ndarray) -> tuple[Solution, Objective]:
    """The same model on another sample from a warm start: the search only."""
    table = with_sample_moments(old.table, sample)
    layout = old.layout if table is old.table else Layout(table)
    blocks = _blocks(ESTIMATORS[old.options.estimator], sample, old.table.meanstructure, old.options)
    return minimise(layout, blocks, start, WARM), Objective(layout, blocks)


def _fitted(
    model: Model, table: ParameterTable, sample: Sample, options: Options, estimator: Estimator,
    notices: tuple[Problem, ...], given: dict[Key, float],
) -> Fit:  # fmt: skip
    layout = layout_of(table)
    blocks = _blocks(estimator, sample, table.meanstructure, options)
    objective = Objective(layout, blocks)
    theta = start_values(table, sample, {(*_sides(k), k[3]): v for k, v in given.items()})
    from evalkit.structure.optimise import held

    _, normals = held(layout, theta + 0.1)
    equations = int(np.linalg.matrix_rank(normals)) if len(normals) else 0
    given_moments = sum(len(g.ordered.values) for g in sample.groups if g.ordered is not None)
    moments, df = degrees_of_freedom(layout, table.meanstructure, equations, given_moments or None)
    checks.check_counts(table, moments, df)
    checks.check_identified(objective, theta)
    solution = search(table, layout, blocks, theta, sample)
    vcov, more = _vcov(objective, solution, options)
    small = checks.small_groups(table, [group.n for group in sample.groups])
    found = (*notices, *small, *more, *checks.findings(layout, solution, vcov))
    return Fit(model, table, sample, options, objective, solution, vcov, df, found)


def _sides(key: Key) -> tuple[str, str, str]:
    left, right = sorted((key[0], key[2])) if key[1] == "~~" else (key[0], key[2])
    return left, key[1], right


def _blocks(estimator: Estimator, sample: Sample, means: bool, options: Options) -> tuple[Block, ...]:
    blocks = estimator.make(sample, means)
    if options.likelihood == "wishart":
        blocks = tuple(replace(b, lost=1) if isinstance(b, NormalBlock) else b for b in blocks)
    return blocks


def _vcov(objective: Objective, solution: Solution, options: Options) -> tuple[np.ndarray, tuple[Problem, ...]]:
    q = len(solution.theta)
    if not solution.converged:
        return np.full((q, q), np.nan), ()
    observed = options.information == "observed"
    info = (information.observed_information if observed else information.expected_information)(objective, solution)
    inverse = information.bread(info, information.free_basis(objective, solution))
    n = objective.total
    if options.se == "standard":
        return inverse / n, ()
    if options.se == "weighted":
        return inverse @ weighted_tests.stacked(objective, solution.implied).meat() @ inverse / n, ()
    if options.se == "sandwich":
        spread, notices = information.meat(information.case_scores(objective, solution), objective)
        return inverse @ spread @ inverse / n**2, notices
    return inverse @ information.moment_meat(objective, solution) @ inverse / n, ()


def _scaled(options: Options, objective: Objective, solution: Solution, plain: ChiSquare) -> ChiSquare | None:
    if options.test == "satorra_bentler":
        return testing.satorra_bentler(objective, solution, plain)
    if options.test == "yuan_bentler":
        return testing.yuan_bentler(objective, solution, plain, options.information == "observed")
    if options.test in ("mean_adjusted", "scaled_shifted"):
        return weighted_tests.adjusted_test(objective, solution, plain, options.test)
    return None


def _columns(data: pd.DataFrame | None, cov: pd.DataFrame | None) -> list[str]:
    if data is not None:
        return [str(c) for c in data.columns]
    return [] if cov is None else [str(c) for c in cov.columns]


def _moments(
    names: Sequence[str], cov: pd.DataFrame | None, mean: pd.Series | None, n: int | None, ddof: int
) -> Sample:
    if cov is None or n is None:
        raise AnalysisError(Problem("E920"))
    wanted = list(names)
    at = None if mean is None else mean[wanted].to_numpy(float)
    return sample_of_moments(wanted, cov.loc[wanted, wanted].to_numpy(float), at, n, ddof)
