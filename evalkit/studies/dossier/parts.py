"""The parts of a dossier: one line each, one small function each.

A part takes the setting and gives a result, or None where it does not apply. What it raises becomes its notice; the
other parts go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from evalkit.contract import AnalysisError, Problem, Result
from evalkit.descriptive import describe
from evalkit.measurement import aggregation, cfa, efa, reliability
from evalkit.measurement.method_effects import compare_models, method_bias
from evalkit.measurement.validation import item_analysis, validity
from evalkit.sampling import Design
from evalkit.studies.dossier.dimension import dimensions
from evalkit.studies.dossier.ladders import ladders
from evalkit.studies.dossier.rules import Rule
from evalkit.studies.dossier.screen import Screened

DRAWS, PERCENTILE = 500, 95.0


@dataclass(frozen=True, eq=False)
class Setting:
    """What every part is told."""

    screen: Screened
    rules: Mapping[str, Rule]
    groups: tuple[str, ...]
    cluster: str | None
    estimator: str | None
    ordinal: bool
    conf_level: float
    resamples: int
    seed: int
    design: Design | None
    appendix: bool


@dataclass(frozen=True)
class Part:
    """One part.

    Parameters
    ----------
    id : str
        Its name is the label `dossier.part_<id>`; its rows stand under this model key.
    make : callable
    printed, appendix : mapping
        Template of the dossier -> template of the part's result; those of the appendix are printed when asked for.
    only_appendix : bool
        Not computed unless the appendix is asked for.
    weighted : bool
        Whether it honours the sampling design.
    needs : str
        Part without whose result this one is not tried.
    by_group : bool
        Whether rows with a group key are details, left to the appendix.
    """

    id: str
    make: Callable[[Setting], Result | None]
    printed: Mapping[str, str] = field(default_factory=dict)
    appendix: Mapping[str, str] = field(default_factory=dict)
    only_appendix: bool = False
    weighted: bool = False
    needs: str = ""
    by_group: bool = False


def item_statistics(setting: Setting) -> Result:
    """Mean, spread and shape of every item."""
    return describe(setting.screen.data, list(setting.screen.items), conf_level=setting.conf_level)


def internal_consistency(setting: Setting) -> Result:
    """Alpha and omega of every scale, and what each item adds."""
    return reliability(setting.screen.data, list(setting.screen.reflective), conf_level=setting.conf_level)


def dimensionality(setting: Setting) -> Result:
    """Whether the items of each scale hold one dimension."""
    return dimensions(setting.screen, draws=DRAWS, percentile=PERCENTILE, seed=setting.seed)


def common_factors(setting: Setting) -> Result | None:
    """Factors of all items together."""
    if len(setting.screen.usable) < 2:
        return None
    return efa(setting.screen.data, list(setting.screen.usable_items), seed=setting.seed)


def extreme_groups(setting: Setting) -> Result:
    """Critical ratios of the items."""
    return item_analysis(setting.screen.data, list(setting.screen.several))


def convergence(setting: Setting) -> Result:
    """Loadings, AVE, CR and HTMT from one model of every usable scale."""
    return validity(
        setting.screen.data, _usable(setting), estimator=setting.estimator, ordinal=setting.ordinal,
        resamples=setting.resamples, seed=setting.seed, conf_level=setting.conf_level, ave_norm=setting.rules["ave"].at,
        cr_norm=setting.rules["composite_reliability"].at, loading_norm=setting.rules["loading"].at,
        htmt_norm=setting.rules["htmt"].at, appendix=True,
        design=setting.design,
    )  # fmt: skip


def measurement_model(setting: Setting) -> Result:
    """The same model with unstandardised loadings, every fit measure and modification indices."""
    return cfa(
        setting.screen.data, _usable(setting), estimator=setting.estimator, ordinal=setting.ordinal,
        conf_level=setting.conf_level, design=setting.design,
    )  # fmt: skip


def same_method(setting: Setting) -> Result | None:
    """Harman's test, one factor, a method factor, collinearity of the scales."""
    if len(setting.screen.usable) < 2:
        return None
    rules = setting.rules
    return method_bias(
        setting.screen.data, _usable(setting), estimator=_continuous(setting), harman_norm=rules["harman"].at,
        fit_norm=rules["method_cfi"].at, rmsea_norm=rules["method_rmsea"].at, vif_norm=rules["vif"].at,
        design=setting.design,
    )  # fmt: skip


def rival_models(setting: Setting) -> Result | None:
    """Models of fewer factors, and of a second-order one."""
    if len(setting.screen.usable) < 2:
        return None
    return compare_models(
        setting.screen.data,
        _usable(setting),
        estimator=setting.estimator,
        ordinal=setting.ordinal,
        design=setting.design,
    )


def same_measure(setting: Setting) -> Result | None:
    """Whether measurement is the same over the groups."""
    if not setting.groups or not setting.screen.usable:
        return None
    return ladders(
        setting.screen, setting.groups, estimator=setting.estimator, ordinal=setting.ordinal,
        rule=setting.rules["invariance"], design=setting.design,
    )  # fmt: skip


def shared_perceptions(setting: Setting) -> Result | None:
    """Whether answers may be aggregated to the units of `cluster`."""
    if setting.cluster is None:
        return None
    bounds = {name: setting.rules[id].at for name, id in AGGREGATION.items()}
    return aggregation(
        setting.screen.data, list(setting.screen.reflective), cluster=setting.cluster, rule=bounds,
        conf_level=setting.conf_level,
    )  # fmt: skip


def _usable(setting: Setting) -> list[str]:
    """The scales of the measurement models.

    Raises
    ------
    AnalysisError
        E750 where none is usable.
    """
    if not setting.screen.usable:
        raise AnalysisError(Problem("E750"))
    return list(setting.screen.usable)


def _continuous(setting: Setting) -> str:
    """The estimator of a part that takes items as continuous."""
    return "ML" if setting.ordinal or setting.estimator is None else setting.estimator


AGGREGATION: Mapping[str, str] = {"rwg": "rwg", "icc1": "icc1", "icc2": "icc2", "p": "icc1_p"}
"""Bound of `aggregation` -> rule."""

PARTS: tuple[Part, ...] = (
    Part("items", item_statistics, appendix={"T4": "T4"}),
    Part("reliability", internal_consistency, appendix={"T5_items": "T5"}),
    Part("extremes", extreme_groups, appendix={"critical_ratios": "item_analysis"}, only_appendix=True),
    Part("dimension", dimensionality, printed={"T6": "T6"}),
    Part("factors", common_factors, appendix={"T6_loadings": "T6", "T6_retention": "T6_retention"}, only_appendix=True),
    Part("validity", convergence, printed={"T5": "T5", "T9": "T9"}, appendix={"latent": "latent", "htmt": "htmt"},
         weighted=True),
    Part("measurement", measurement_model,
         appendix={"T5_raw": "T5", "T8_measures": "T8", "modification": "modification"}, only_appendix=True,
         weighted=True),
    Part("method", same_method, printed={"T7": "T7"}, weighted=True),
    Part("rivals", rival_models, printed={"T8": "T8"}, weighted=True, needs="validity"),
    Part("invariance", same_measure, printed={"T10": "T10"}, weighted=True),
    Part("aggregation", shared_perceptions, printed={"T12": "T12"}, appendix={"T12_groups": "T12_groups"},
         by_group=True),
)  # fmt: skip
