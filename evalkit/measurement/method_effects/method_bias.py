"""Scales measured in one way by one person in; how much of their answers the method may explain out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.contract import AnalysisError, Drop, Label, Problem, item_columns, label_of
from evalkit.measurement.method_effects.candidates import (
    Candidate,
    Setting,
    Tried,
    free_name,
    measurement,
)
from evalkit.measurement.method_effects.method_result import (
    Harman,
    Loading,
    MarkerResult,
    MethodBiasResult,
    MethodNorms,
)
from evalkit.measurement.minres import one_factor
from evalkit.measurement.validation.scales import Scales, both, complete_rows, scales_of
from evalkit.measurement.validation.strength import standardised_values
from evalkit.moments import correlation_of, moments
from evalkit.sampling import Design, design_of

_NAN = float("nan")
EQUAL = "method_loading"


def method_bias(
    data: pd.DataFrame,
    scales: Scales,
    *,
    marker: str | Sequence[str] | None = None,
    loadings: str = "equal",
    estimator: str = "ML",
    harman_norm: float = 40.0,
    fit_norm: float = 0.1,
    rmsea_norm: float = 0.05,
    vif_norm: float = 3.3,
    cluster: str | None = None,
    design: Design | None = None,
) -> MethodBiasResult:
    """Common-method bias: Harman's test, one-factor CFA, unmeasured method factor, CFA marker, full collinearity.

    Parameters
    ----------
    data : DataFrame
    scales : str, sequence of str or mapping
        The substantive scales: ids, or items by name of a factor.
    marker : str or sequence of str, optional
        A scale id, or two items or more, that in theory has nothing to do with the others.
    loadings : {"equal", "free"}
        Of the items on the unmeasured method factor. Free ones often leave the model unidentified.
    estimator : str
        As in `cfa`.
    harman_norm : float
        Share of variance (per cent) of the first component below which no single factor is said to dominate: 40 is
        customary in Chinese journals, 50 elsewhere (Podsakoff et al. 2003, Journal of Applied Psychology 88, 879-903).
    fit_norm, rmsea_norm : float
        Bias is said to be serious where the method factor betters CFI or TLI by `fit_norm` or more (0.05 is the strict
        rule) or RMSEA by `rmsea_norm` or more (Wen, Huang & Tang 2018, Advances in Psychological Science).
    vif_norm : float
        Largest variance inflation factor among the scales: Kock (2015), International Journal of e-Collaboration 11,
        1-10.
    cluster, design : optional
        As in `cfa`.

    Returns
    -------
    MethodBiasResult
        All models over the rows complete on every item (and marker item). A model that cannot be fitted is nan with a
        notice (W715); the others stand.

    Raises
    ------
    AnalysisError
        E600, E610, E611, E770; E614 for an unknown option; E713 for a marker of fewer than two items or with items of
        the scales; E921 for items that never vary, E922 for no more rows than items.

    Notes
    -----
    Unmeasured method factor: Podsakoff et al. (2003), uncorrelated with the others. Marker: Williams, Hartman &
    Cavazotte (2010), Organizational Research Methods 13, 477-514, models CFA, Baseline, Method-C, Method-U, Method-R.
    """
    if loadings not in ("equal", "free"):
        raise AnalysisError(Problem("E614", params={"option": "loadings", "value": loadings}))
    wanted = scales_of(data, scales)
    members = {s.id: s.columns for s in wanted}
    marked = _marker(data, marker, members)
    columns = [c for own in members.values() for c in own]
    x, complete = complete_rows(data, [*columns, *marked])
    _require_variation(data, [*columns, *marked], x)
    plan = Design(clusters=cluster) if cluster else design_of(data, design)
    setting = Setting(data[complete], estimator, plan)
    models, method = _models(setting, members, loadings)
    weights = _weights(models[1])
    cov = moments(x[:, : len(columns)], weights).cov()
    found = {t.id: t for t in models}
    against = {t.id: t.difference(found["measurement"]) for t in models if t.id != "measurement"}
    candidates = tuple(t.candidate(against[t.id][0] if t.id in against else None) for t in models)
    markers, more = _marker_models(setting, members, marked, found["measurement"]) if marked else (None, ())
    notices = [*(p for t in models for p in t.notices), *(p for pair in against.values() for p in pair[1]), *more]
    labels = {s.id: s.label for s in wanted} | {c: label_of(data, c) for c in (*columns, *marked)}
    lost = int((~complete).sum())
    return MethodBiasResult(
        harman=harman(correlation_of(cov)),
        models=candidates,
        method=_method_loading(found["method"], method, columns) if found["method"].fit is not None else Loading(),
        marker=markers,
        vif=_inflation(cov, members, columns),
        loadings=loadings,
        estimator=models[1].fit.options.estimator if models[1].fit is not None else estimator,
        norms=MethodNorms(harman_norm, fit_norm, rmsea_norm, vif_norm),
        n_items=len(columns),
        labels=labels,
        n_obs=len(x),
        dropped=(Drop("drop.incomplete", lost),) if lost else (),
        notices=tuple(dict.fromkeys(notices)),
    )


def harman(r: np.ndarray) -> Harman:
    """Share of the first unrotated component, components with eigenvalues above 1, share of one minres factor.

    Parameters
    ----------
    r : ndarray, shape (p, p)
        Correlations of all items.
    """
    values = np.linalg.eigvalsh(r)[::-1]
    p = len(r)
    factor = one_factor(r)
    share = 100 * float(np.sum(factor.loadings**2)) / p if factor.converged else _NAN
    return Harman(100 * float(values[0]) / p, int((values > 1).sum()), share)


def _models(setting: Setting, members: Mapping[str, Sequence[str]], loadings: str) -> tuple[list[Tried], str]:
    """One factor; as many as scales; these and a method factor; and the name of that factor."""
    columns = [c for own in members.values() for c in own]
    taken = {*members, *columns, *map(str, setting.data.columns)}
    method = free_name("method", taken)
    plain = measurement(members)
    # Equal loadings as a free variance: unlike a common loading it has a slope at zero, and may show below it.
    first = "1*" if loadings == "equal" else ""
    text = "\n".join(
        [plain, f"{method} =~ " + " + ".join(f"{first}{c}" for c in columns), *(f"{method} ~~ 0*{n}" for n in members)]
    )
    single = f"{free_name('single', taken)} =~ {' + '.join(columns)}"
    models = [
        setting.tried("one_factor", Label("method.one_factor"), single),
        setting.tried("measurement", Label("method.measurement", k=len(members)), plain),
        setting.tried("method", Label(f"method.with_method_{loadings}"), text, std_lv=loadings == "free"),
    ]
    return models, method


def _method_loading(model: Tried, method: str, columns: Sequence[str]) -> Loading:
    """The equal loading with its test (nan for free ones) and the share of item variance due to the method.

    Where the loading is the root of a variance, its error follows by the delta method.
    """
    found = model.fit
    if found is None or not found.converged:
        return Loading()
    estimates = found.estimates()
    rows = (estimates["op"] == "=~") & (estimates["lhs"] == method) & estimates["rhs"].isin(list(columns))
    share = 100 * float(np.mean(standardised_values(found)[rows.to_numpy()] ** 2))
    spread = estimates[(estimates["op"] == "~~") & (estimates["lhs"] == method) & (estimates["rhs"] == method)].iloc[0]
    if spread["se"] > 0:
        root = np.sqrt(spread["est"]) if spread["est"] > 0 else _NAN
        se = spread["se"] / (2 * root)
        z = root / se
        return Loading(float(root), float(se), float(z), float(2 * stats.norm.sf(z)), share)
    equal = estimates[(estimates["label"] == EQUAL) & (estimates["lhs"] == method)]
    if equal.empty:
        return Loading(share=share)
    one = equal.iloc[0]
    sign = 1 if one["est"] >= 0 else -1
    return Loading(sign * float(one["est"]), float(one["se"]), sign * float(one["z"]), float(one["p_value"]), share)


def _weights(model: Tried) -> np.ndarray | None:
    return None if model.fit is None else model.fit.sample.groups[0].weights


def _inflation(cov: np.ndarray, members: Mapping[str, Sequence[str]], columns: Sequence[str]) -> dict[str, float]:
    """Variance inflation of each scale's mean given the others; nan where they determine one another."""
    member = np.array([[float(c in own) / len(own) for own in members.values()] for c in columns])
    r = correlation_of(member.T @ cov @ member)
    if len(r) < 2 or not np.isfinite(r).all() or np.linalg.cond(r) > 1e12:
        return dict.fromkeys(members, _NAN)
    return dict(zip(members, map(float, np.diag(np.linalg.inv(r))), strict=True))


