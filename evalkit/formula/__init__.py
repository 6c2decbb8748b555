"""Small texts from plans and instruments in, checked trees that are evaluated on columns out.

Three closed languages, each with its own grammar and no way to run code: conditions
(`ask_if`, `when`, `where`, `confirm_if`), model formulas (`y ~ a + b | + a:b`) and arithmetic (`derive`).
"""

from evalkit.formula.arithmetic import Arithmetic, compute
from evalkit.formula.conditions import Expression, parse_expression
from evalkit.formula.terms import Formula, Term, parse_formula
from evalkit.formula.tokens import ExpressionError
from evalkit.formula.tree import StepRef, code_text, unparse

__all__ = [
    "Arithmetic",
    "Expression",
    "ExpressionError",
    "Formula",
    "StepRef",
    "Term",
    "code_text",
    "compute",
    "parse_expression",
    "parse_formula",
    "unparse",
]
