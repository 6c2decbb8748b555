"""The levels of invariance, and the rules by which a level holds or does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from evalkit.contract import AnalysisError, Problem

EQUAL: Mapping[str, str] = {
    "configural": "",
    "thresholds": "thresholds",
    "metric": "loadings",
    "scalar": "intercepts",
    "strict": "residuals",
}
"""What each level adds to the equalities of those before it, in the order of the ladder."""

CONTINUOUS = ("configural", "metric", "scalar", "strict")
ORDERED = tuple(EQUAL)

CRITERIA = ("cfi", "rmsea", "srmr", "p")


@dataclass(frozen=True)
class Rule:
    """When a level is given up; nan-free bounds, None where a criterion is not looked at.

    Parameters
    ----------
    name : str
        Key of the words that name the rule and its source.
    cfi, rmsea, srmr : float, optional
        Largest fall of CFI and rise of RMSEA and SRMR that a level may bring.
    srmr_loadings : float, optional
        The same of SRMR where only loadings (and thresholds) became equal.
    p : float, optional
        The difference test must not fall below it.
    together : bool
        CFI must be broken and one of the others too; False: any one breaks the level.
    """

    name: str
    cfi: float | None = None
    rmsea: float | None = None
    srmr: float | None = None
    srmr_loadings: float | None = None
    p: float | None = None
    together: bool = False

    def judge(self, level: str, changes: Mapping[str, float], p_value: float) -> str:
        """held, broken, or unjudged where a criterion the rule needs has no value."""
        if self.name == "none":
            return "reported"
        early = level in ("thresholds", "metric") and self.srmr_loadings is not None
        bounds = {"cfi": self.cfi, "rmsea": self.rmsea, "srmr": self.srmr_loadings if early else self.srmr}
        marks = []
        for name, bound in bounds.items():
            if bound is not None:
                moved = -changes[name] if name == "cfi" else changes[name]
                marks.append(None if moved != moved else moved > bound)
        if self.p is not None:
            marks.append(None if p_value != p_value else p_value < self.p)
        if self.together:
            first, *others = marks
            if first is False or not any(other is not False for other in others):
                return "held"
            return "broken" if first and any(others) else "unjudged"
        if any(marks):
            return "broken"
        return "unjudged" if None in marks else "held"


RULES: Mapping[str, Rule] = {
    "cfi": Rule("cfi", cfi=0.010),
    "chen": Rule("chen", cfi=0.010, rmsea=0.015, srmr=0.010, srmr_loadings=0.030, together=True),
    "chisq": Rule("chisq", p=0.05),
    "none": Rule("none"),
}
"""Cheung & Rensvold (2002), Structural Equation Modeling 9, 233-255; Chen (2007), the same 14, 464-504; the
difference test at .05; no rule: every level is fitted."""


def rule_of(rule: str | Mapping[str, float]) -> Rule:
    """A rule by name, or of bounds: `{"cfi": 0.01, "rmsea": 0.015}`, any of which breaks a level.

    Raises
    ------
    AnalysisError
        E928 for an unknown rule or criterion, or a bound that is no positive number.
    """
    if isinstance(rule, str):
        if rule not in RULES:
            raise AnalysisError(Problem("E928", params={"option": "rule", "value": rule, "known": list(RULES)}))
        return RULES[rule]
    known = [f.name for f in fields(Rule) if f.name in CRITERIA]
    wrong = [name for name, bound in rule.items() if name not in known or not bound > 0]
    if wrong or not rule:
        value = wrong[0] if wrong else "{}"
        raise AnalysisError(Problem("E928", params={"option": "rule", "value": value, "known": known}))
    return Rule("own", **{name: float(bound) for name, bound in rule.items()})


def levels_of(levels: Sequence[str] | None, ordered: bool) -> tuple[str, ...]:
    """The levels to climb, in the order of the ladder, from the configural one.

    Raises
    ------
    AnalysisError
        E928 for an unknown level.
    """
    known = ORDERED if ordered else CONTINUOUS
    if levels is None:
        return known
    unknown = [level for level in levels if level not in known]
    if unknown:
        raise AnalysisError(Problem("E928", params={"option": "levels", "value": unknown[0], "known": list(known)}))
    return tuple(level for level in known if level in levels or level == "configural")


def equalities(level: str, ordered: bool) -> tuple[str, ...]:
    """What is equal over groups at a level; thresholds from the first level on that compares anything."""
    order = ORDERED if ordered else CONTINUOUS
    return tuple(EQUAL[name] for name in order[1 : order.index(level) + 1])
