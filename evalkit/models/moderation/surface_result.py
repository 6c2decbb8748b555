"""The result of a polynomial regression: tidy rows, table, figure, and the block of terms as one variable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Drop, Figure, Label, Problem, Table, require_columns
from evalkit.models.generalised import OutcomeResult
from evalkit.models.linear import RegressionResult

GRID = 41


@dataclass(frozen=True)
class Surface:
    """``constant + b1 u + b2 v + b3 u^2 + b4 u v + b5 v^2`` with u = x - middle, v = z - middle.

    Parameters
    ----------
    low, high : float
        Lowest and highest answer to either variable.
    hull : tuple of (x, z)
        Corners of the area that the answers cover.
    """

    b: tuple[float, ...]
    constant: float
    middle: float
    low: float
    high: float
    hull: tuple[tuple[float, float], ...]

    def height(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        u, v = np.asarray(x, float) - self.middle, np.asarray(z, float) - self.middle
        b1, b2, b3, b4, b5 = self.b
        return np.asarray(self.constant + b1 * u + b2 * v + b3 * u**2 + b4 * u * v + b5 * v**2)

    @property
    def shape(self) -> str:
        """`concave` (a dome), `convex` (a bowl) or `saddle`; `unknown` without estimates."""
        _, _, b3, b4, b5 = self.b
        if not np.isfinite(self.b).all():
            return "unknown"
        bends = np.linalg.eigvalsh(np.array([[b3, b4 / 2], [b4 / 2, b5]]))
        return "concave" if (bends < 0).all() else "convex" if (bends > 0).all() else "saddle"


@dataclass(frozen=True, eq=False)
class SurfaceResult:
    """Polynomial regression of an outcome on two variables of one scale.

    Attributes
    ----------
    terms : tuple of str
        Ids of x, z, x squared, x times z, z squared.
    series : RegressionResult or OutcomeResult
        Covariates; x and z; the three terms of second order.
    effects : DataFrame
        Tidy rows about the surface.
    """

    outcome: str
    x: str
    z: str
    family: str
    terms: tuple[str, ...]
    series: RegressionResult | OutcomeResult
    effects: pd.DataFrame
    surface: Surface
    conf_level: float
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("T20", "T20.models")

    def tidy(self) -> pd.DataFrame:
        """The rows of the models (with `model` and `outcome`), then those of the surface."""
        return pd.concat([self.series.tidy(), self.effects], ignore_index=True)

    def glance(self) -> pd.DataFrame:
        """Fit of the last model, and the test of the terms of second order."""
        fit = self.series.models[-1].fit
        quality = {name: getattr(fit, name, np.nan) for name in ("r_squared", "r_squared_adj", "mcfadden")}
        quality["mcfadden"] = getattr(fit, "quality", {}).get("mcfadden", np.nan)
        row = self.effects.set_index("term").loc["second_order"]
        change = {"r_squared_change": row["estimate"]} | {n: row[n] for n in ("statistic", "df", "df2", "p_value")}
        clusters = np.nan if fit.n_clusters is None else fit.n_clusters
        return pd.DataFrame([{"n_obs": self.n_obs, **quality, **change, "n_clusters": clusters}])

    def table(self, template: str = "T20") -> Table:
        """`T20`: coefficients, lines, stationary point and axes; `T20.models`: the models side by side."""
        if template not in self.templates:
            raise AnalysisError(Problem("E652", params={"name": template, "known": list(self.templates)}))
        if template == "T20.models":
            return replace(self.series.table("T13"), id="surface", template=template)
        from evalkit.models.moderation.surface_table import surface_table

        return surface_table(self)

    def figure(self) -> Figure | None:
        """The surface as contours, with the two lines, the first principal axis and the area of the answers."""
        from evalkit.models.moderation.surface_table import surface_figure

        return surface_figure(self)

    def block_variable(self, data: pd.DataFrame) -> pd.Series:
        """The five terms weighed by their coefficients, as one predictor (Edwards & Cable 2009): for a mediation.

        Its coefficient in a regression with the same covariates is 1. nan where x or z is missing.
        """
        require_columns(data, [self.x, self.z])
        found = self.surface.height(data[self.x].to_numpy(float), data[self.z].to_numpy(float))
        return pd.Series(found - self.surface.constant, index=data.index, name=f"{self.x}_{self.z}_block")
