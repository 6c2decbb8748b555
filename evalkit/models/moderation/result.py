"""The result of a moderation: tidy rows, tables, figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import Drop, Figure, Label, Problem, Table
from evalkit.models.generalised import OutcomeResult
from evalkit.models.linear import RegressionResult
from evalkit.models.moderation.regions import Region
from evalkit.models.moderation.roles import Predictor

GLANCE = ("r_squared", "mcfadden", "nagelkerke")


@dataclass(frozen=True)
class Role:
    """How a variable entered the model: `number` (less `centre`, by `scale`), `binary` or `nominal`."""

    name: str
    label: Label
    kind: str
    centre: float
    scale: float
    categories: tuple[tuple[str, Label], ...]

    @classmethod
    def of(cls, one: Predictor) -> Role:
        return cls(one.name, one.label, one.kind, one.centre, one.scale, one.categories)


@dataclass(frozen=True, eq=False)
class ModerationResult:
    """How the effect of x on an outcome changes with one moderator or two.

    Attributes
    ----------
    roles : mapping
        `x`, `w`, `z` -> Role.
    interaction : str
        `three_way` or `two_way`; nothing with one moderator.
    series : RegressionResult or OutcomeResult
        The models block by block.
    effects : DataFrame
        Tidy rows about the last model: `interaction.*`, `slope.*`, `effect.*`, `difference.*`, `product.*`, `jn.*`,
        `jn_fdr.*`, `floodlight.*`, `predicted.*`, `contrast.*`, `beta.*`.
    regions, regions_fdr : tuple of Region
    curves : DataFrame
        Expected outcome along x: panel, line, role, x, estimate, conf_low, conf_high.
    rugs : mapping
        Part -> per cent of the rows by value.
    """

    outcome: str
    roles: Mapping[str, Role]
    family: str
    interaction: str
    centre: str
    points: str
    quantile_type: int
    series: RegressionResult | OutcomeResult
    effects: pd.DataFrame
    regions: tuple[Region, ...]
    regions_fdr: tuple[Region, ...]
    curves: pd.DataFrame
    rugs: Mapping[str, pd.DataFrame]
    conf_level: float
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    figures: ClassVar[tuple[str, ...]] = ("interaction", "johnson_neyman")

    @property
    def templates(self) -> tuple[str, ...]:
        """The models (T17), the slopes (T17.slopes), and what they mean for the outcome where it has a link."""
        return ("T17", "T17.slopes", *(() if self.family == "linear" else ("T17.contrasts",)))

    def tidy(self) -> pd.DataFrame:
        """The rows of the models (with `model` and `outcome`), then those of `effects`.

        `moderator_value` and `second_value` are the values of w and z that a row is about; `share` is per cent of the
        cases below a lower and above an upper bound, or in the region where the slope is significant.
        """
        return pd.concat([self.series.tidy(), self.effects], ignore_index=True)

    def glance(self) -> pd.DataFrame:
        """Fit of the last model, and the test of the products of the highest order."""
        fit = self.series.models[-1].fit
        quality = {name: getattr(fit, name, np.nan) for name in GLANCE}
        quality |= {k: v for k, v in getattr(fit, "quality", {}).items() if k in GLANCE}
        rows = self.effects[self.effects["term"].str.startswith("interaction.")]
        last = rows.iloc[-1]
        change = {"r_squared_change": last["estimate"], "statistic": last["statistic"]}
        change |= {name: last[name] for name in ("df", "df2", "p_value", "f_squared")}
        clusters = np.nan if fit.n_clusters is None else fit.n_clusters
        return pd.DataFrame([{"n_obs": self.n_obs, **quality, **change, "n_clusters": clusters}])

    def rows(self, start: str) -> pd.DataFrame:
        """The effects whose term begins with `start.`."""
        found: pd.DataFrame = self.effects[self.effects["term"].str.startswith(f"{start}.")]
        return found

    def table(self, template: str = "T17") -> Table:
        """`T17`: the models side by side. `T17.slopes`: simple slopes, differences, bounds. `T17.contrasts`: expected
        outcomes at low and high x (not for linear models)."""
        from evalkit.models.moderation.tables import moderation_table

        return moderation_table(self, template)

    def figure(self, name: str = "interaction") -> Figure | None:
        """`interaction`: the outcome along x at each value of the moderators; `johnson_neyman`: the slope along the
        moderator, None without a numeric one."""
        from evalkit.models.moderation.pictures import moderation_figure

        return moderation_figure(self, name)
