"""Mediation through the structural-equation engine: roles measured by items in, indirect effects out."""

from evalkit.measurement.latent_paths.analysis import latent_mediate
from evalkit.measurement.latent_paths.result import LatentMediationResult

__all__ = ["LatentMediationResult", "latent_mediate"]
