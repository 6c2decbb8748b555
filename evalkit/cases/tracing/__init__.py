"""Evidence within cases: what kind of test it is, and how strongly it speaks for a hypothesis."""

from evalkit.cases.tracing.analysis import process_tracing
from evalkit.cases.tracing.result import TracingResult

__all__ = ["TracingResult", "process_tracing"]
