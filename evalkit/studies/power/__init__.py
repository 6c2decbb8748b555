"""A study still to be done in; the people it takes, and the chance that it finds what is there, out."""

from evalkit.studies.power.classic import power
from evalkit.studies.power.classic_result import PowerResult
from evalkit.studies.power.simulate import simulate_power
from evalkit.studies.power.simulate_result import SimulatedPower

__all__ = ["PowerResult", "SimulatedPower", "power", "simulate_power"]
