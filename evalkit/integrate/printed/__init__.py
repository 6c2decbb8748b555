"""Printed claims: the numbers of a published text in, what fits and what does not out."""

from evalkit.integrate.printed.check import check_claims

__all__ = ["check_claims"]
