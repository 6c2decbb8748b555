"""Loaded answers in, what is doubtful about each respondent and what is missing out."""

from evalkit.quality.disclosure import Disclosure, disclosure
from evalkit.quality.double_entry import DoubleEntry, compare_entries
from evalkit.quality.interviewer_checks import InterviewerChecks, interviewer_checks
from evalkit.quality.item_checks import ItemChecks, item_checks
from evalkit.quality.missing_answers import MissingAnswers, missing_answers
from evalkit.quality.respondent_checks import RespondentChecks, respondent_checks
from evalkit.quality.respondents import FLAGS, flag, summary

__all__ = [
    "FLAGS",
    "Disclosure",
    "DoubleEntry",
    "InterviewerChecks",
    "ItemChecks",
    "MissingAnswers",
    "RespondentChecks",
    "compare_entries",
    "disclosure",
    "flag",
    "interviewer_checks",
    "item_checks",
    "missing_answers",
    "respondent_checks",
    "summary",
]
