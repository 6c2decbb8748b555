"""The parts of a dossier: one line each, one small function each.

A part takes the setting and gives a result, or None where it does not apply. What it raises becomes its notice; the
other parts go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from evalkit.contract import AnalysisError, Problem, Result
from evalkit.descriptive import describe
from evalkit.measurement import cfa, efa, reliability
from evalkit.sampling import Design
from evalkit.studies.dossier.dimension import dimensions
from evalkit.studies.dossier.rules import Rule
from evalkit.studies.dossier.screen import Screened

DRAWS, PERCENTILE = 1000, 95.0


@dataclass(frozen=True, eq=False)
class Setting:
    """What every part is told."""

    screen: Screened
    rules: Mapping[str, Rule]
    groups: tuple[str, ...]
    cluster: str | None
    estimator: str
    missing: str
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
    """

    id: str
    make: Callable[[Setting], Result | None]
    printed: Mapping[str, str] = field(default_factory=dict)
    appendix: Mapping[str, str] = field(default_factory=dict)
    only_appendix: bool = False
    weighted: bool = False


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


def measurement_model(setting: Setting) -> Result:
    """Every usable scale a factor, all of them correlated."""
    if not setting.screen.usable:
        raise AnalysisError(Problem("E750"))
    return cfa(
        setting.screen.data, list(setting.screen.usable), estimator=setting.estimator, missing=setting.missing,
        conf_level=setting.conf_level, design=setting.design,
    )  # fmt: skip


PARTS: tuple[Part, ...] = (
    Part("items", item_statistics, appendix={"T4": "T4"}),
    Part("reliability", internal_consistency, printed={"T5": "T5"}),
    Part("dimension", dimensionality, printed={"T6": "T6"}),
    Part("factors", common_factors, appendix={"T6_loadings": "T6", "T6_retention": "T6_retention"}, only_appendix=True),
    Part("measurement", measurement_model, printed={"T5_loadings": "T5", "T8": "T8", "T9": "T9"},
         appendix={"modification": "modification"}, weighted=True),
)  # fmt: skip
