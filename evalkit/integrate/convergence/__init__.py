"""The triangulation protocol: findings of several strands and how people judged their convergence."""

from evalkit.integrate.convergence.analysis import triangulate
from evalkit.integrate.convergence.result import TriangulationResult

__all__ = ["TriangulationResult", "triangulate"]
