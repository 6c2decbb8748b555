"""An instrument and a model in, realistic answers out: for teaching, dry runs and tests, always marked as simulated."""

from evalkit.simulation.examples import example, model_for, studies, write_register
from evalkit.simulation.model import load_toml, read_model
from evalkit.simulation.simulated import Simulated, simulate
from evalkit.simulation.wjx import write_wjx

__all__ = [
    "Simulated",
    "example",
    "load_toml",
    "model_for",
    "read_model",
    "simulate",
    "studies",
    "write_register",
    "write_wjx",
]
