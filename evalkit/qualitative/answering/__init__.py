"""Open answers: who mentions what, in which words."""

from evalkit.qualitative.answering.analysis import open_answers
from evalkit.qualitative.answering.result import OpenAnswersResult

__all__ = ["OpenAnswersResult", "open_answers"]
