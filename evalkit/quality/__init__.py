"""Loaded answers in, what is doubtful about each respondent and what is missing out."""

from evalkit.quality.respondent_checks import RespondentChecks, respondent_checks
from evalkit.quality.respondents import FLAGS, flag, summary

__all__ = ["FLAGS", "RespondentChecks", "flag", "respondent_checks", "summary"]
