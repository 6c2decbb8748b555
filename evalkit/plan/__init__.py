"""A plan in, a run folder out; and the proof that it comes out the same again."""

from evalkit.plan.model import Plan
from evalkit.plan.outcome import Run
from evalkit.plan.reader import parse_plan, read_plan
from evalkit.plan.run import run
from evalkit.plan.verify import Verification, verify

__all__ = ["Plan", "Run", "Verification", "parse_plan", "read_plan", "run", "verify"]
