"""A model over the columns of data in, a structural result out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, item_columns, label_of
from evalkit.measurement.structural.hypotheses import stated
from evalkit.measurement.structural.result import Factor, StructuralResult
from evalkit.sampling import Design, design_of
from evalkit.structure import Fit, bootstrap, categorical_omega, fit, modification_indices, monte_carlo

RESAMPLES, DRAWS, MOST = 1000, 20_000, 100_000
INTERVALS = ("delta", "percentile", "bias_corrected", "monte_carlo")


def cfa(
    data: pd.DataFrame,
    model: str | Sequence[str],
    *,
    estimator: str | None = None,
    ordinal: bool | Sequence[str] = False,
    parameterisation: str = "delta",
    std_lv: bool = False,
    missing: str = "listwise",
    likelihood: str = "normal",
    information: str | None = None,
    meanstructure: bool | None = None,
    group: str | None = None,
    group_equal: Sequence[str] = (),
    group_partial: Sequence[str] = (),
    conf_level: float = 0.95,
    ci: str = "delta",
    resamples: int | None = None,
    seed: int = 0,
    cluster: str | None = None,
    design: Design | None = None,
) -> StructuralResult:
    """Confirmatory factor analysis.

    Parameters
    ----------
    data : DataFrame
    model : str or sequence of str
        lavaan's language (`trust =~ t1 + t2 + t3`), or scale ids: one factor a scale, measured by its keyed columns.
    estimator : {"ML", "MLM", "MLR", "GLS", "ULS", "WLSMV", "WLSM", "ULSMV", "DWLS"}, optional
        ML by default, WLSMV with ordinal items (as are the three after it). MLM and MLR correct errors and chi-square
        for items that are not normal.
    ordinal : bool or sequence of str
        Items in ordered categories, modelled through thresholds and polychoric correlations; True: all of them.
    parameterisation : {"delta", "theta"}
        Ordinal items have scale 1 or residual variance 1.
    std_lv : bool
        Scale the factors by variance 1 instead of the first loading.
    missing : {"listwise", "fiml", "pairwise"}
        The last instead of the second with ordinal items.
    likelihood : {"normal", "wishart"}
    information : {"expected", "observed"}, optional
    meanstructure : bool, optional
    group, group_equal, group_partial : optional
        Column that parts the rows; what is equal over groups (`loadings`, `intercepts`, `residuals`, `means`,
        `lv_variances`, `lv_covariances`, `regressions`, `residual_covariances`), and exceptions (`x2~1`).
    conf_level : float
    ci : {"delta", "percentile", "bias_corrected", "monte_carlo"}
        Intervals of the unstandardised parameters and definitions; the two in the middle by the bootstrap.
    resamples : int, optional
        Resamples of the bootstrap (1,000) or draws of the Monte Carlo interval (20,000).
    seed : int
    cluster, design : optional
        Clusters alone, or the declared design: weights, strata and clusters enter the standard errors.

    Returns
    -------
    StructuralResult
        Rows with a missing answer are set aside (`listwise`), or all are used (`fiml`). Heywood cases, searches that
        do not arrive and matrices that are not positive definite are notices, never clamped.

    Raises
    ------
    ModelError
        E900-E919 with a caret under the place in the model's text.
    AnalysisError
        E600-E611 for the columns, E920-E929 for data and identification, E928 for an unknown choice, E814 and E941 for
        resamples.

    Notes
    -----
    Standardised loadings have delta-method errors. CR and AVE are Fornell & Larcker's (1981), Journal of Marketing
    Research 18, 39-50, from standardised loadings.

    Examples
    --------
    >>> cfa(data, "trust =~ t1 + t2 + t3 + t4").glance()  # doctest: +SKIP
    """
    return _analysed(
        "cfa", data, model, ci, conf_level, resamples, seed,
        {
            "estimator": estimator, "ordinal": ordinal, "parameterisation": parameterisation,
            "std_lv": std_lv, "missing": missing, "likelihood": likelihood,
            "information": information, "meanstructure": meanstructure, "group": group, "group_equal": group_equal,
            "group_partial": group_partial, "cluster": cluster, "design": design_of(data, design),
        },
    )  # fmt: skip


def sem(
    data: pd.DataFrame,
    model: str,
    *,
    estimator: str | None = None,
    ordinal: bool | Sequence[str] = False,
    parameterisation: str = "delta",
    std_lv: bool = False,
    missing: str = "listwise",
    likelihood: str = "normal",
    information: str | None = None,
    meanstructure: bool | None = None,
    fixed_x: bool | None = None,
    group: str | None = None,
    group_equal: Sequence[str] = (),
    group_partial: Sequence[str] = (),
    conf_level: float = 0.95,
    hypotheses: Mapping[str, str] | None = None,
    ci: str = "delta",
    resamples: int | None = None,
    seed: int = 0,
    cluster: str | None = None,
    design: Design | None = None,
) -> StructuralResult:
    """Structural equation model: measurement, paths and defined effects (`ab := a*b`).

    Parameters
    ----------
    data : DataFrame
    model : str
        lavaan's language: `=~ ~ ~~ ~1 := == < >`, labels and numbers before `*`, `c(a, b)` for groups.
    fixed_x : bool, optional
        Take the moments of exogenous observed variables as given (default), or model them. A model with ordinal
        variables is conditional on them by default: they may be of any kind, and with one ordinal outcome it is its
        probit regression.
    estimator, ordinal, parameterisation, std_lv, missing, likelihood, information, meanstructure : optional
        As in `cfa`.
    group, group_equal, group_partial : optional
        As in `cfa`.
    hypotheses : mapping, optional
        Id -> path (`y ~ x`), label or defined effect, with a direction if it has one (`y ~ x > 0`, `ab < 0`): T16 then
        has the columns hypothesis and conclusion. Supported means that the interval lies on that side of 0.
    conf_level, ci, resamples, seed, cluster, design : optional
        As in `cfa`: the interval of an indirect effect `ab := a*b` comes from the delta method, from Monte Carlo draws
        of the estimates or from the bootstrap.

    Returns
    -------
    StructuralResult

    Raises
    ------
    ModelError, AnalysisError
        As `cfa`.
    """
    return _analysed(
        "sem", data, model, ci, conf_level, resamples, seed,
        {
            "estimator": estimator, "ordinal": ordinal, "parameterisation": parameterisation,
            "std_lv": std_lv, "missing": missing, "likelihood": likelihood,
            "information": information, "meanstructure": meanstructure, "fixed_x": fixed_x, "group": group,
            "group_equal": group_equal, "group_partial": group_partial, "cluster": cluster,
            "design": design_of(data, design),
        },
        hypotheses or {},
    )  # fmt: skip


def _analysed(
    do: str, data: pd.DataFrame, model: str | Sequence[str], ci: str, conf_level: float, resamples: int | None,
    seed: int, options: dict[str, object], hypotheses: Mapping[str, str] = MappingProxyType({}),
) -> StructuralResult:  # fmt: skip
    if ci not in INTERVALS:
        raise AnalysisError(Problem("E928", params={"option": "ci", "value": ci, "known": list(INTERVALS)}))
    if not 0 < conf_level < 1:
        raise AnalysisError(Problem("E928", params={"option": "conf_level", "value": conf_level, "known": ["0.95"]}))
    if resamples is not None and not 1 <= resamples <= MOST:
        raise AnalysisError(Problem("E941", params={"n": resamples}))
    if ci == "delta" and resamples is not None:
        raise AnalysisError(Problem("E814", params={"n": resamples, "known": list(INTERVALS[1:])}))
    if options["group"] is not None:
        item_columns(data, [str(options["group"])])
    if options["cluster"] is not None:
        item_columns(data, [str(options["cluster"])])
        options["design"] = None
    text = model if isinstance(model, str) else _of_scales(data, model)
    found = fit(text, data, **options)  # type: ignore[arg-type]
    result = result_of(do, found, data, ci, conf_level, resamples, seed)
    return replace(result, hypotheses=stated(hypotheses, result.estimates)) if hypotheses else result


def _of_scales(data: pd.DataFrame, scales: Sequence[str]) -> str:
    return "\n".join(f"{scale} =~ {' + '.join(item_columns(data, scale))}" for scale in scales)


def result_of(
    do: str, found: Fit, data: pd.DataFrame, ci: str, conf_level: float, resamples: int | None, seed: int
) -> StructuralResult:
    """The result of a fit, with the words the data's codebook has for its variables."""
    estimates = found.estimates(conf_level)
    notices = found.notices
    usual = {"delta": 0, "monte_carlo": DRAWS}.get(ci, RESAMPLES)
    number = usual if resamples is None else resamples
    if number and found.converged:
        if ci == "monte_carlo":
            drawn = monte_carlo(found, draws=number, seed=seed)
        else:
            drawn = bootstrap(found, resamples=number, seed=seed)
        low, high = drawn.interval(conf_level, "percentile" if ci == "monte_carlo" else ci)
        loose = estimates["se"].to_numpy() > 0
        estimates = estimates.assign(
            conf_low=np.where(loose, low, estimates["conf_low"]),
            conf_high=np.where(loose, high, estimates["conf_high"]),
        )
        notices = (*notices, *drawn.notices)
    standard = found.standardised()
    estimates = estimates.assign(beta=standard["est"], beta_se=standard["se"])
    names = [*found.table.observed, *found.table.latent, *found.table.conditioned]
    labels = {name: label_of(data, name) for name in names}
    group_labels = {label: Label(zh=label, en=label) for label in found.table.groups}
    return StructuralResult(
        do=do,
        model=found.model.text,
        estimates=estimates,
        measures=found.measures(),
        explained=found.r_squared(),
        factors=factors_of(found, standard),
        correlations={label: found.latent_cor(g) for g, label in enumerate(found.table.groups)},
        modification=modification_indices(found).head(20) if found.converged else None,
        labels=labels | group_labels,
        residuals=_residuals(found),
        latent=found.table.latent,
        groups=found.table.groups,
        estimator=found.options.estimator,
        missing=found.options.missing,
        ci=ci,
        resamples=number,
        conf_level=conf_level,
        n_obs=found.n_obs,
        dropped=found.dropped,
        notices=notices,
        ordinal=found.options.ordinal,
    )


