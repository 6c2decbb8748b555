"""A sample in, the blocks of an estimator out."""

from __future__ import annotations

import numpy as np

from evalkit.structure.estimators.normal import NormalBlock, QuadraticBlock
from evalkit.structure.fiml import MissingBlock, patterns_of
from evalkit.structure.sample import Sample


def likelihood(sample: Sample, means: bool) -> tuple[NormalBlock | MissingBlock, ...]:
    """Maximum likelihood: by pattern where answers are missing."""
    if sample.incomplete:
        return tuple(MissingBlock(g, patterns_of(g.rows_needed(), g.weights)) for g in sample.groups)
    return tuple(NormalBlock(g, means) for g in sample.groups)


def generalised(sample: Sample, means: bool) -> tuple[QuadraticBlock, ...]:
    """Generalised least squares."""
    return tuple(QuadraticBlock(g, means, g.precision) for g in sample.groups)


def unweighted(sample: Sample, means: bool) -> tuple[QuadraticBlock, ...]:
    """Unweighted least squares, over the mean variance of all groups, so that the value has no unit."""
    size = float(np.mean([np.diag(g.cov).mean() for g in sample.groups]))
    return tuple(QuadraticBlock(g, means, np.eye(len(g.mean)) / size) for g in sample.groups)
