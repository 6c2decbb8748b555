"""Loaded answers in, what is doubtful about each respondent out."""

from evalkit.quality.respondents import FLAGS, flag, summary

__all__ = ["FLAGS", "flag", "summary"]