def _residuals(found: Fit) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """By group: residual correlations, and residuals over their errors."""
    if not found.converged:
        return {}
    groups = enumerate(found.table.groups)
    return {label: (found.residuals("cor", g), found.residuals("standardised", g)) for g, label in groups}


def factors_of(found: Fit, standard: pd.DataFrame) -> tuple[Factor, ...]:
    """Composite reliability and average variance extracted of every factor that items measure, by group."""
    out = []
    observed = set(found.table.observed)
    measured: dict[tuple[str, str], list[float]] = {}
    for op, group, factor, item, value in standard[["op", "group", "lhs", "rhs", "est"]].itertuples(index=False):
        if op == "=~" and item in observed:
            measured.setdefault((group, factor), []).append(value)
    for at, group in enumerate(dict.fromkeys(standard.loc[standard["op"] != ":=", "group"])):
        omega = categorical_omega(found, at) if found.options.ordinal else {}
        for name in found.table.latent:
            loadings = np.array(measured.get((group, name), ()))
            if not len(loadings):
                continue
            rest = 1 - loadings**2
            total = loadings.sum() ** 2
            strength = total / (total + rest.sum()), float(np.mean(loadings**2))
            out.append(Factor(name, group, len(loadings), *strength, omega.get(name, np.nan)))
    return tuple(out)
