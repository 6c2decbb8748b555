"""Items of several factors in; whether each factor's items belong together and apart from the others' out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Label, Problem, label_of
from evalkit.correlations import t_statistic
from evalkit.measurement.consistency import alpha_of
from evalkit.measurement.minres import one_factor
from evalkit.measurement.reported_fit import reported
from evalkit.measurement.validation import htmt
from evalkit.measurement.validation.convergent_result import Norms, Scores, ValidityResult
from evalkit.measurement.validation.scales import Scales, both, scales_of
from evalkit.measurement.validation.strength import Strength, standardised_values, strengths
from evalkit.moments import correlation_of, moments
from evalkit.sampling import Design, design_of
from evalkit.structure import Fit, fit, parse_model

_NAN = float("nan")


def validity(
    data: pd.DataFrame,
    scales: Scales,
    *,
    estimator: str | None = None,
    ordinal: bool | Sequence[str] = False,
    correlation: str = "pearson",
    resamples: int = 1000,
    seed: int = 0,
    conf_level: float = 0.95,
    ave_norm: float = 0.5,
    cr_norm: float = 0.7,
    loading_norm: float = 0.6,
    htmt_norm: float = 0.85,
    appendix: bool = False,
    cluster: str | None = None,
    design: Design | None = None,
) -> ValidityResult:
    """Convergent and discriminant validity of scales by a confirmatory factor analysis of all of them together.

    Parameters
    ----------
    data : DataFrame
    scales : str, sequence of str or mapping
        Scale ids (their keyed columns), items by name of a factor, or a measurement model (`trust =~ t1 + t2 + t3`).
    estimator, ordinal : optional
        As in `cfa`: ML, or WLSMV with ordinal items, whose loadings are those of the responses behind the answers.
    correlation : {"pearson", "polychoric"}
        Correlations behind HTMT. Pearson: percentile bootstrap over rows, or over the clusters of the design.
        Polychoric: interval of the logarithm by the delta method, without weights or clusters.
    resamples, seed : int
        Of the bootstrap; 0 resamples: no intervals.
    conf_level : float
    ave_norm, cr_norm, loading_norm, htmt_norm : float
        Bounds that notes and sentences judge by: AVE and CR by Fornell & Larcker (1981) and Hair et al. (2019), HTMT
        by Henseler, Ringle & Sarstedt (2015; 0.90 for related constructs).
    appendix : bool
        Print latent correlations with MSV, ASV and H, and HTMT and HTMT2 with their intervals, too.
    cluster, design : optional
        Clusters alone, or the declared design; weights enter every number, clusters and strata errors and intervals.

    Returns
    -------
    ValidityResult
        All over the rows complete on every item. A factor of one item has no AVE, CR, alpha or HTMT (W778); scales
        whose items correlate with both signs are named (W779): HTMT takes absolute values.

    Raises
    ------
    ModelError, AnalysisError
        As `cfa`; E770 for scales; E614 for an unknown option; E710 for an item that belongs to two factors.

    Notes
    -----
    AVE, CR: Fornell & Larcker (1981), Journal of Marketing Research 18, 39-50; HTMT, HTMT2: see `htmt.ratios`. Means,
    SD and r of table T9 are of the mean of a factor's items.
    """
    _require(correlation, resamples, conf_level)
    plan = Design(clusters=cluster) if cluster else design_of(data, design)
    if plan is not None and correlation == "polychoric":
        raise AnalysisError(Problem("E711"))
    found = fit(answered_model(data, scales), data, estimator=estimator, ordinal=ordinal, design=plan)
    beta = standardised_values(found)
    factors = strengths(found, beta)
    members = {f.name: f.items for f in factors}
    _require_simple(members)
    sample = found.sample.groups[0]
    rows = htmt.Rows(sample.rows_needed(), sample.weights)
    if sample.design is not None:
        rows = htmt.Rows(rows.x, rows.weights, sample.design.units, sample.design.strata)
    member = htmt.membership(members, found.sample.names)
    ratios, notices = _ratios(rows, member, correlation, resamples, seed, conf_level) if len(factors) > 1 else ({}, [])
    labels = {name: label_of(data, name) for name in (*members, *found.table.observed)}
    notices += _notices(factors, ratios, labels)
    cov = moments(rows.x, rows.weights).cov()
    consistency = {f.name: _consistency(cov, [found.sample.names.index(i) for i in f.items]) for f in factors}
    estimates = found.estimates(conf_level).assign(beta=beta)
    return ValidityResult(
        factors=factors,
        alpha={name: pair[0] for name, pair in consistency.items()},
        omega={name: pair[1] for name, pair in consistency.items()},
        loadings=_loadings(found, estimates),
        latent=found.latent_cor().loc[list(members), list(members)].to_numpy(),
        scores=_scores(rows, member),
        ratios=ratios,
        measures=reported(found.measures()),
        correlation=correlation,
        norms=Norms(ave_norm, cr_norm, loading_norm, htmt_norm),
        estimator=found.options.estimator,
        conf_level=conf_level,
        resamples=resamples if correlation == "pearson" else 0,
        appendix=appendix,
        labels=labels,
        n_obs=found.n_obs,
        dropped=found.dropped,
        notices=(*found.notices, *notices),
    )


def model_of(data: pd.DataFrame, scales: Scales) -> str:
    """A measurement model of scales, one factor each; a model's text stands as it is."""
    if isinstance(scales, str) and "~" in scales:
        return scales
    return "\n".join(f"{s.id} =~ {' + '.join(s.columns)}" for s in scales_of(data, scales, least=1))


