"""Loaded answers in, what is doubtful about each respondent and what is missing out."""

from evalkit.quality.missing_answers import MissingAnswers, missing_answers
from evalkit.quality.respondent_checks import RespondentChecks, respondent_checks
from evalkit.quality.respondents import FLAGS, flag, summary

__all__ = [
    "FLAGS",
    "MissingAnswers",
    "RespondentChecks",
    "flag",
    "missing_answers",
    "respondent_checks",
    "summary",
]
