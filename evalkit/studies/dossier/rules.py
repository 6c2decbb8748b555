"""The rules by which a dossier judges: data, with their sources, so that each can be read and changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from evalkit.contract import GLOSSARY, AnalysisError, Label, Problem

AT_LEAST, AT_MOST, BELOW, ABOVE = "at_least", "at_most", "below", "above"


@dataclass(frozen=True)
class Rule:
    """One norm.

    Parameters
    ----------
    id : str
        Its wording is the label `dossier.rule_<id>`.
    section : str
        Heading it stands under: `dossier.section_<section>`.
    kind : str
        What the value is, a name of the glossary.
    sense : {"at_least", "at_most", "below", "above"}
    at : float
        The bound.
    source : Label
        Who says so.
    """

    id: str
    section: str
    kind: str
    sense: str
    at: float
    source: Label

    def met(self, value: float) -> bool | None:
        """Whether a value keeps the rule; None for one that could not be computed."""
        if value != value:
            return None
        if self.sense == AT_LEAST:
            return value >= self.at
        if self.sense == AT_MOST:
            return value <= self.at
        return value < self.at if self.sense == BELOW else value > self.at


def _rule(id: str, section: str, kind: str, sense: str, at: float, source: str) -> Rule:
    return Rule(id, section, kind, sense, at, Label(zh=source, en=source))


_NUNNALLY = "Nunnally & Bernstein (1994)"
_FORNELL = "Fornell & Larcker (1981)"
_LEBRETON = "LeBreton & Senter (2008)"
_WEN = "Wen, Huang & Tang (2018)"
_BLIESE = "Bliese (2000)"

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        rule.id: rule
        for rule in (
            _rule("item_rest", "reliability", "item_rest", AT_LEAST, 0.30, _NUNNALLY),
            _rule("alpha", "reliability", "alpha", AT_LEAST, 0.70, _NUNNALLY),
            _rule("omega", "reliability", "omega", AT_LEAST, 0.70, "Hair, Black, Babin & Anderson (2010)"),
            _rule("kmo", "dimension", "kmo", AT_LEAST, 0.60, "Kaiser (1974)"),
            _rule("n_factors", "dimension", "n_factors", AT_MOST, 1, "Horn (1965)"),
            _rule("chisq_df", "fit", "chisq_df", AT_MOST, 3.0, "Carmines & McIver (1981)"),
            _rule("cfi", "fit", "cfi", AT_LEAST, 0.90, "Bentler & Bonett (1980)"),
            _rule("tli", "fit", "tli", AT_LEAST, 0.90, "Bentler & Bonett (1980)"),
            _rule("rmsea", "fit", "rmsea", AT_MOST, 0.08, "Browne & Cudeck (1993)"),
            _rule("srmr", "fit", "srmr", AT_MOST, 0.08, "Hu & Bentler (1999)"),
            _rule("loading", "convergence", "loading", AT_LEAST, 0.50, "Hair, Black, Babin & Anderson (2010)"),
            _rule("composite_reliability", "convergence", "composite_reliability", AT_LEAST, 0.70, _FORNELL),
            _rule("ave", "convergence", "ave", AT_LEAST, 0.50, _FORNELL),
            _rule("fornell_larcker", "discrimination", "ave", ABOVE, 0.0, _FORNELL),
            _rule("htmt", "discrimination", "htmt", BELOW, 0.85, "Henseler, Ringle & Sarstedt (2015)"),
            _rule("harman", "method", "percent", BELOW, 40.0, "Podsakoff, MacKenzie, Lee & Podsakoff (2003)"),
            _rule("method_cfi", "method", "cfi", BELOW, 0.10, _WEN),
            _rule("method_tli", "method", "tli", BELOW, 0.10, _WEN),
            _rule("method_rmsea", "method", "rmsea", BELOW, 0.05, _WEN),
            _rule("vif", "method", "vif", BELOW, 3.3, "Kock (2015)"),
            _rule("rivals", "rivals", "count", AT_MOST, 0, "Akaike (1974)"),
            _rule("invariance", "invariance", "cfi_change", AT_MOST, 0.010, "Cheung & Rensvold (2002)"),
            _rule("rwg", "aggregation", "rwg", AT_LEAST, 0.70, "James, Demaree & Wolf (1993)"),
            _rule("icc1", "aggregation", "estimate", AT_LEAST, 0.05, _LEBRETON),
            _rule("icc1_p", "aggregation", "p_value", AT_MOST, 0.05, _BLIESE),
            _rule("icc2", "aggregation", "estimate", AT_LEAST, 0.60, "Glick (1985)"),
        )
    }
)


def rules_of(given: Mapping[str, Any] | Iterable[Rule] | None) -> Mapping[str, Rule]:
    """The rules in force.

    Parameters
    ----------
    given : mapping or iterable of Rule, optional
        Id -> bound, or id -> `{at = 0.6, source = "..."}`; whole rules take the place of those of the same id.

    Raises
    ------
    AnalysisError
        E860 for a rule that does not exist; E861 for a bound that is no number.
    """
    if given is None:
        return RULES
    if not isinstance(given, Mapping):
        given = {rule.id: rule for rule in given}
    problems, changed = [], dict(RULES)
    for id, value in given.items():
        if id not in RULES:
            near = get_close_matches(id, list(RULES), 3, 0.4) or list(RULES)
            problems.append(Problem("E860", params={"rule": id, "known": near}))
            continue
        try:
            changed[id] = _changed(RULES[id], value)
        except (TypeError, ValueError, KeyError):
            problems.append(Problem("E861", params={"rule": id}))
    if problems:
        raise AnalysisError(problems)
    return MappingProxyType(changed)


def _changed(rule: Rule, value: Any) -> Rule:
    """A rule with the bound (and the source) that somebody gave; without a source it is the analyst's own."""
    if isinstance(value, Rule):
        if value.kind not in GLOSSARY:
            raise ValueError(value.kind)
        return value
    source = ""
    if isinstance(value, Mapping):
        unknown = set(value) - {"at", "source"}
        if unknown or not isinstance(value.get("source", ""), str):
            raise ValueError(unknown)
        value, source = value["at"], value.get("source", "")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(value)
    if float(value) == rule.at and not source:
        return rule
    return replace(rule, at=float(value), source=Label(zh=source, en=source) if source else Label("dossier.own_rule"))