def _marker(data: pd.DataFrame, marker: str | Sequence[str] | None, members: Mapping[str, Sequence[str]]) -> list[str]:
    if marker is None:
        return []
    found = item_columns(data, marker if isinstance(marker, str) else list(marker))
    used = {c for own in members.values() for c in own}
    if len(found) < 2 or len(set(found)) < len(found) or used & set(found):
        raise AnalysisError(Problem("E713", params={"names": found}))
    return found


def _require_variation(data: pd.DataFrame, columns: Sequence[str], x: np.ndarray) -> None:
    if len(x) <= len(columns):
        raise AnalysisError(Problem("E922", params={"n": len(x), "p": len(columns), "group": ""}))
    constant = [both(label_of(data, c)) for c, v in zip(columns, x.T, strict=True) if v.min() == v.max()]
    if constant:
        raise AnalysisError(Problem("E921", params={"items": constant, "group": ""}))


def _marker_models(
    setting: Setting, members: Mapping[str, Sequence[str]], marked: Sequence[str], plain: Tried
) -> tuple[MarkerResult | None, tuple[Problem, ...]]:
    """Williams, Hartman & Cavazotte's series; later models take values from earlier ones."""
    name = free_name("marker", {*members, *marked, *map(str, setting.data.columns)})
    text = measurement({**members, name: marked})
    full = setting.tried("marker_cfa", Label("method.marker_cfa"), text)
    if full.fit is None or not full.fit.converged:
        return None, full.notices
    e = full.fit.estimates()
    weight = e[(e["op"] == "=~") & (e["lhs"] == name)].set_index("rhs")["est"]
    rest = e[(e["op"] == "~~") & (e["lhs"] == e["rhs"])].set_index("lhs")["est"]
    fixed = [measurement(members), *(f"{item} ~~ {float(rest[item])!r}*{item}" for item in marked)]
    fixed += [f"{name} ~~ 0*{n}" for n in members]
    own = " + ".join(f"{float(weight[item])!r}*{item}" for item in marked)
    columns = [c for items in members.values() for c in items]
    equal = " + ".join(f"{EQUAL}*{c}" for c in columns)
    free = " + ".join(columns)
    base = setting.tried("marker_baseline", Label("method.marker_baseline"), "\n".join([*fixed, f"{name} =~ {own}"]))
    same = setting.tried("marker_c", Label("method.marker_c"), "\n".join([*fixed, f"{name} =~ {own} + {equal}"]))
    loose = setting.tried("marker_u", Label("method.marker_u"), "\n".join([*fixed, f"{name} =~ {own} + {free}"]))
    exists, equality = same.difference(base), loose.difference(same)
    chosen = loose if equality[0].p_value < 0.05 else same
    methods = free if chosen is loose else equal
    held = [*fixed, f"{name} =~ {own} + {methods}", *_held(base, list(members))]
    strict = setting.tried("marker_r", Label("method.marker_r"), "\n".join(held))
    biased = strict.difference(chosen)
    series: tuple[Candidate, ...] = (
        full.candidate(), base.candidate(), same.candidate(exists[0]), loose.candidate(equality[0]),
        strict.candidate(biased[0]),
    )  # fmt: skip
    notices = [p for t in (full, base, same, loose, strict) for p in t.notices if p not in plain.notices]
    loading = _method_loading(chosen, name, columns)
    return MarkerResult(series, chosen.id, loading), (*notices, *exists[1], *equality[1], *biased[1])


def _held(base: Tried, names: Sequence[str]) -> Iterator[str]:
    """The correlations of the substantive factors, fixed at those of the baseline model."""
    if base.fit is None:
        return
    r = base.fit.latent_cor()
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            yield f"{one} ~~ {float(r.loc[one, other])!r}*{other}"
