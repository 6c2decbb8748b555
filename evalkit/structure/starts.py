"""A table and sample statistics in, start values of the free parameters out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from evalkit.structure.matrices import Layout
from evalkit.structure.sample import Sample
from evalkit.structure.table import Parameter, ParameterTable


def start_values(table: ParameterTable, sample: Sample, given: dict[tuple[str, str, str, int], float]) -> np.ndarray:
    """Start values, shape (q,): the user's, those `given` by key, else estimates from blocks of the covariances.

    Loadings come from the first principal component of the indicators of each latent variable, half of a variance is
    taken as its residual.
    """
    theta = np.zeros(table.n_free)
    done = np.zeros(table.n_free, dtype=bool)
    for group in range(1, len(table.groups) + 1):
        guess = _Guess(table, sample, group)
        for row in table.of_group(group):
            if not row.free:
                continue
            user = not np.isnan(row.start)
            if done[row.free - 1] and not user:
                continue
            theta[row.free - 1] = row.start if user else given.get(row.key, guess.of(row.lhs, row.op, row.rhs))
            done[row.free - 1] = True
    return theta


@dataclass(frozen=True)
class _Block:
    """A latent variable of one group: its loadings, which of them are of observed items, where these stand among the
    moments, the marker among them, and whether its variance is fixed at 1."""

    name: str
    rows: tuple[Parameter, ...]
    seen: tuple[str, ...]
    at: tuple[np.ndarray, ...]
    marker: int | None
    unit: bool


@lru_cache(maxsize=128)
def _blocks(table: ParameterTable, group: int) -> tuple[_Block, ...]:
    at = {name: i for i, name in enumerate(table.observed)}
    loadings = [row for row in table.of_group(group) if row.op == "=~"]
    out = []
    for latent in table.latent:
        rows = tuple(row for row in loadings if row.lhs == latent)
        own = [row for row in rows if row.rhs in at]
        marker = next((i for i, row in enumerate(own) if not row.free and row.value), None)
        variance = table.find(latent, "~~", latent, group)
        unit = variance is not None and not variance.free and variance.value == 1.0
        seen = tuple(row.rhs for row in own)
        out.append(_Block(latent, rows, seen, np.ix_(*[[at[name] for name in seen]] * 2), marker, unit))
    return tuple(out)


class _Guess:
    def __init__(self, table: ParameterTable, sample: Sample, group: int) -> None:
        part = sample.groups[group - 1]
        self.at = {name: i for i, name in enumerate(sample.names)}
        self.cov, self.mean = part.cov, part.mean
        self.cuts = part.ordered.thresholds if part.ordered else ((),) * len(sample.names)
        self.exogenous = table.purely_exogenous
        self.loadings: dict[tuple[str, str], float] = {}
        self.spread: dict[str, float] = {}
        for block in _blocks(table, group):
            self._latent(block)

    def _latent(self, block: _Block) -> None:
        latent, rows, unit = block.name, block.rows, block.unit
        if not block.seen:
            for row in rows:
                self.loadings[latent, row.rhs] = 0.7 if unit else 1.0
            self.spread[latent] = 1.0 if unit else 0.5 * min([self.spread.get(r.rhs, 1.0) for r in rows], default=1.0)
            return
        inner = self.cov[block.at]
        values, vectors = np.linalg.eigh(inner)
        k, top = len(inner), float(values[-1])
        common = max(top - (float(values[:-1].sum()) / (k - 1) if k > 1 else 0.0), 0.1 * top)
        full = vectors[:, -1] * np.sqrt(common)
        if block.marker is None or unit:
            full = full if full[np.argmax(np.abs(full))] > 0 else -full
            scale = 1.0
        else:
            scale = float(full[block.marker])
            least = 0.2 * float(inner[block.marker, block.marker]) ** 0.5
            scale = np.copysign(max(abs(scale), least), scale)
        for name, value in zip(block.seen, (full / scale).tolist(), strict=True):
            self.loadings[latent, name] = value
        for row in rows:
            self.loadings.setdefault((latent, row.rhs), 1.0)
        self.spread[latent] = float(scale**2)

    def of(self, lhs: str, op: str, rhs: str) -> float:
        if op == "=~":
            return self.loadings[lhs, rhs]
        if op == "~~":
            return self._moment(lhs, rhs)
        if op == "~1":
            return float(self.mean[self.at[lhs]]) if lhs in self.at else 0.0
        if op == "~*~":
            return 1.0
        if op == "|":
            return float(self.cuts[self.at[lhs]][int(rhs[1:]) - 1])
        return 0.0

    def _moment(self, lhs: str, rhs: str) -> float:
        latent = lhs in self.spread or rhs in self.spread
        if lhs != rhs:
            exo = not latent and {lhs, rhs} <= self.exogenous
            return float(self.cov[self.at[lhs], self.at[rhs]]) if exo else 0.0
        if lhs in self.spread:
            return self.spread[lhs]
        if lhs in self.at and len(self.cuts[self.at[lhs]]):
            return 1.0
        own = float(self.cov[self.at[lhs], self.at[lhs]])
        return own if lhs in self.exogenous else 0.5 * own


def with_sample_moments(table: ParameterTable, sample: Sample) -> ParameterTable:
    """Fixed exogenous moments filled in from the sample; what it is conditional on is no longer among the observed."""
    if not any(row.exo for row in table.rows):
        return table
    at = {name: i for i, name in enumerate(sample.given or sample.names)}
    rows = []
    for row in table.rows:
        if row.exo:
            group = sample.groups[row.group - 1]
            part = group.given or group
            i = at[row.lhs]
            row = replace(row, value=float(part.mean[i] if row.op == "~1" else part.cov[i, at[row.rhs]]))
        rows.append(row)
    return replace(table, rows=tuple(rows), observed=sample.names)


def degrees_of_freedom(layout: Layout, means: bool, equations: int, statistics: int | None = None) -> tuple[int, int]:
    """Moments (without those of fixed exogenous variables), or the `statistics` there are, and degrees of freedom."""
    if statistics is not None:
        return statistics, statistics - (layout.n_free - equations)
    p, x = layout.n_observed, len(layout.table.exogenous)
    moments = p * (p + 1) // 2 - x * (x + 1) // 2 + (p - x if means else 0)
    count = moments * len(layout.table.groups)
    return count, count - (layout.n_free - equations)
