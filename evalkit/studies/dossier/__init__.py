"""Scales in; everything a reviewer asks about them out, each judgement with its rule."""

from evalkit.studies.dossier.analysis import scale_dossier
from evalkit.studies.dossier.result import ScaleDossier
from evalkit.studies.dossier.rules import RULES, Rule

__all__ = ["RULES", "Rule", "ScaleDossier", "scale_dossier"]