def answered_model(data: pd.DataFrame, scales: Scales) -> str:
    """The model of `model_of`; refused with E924 where nobody answered one of its items."""
    text = model_of(data, scales)
    used = dict.fromkeys(term.name for s in parse_model(text).statements for term in s.terms)
    blank = [name for name in used if name in data.columns and data[name].isna().all()]
    if blank and len(data):
        items = [both(label_of(data, name)) for name in blank]
        raise AnalysisError(Problem("E924", params={"items": items, "group": ""}))
    return text


def _require(correlation: str, resamples: int, conf_level: float) -> None:
    fine = {
        "correlation": (correlation, correlation in ("pearson", "polychoric")),
        "resamples": (resamples, 0 <= resamples <= 100_000),
        "conf_level": (conf_level, 0 < conf_level < 1),
    }
    bad = [Problem("E614", params={"option": k, "value": v}) for k, (v, good) in fine.items() if not good]
    if bad:
        raise AnalysisError(bad)


def _require_simple(members: Mapping[str, tuple[str, ...]]) -> None:
    items = [item for own in members.values() for item in own]
    twice = sorted({item for item in items if items.count(item) > 1})
    if twice or not members:
        raise AnalysisError(Problem("E710", params={"items": twice}))


def _ratios(
    rows: htmt.Rows, member: np.ndarray, correlation: str, resamples: int, seed: int, level: float
) -> tuple[dict[str, htmt.Ratios], list[Problem]]:
    if correlation == "polychoric":
        return {kind: htmt.of_polychorics(rows.x, member, kind, level) for kind in htmt.KINDS}, []
    found = {kind: htmt.bootstrapped(rows, member, kind, resamples, seed, level) for kind in htmt.KINDS}
    failed = max(r.n_failed for r in found.values())
    return found, [Problem("W940", params={"failed": failed, "n": resamples})] if failed else []


def _notices(
    factors: tuple[Strength, ...], ratios: Mapping[str, htmt.Ratios], labels: Mapping[str, Label]
) -> list[Problem]:
    single = [both(labels[f.name]) for f in factors if len(f.items) < 2]
    out = [Problem("W778", params={"scales": single})] if single else []
    # Scales that oppose one another have pairs of both signs too; within a scale it is a fault.
    turned = [both(labels[factors[i].name]) for i, j in (ratios["htmt"].mixed if ratios else ()) if i == j]
    if turned:
        out.append(Problem("W779", params={"scales": turned}))
    return out


def _consistency(cov: np.ndarray, at: list[int]) -> tuple[float, float]:
    """Alpha, and omega total of one minres factor (nan below three items or where the search does not arrive)."""
    own = cov[np.ix_(at, at)]
    if len(at) < 3:
        return alpha_of(own), _NAN
    found = one_factor(correlation_of(own))
    return alpha_of(own), found.omega if found.converged else _NAN


def _loadings(found: Fit, estimates: pd.DataFrame) -> pd.DataFrame:
    """factor item est se z p_value beta r_squared of every loading of an observed item."""
    smc = found.r_squared().set_index("name")["value"]
    rows = estimates[(estimates["op"] == "=~") & estimates["rhs"].isin(found.table.observed)]
    frame = rows.rename(columns={"lhs": "factor", "rhs": "item"})
    frame = frame[["factor", "item", "est", "se", "z", "p_value", "conf_low", "conf_high", "beta"]]
    return frame.assign(r_squared=frame["item"].map(smc)).reset_index(drop=True)


def _scores(rows: htmt.Rows, member: np.ndarray) -> Scores:
    """Means of each factor's items: mean, SD, r and p."""
    found = moments(rows.x @ (member / member.sum(axis=0)), rows.weights)
    r, n = found.corr(), len(rows.x)
    from scipy import stats

    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stats.t.sf(np.abs(t_statistic(r, np.full(r.shape, n))), n - 2)
    return Scores(found.mean, found.sd(), r, p)
