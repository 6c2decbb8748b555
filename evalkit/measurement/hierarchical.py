"""A correlation matrix and a number of group factors in; Schmid and Leiman's general factor and its omegas out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalkit.measurement.exploratory.extraction import extract
from evalkit.measurement.exploratory.rotation import rotate
from evalkit.measurement.minres import one_factor


@dataclass(frozen=True, eq=False)
class SchmidLeiman:
    """A general factor and group factors at right angles to it and to one another.

    Parameters
    ----------
    r : ndarray, shape (k, k)
        The correlations analysed.
    general : ndarray, shape (k,)
        Loadings on the general factor.
    groups : ndarray, shape (k, m)
        Loadings on the group factors, in the order of the items that they hold.
    converged : bool
        Extraction, rotation and the second-order factor all arrived.
    heywood : tuple of int
        Items whose uniqueness met its bound.
    """

    r: np.ndarray
    general: np.ndarray
    groups: np.ndarray
    converged: bool
    heywood: tuple[int, ...]

    @property
    def communality(self) -> np.ndarray:
        """Share of each item's variance that the factors explain, shape (k,)."""
        return np.asarray(self.general**2 + np.sum(self.groups**2, axis=1))

    @property
    def general_share(self) -> np.ndarray:
        """Share of each item's communality that the general factor explains, shape (k,)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.general**2 / self.communality)

    @property
    def members(self) -> np.ndarray:
        """The group factor on which each item loads most, shape (k,)."""
        return np.asarray(np.abs(self.groups).argmax(axis=1))

    @property
    def omega_hierarchical(self) -> float:
        """Share of the variance of the standardised total that the general factor explains."""
        return float(self.general.sum() ** 2 / self.r.sum())

    @property
    def omega_total(self) -> float:
        """Share of the variance of the standardised total that is not unique to items."""
        return float(1 - np.sum(1 - self.communality) / self.r.sum())

    @property
    def omega_asymptotic(self) -> float:
        """Omega hierarchical of an endless scale like this one: the general share of what is reliable."""
        return self.omega_hierarchical / self.omega_total

    @property
    def explained_common_variance(self) -> float:
        """The general factor's share of the communalities."""
        return float(np.sum(self.general**2) / np.sum(self.communality))

    def of_groups(self) -> np.ndarray:
        """Each group's sum of its own items: reliable share, by the general factor, by its own, shape (m, 3)."""
        found = np.full((self.groups.shape[1], 3), np.nan)
        for j in range(self.groups.shape[1]):
            own = self.members == j
            if own.any():
                variance = float(self.r[np.ix_(own, own)].sum())
                general = float(self.general[own].sum()) ** 2 / variance
                specific = float(self.groups[own, j].sum()) ** 2 / variance
                found[j] = general + specific, general, specific
        return found

    @property
    def group_share(self) -> float:
        """Share of the variance of the standardised total that group factors explain through their own items."""
        own = [self.groups[self.members == j, j].sum() for j in range(self.groups.shape[1])]
        return float(np.sum(np.square(own)) / self.r.sum())


def schmid_leiman(r: np.ndarray, n_groups: int, method: str = "minres") -> SchmidLeiman:
    """Orthogonal general and group factors from oblique ones.

    Parameters
    ----------
    r : ndarray, shape (k, k)
        Correlations of k items; k of at least 2 `n_groups` or more.
    n_groups : int
        Three or more, since one second-order factor of fewer is not identified.
    method : {"minres", "ml", "pa"}

    Notes
    -----
    Direct quartimin rotation; the correlations of the factors are explained by one minres factor with loadings b;
    general loadings ``L b``, group loadings ``L sqrt(1 - b^2)``. Schmid & Leiman (1957), Psychometrika 22, 53-61;
    omega: Zinbarg, Revelle, Yovel & Li (2005), Psychometrika 70, 123-133; explained common variance: Reise (2012),
    Multivariate Behavioral Research 47, 667-696.
    """
    drawn = extract(r, n_groups, method)
    turned = rotate(drawn.loadings, "oblimin")
    sign = np.where(turned.loadings.sum(axis=0) < 0, -1.0, 1.0)
    loadings, phi = turned.loadings * sign, turned.phi * np.outer(sign, sign)
    strongest = np.abs(loadings).argmax(axis=1)
    order = sorted(range(n_groups), key=lambda j: (np.append(np.flatnonzero(strongest == j), len(r))[0], j))
    loadings, phi = loadings[:, order], phi[np.ix_(order, order)]
    second = one_factor(phi)
    above = second.loadings
    general = loadings @ above
    if general.sum() < 0:
        general = -general
    groups = loadings * np.sqrt(1 - above**2)
    converged = drawn.converged and turned.converged and second.converged
    return SchmidLeiman(r, general, groups, converged, drawn.heywood)
