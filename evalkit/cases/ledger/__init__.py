"""What became of each problem: routes and levels of a ledger, how long it took, and whether its totals add up."""

from evalkit.cases.ledger.analysis import problem_flow
from evalkit.cases.ledger.result import ProblemFlowResult

__all__ = ["ProblemFlowResult", "problem_flow"]
