"""A plan's steps in, the same analyses as SPSS commands out; a step without an equivalent is a remark that names it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit.contract import codebook_of
from evalkit.contract.words import text_of
from evalkit.formula import Expression, parse_formula
from evalkit.formula.tree import Answered, Chosen, Column, Compare, Condition, Literal, Many, Member, Not, Value, walk
from evalkit.plan.model import Plan, Step
from evalkit.plan.resolve import resolve_steps
from evalkit.report.data_files.fields import fields_of
from evalkit.report.data_files.spss_syntax import Vocabulary, vocabulary
from evalkit.report.data_files.spss_words import code, command, literal, names, remark

INCLUDED = "row__used"
"""Column of the data file: 1 for rows that no rule of the plan excluded."""
_OPERATORS = {"==": "=", "!=": "<>"}


def steps_as_syntax(plan: Plan, data: pd.DataFrame, lang: str) -> tuple[str, ...]:
    """The commands, in the order of the plan.

    Parameters
    ----------
    data : DataFrame
        Scored, with derived columns and `INCLUDED`.
    """
    writer = _Writer(data, lang, vocabulary(fields_of(data, lang)))
    lines: list[str] = []
    if INCLUDED in data:
        lines += [remark(text_of("spss.filter", lang)), f"FILTER BY {writer.name(INCLUDED)}."]
    raking = {"rake": " + ".join(plan.raking.variables)} if plan.raking else {}
    if plan.design or raking:
        given = ", ".join(f"{part} = {name}" for part, name in {**plan.design, **raking}.items())
        lines.append(remark(text_of("spss.weights", lang, design=given)))
    for step, arguments in resolve_steps(plan, data):
        title = step.title.text(lang) if step.title else text_of(f"do.{step.do}", lang)
        lines += ["", remark(f"[{step.id}] {title}"), *writer.step(step, arguments)]
    return tuple(lines)


@dataclass(frozen=True, eq=False)
class _Writer:
    """Knows what columns are called in SPSS and of what kind they are."""

    data: pd.DataFrame
    lang: str
    words: Vocabulary

    def name(self, column: str) -> str:
        return self.words.called.get(column, column)

    def columns(self, given: Any) -> list[str]:
        """Columns named by one name or several; a scale stands for its score, a multiple response for its options."""
        listed = [given] if isinstance(given, str) else list(given or ())
        return [option for one in listed for option in self.words.sets.get(one, (self.name(one),))]

    def step(self, step: Step, arguments: Mapping[str, Any]) -> Iterator[str]:
        make = SYNTAX.get(step.do) if step.data == "responses" else None
        if make is None:
            yield remark(text_of("spss.none", self.lang, step=step.id, do=step.do))
            return
        for line in make(self, arguments):
            # TEMPORARY ends with the next procedure, so each has its own.
            if step.where is not None and not line.startswith(("*", "RECODE", "COMPUTE", "VARIABLE")):
                yield from self.chosen_rows(step.where)
            yield line

    def chosen_rows(self, where: Expression) -> Iterator[str]:
        if any(isinstance(part, Not) for part in walk(where.tree)):
            yield remark(text_of("spss.not", self.lang))
        yield "TEMPORARY."
        yield f"SELECT IF ({self.condition(where.tree)})."

    def condition(self, node: Condition) -> str:
        match node:
            case Compare(left, operator, right):
                return f"{self.value(left)} {_OPERATORS.get(operator, operator)} {self.value(right)}"
            case Member(left, values):
                return f"ANY({self.value(left)}, {', '.join(map(code, values))})"
            case Answered(question):
                options = self.words.sets.get(question, (self.name(question),))
                return f"NVALID({', '.join(options)}) > 0"
            case Chosen(question, option):
                return f"{self.name(f'{question}__{code(option).strip(chr(39))}')} = 1"
            case Not(inner):
                return f"NOT ({self.condition(inner)})"
            case Many(word, parts):
                return f" {word.upper()} ".join(f"({self.condition(part)})" for part in parts)

    def value(self, node: Value) -> str:
        match node:
            case Literal(value):
                return code(value)
            case Column(name):
                return self.name(name)
        raise TypeError(node)  # a step's result: conditions on rows cannot hold one

    # -- steps --------------------------------------------------------------------------------

    def profile(self, given: Mapping[str, Any]) -> Iterator[str]:
        book = codebook_of(self.data)
        asked = given.get("items") or [*self.words.sets, *self._categorical()]
        single = [self.name(one) for one in asked if one not in self.words.sets and not self._is_number(one)]
        numbers = [self.name(one) for one in asked if one not in self.words.sets and self._is_number(one)]
        if single:
            yield command(f"FREQUENCIES VARIABLES={names(single)}", "ORDER=ANALYSIS")
        if numbers:
            yield command(f"DESCRIPTIVES VARIABLES={names(numbers)}", "STATISTICS=MEAN STDDEV MIN MAX")
        groups = [one for one in asked if one in self.words.sets]
        for k, one in enumerate(groups, 1):
            label = book.variables[one].label.text(self.lang) if one in book.variables else one
            yield command(
                f"MULT RESPONSE GROUPS=mr{k} {literal(label[:40])} ({names(self.words.sets[one])} (1))",
                f"FREQUENCIES=mr{k}",
            )

    def describe(self, given: Mapping[str, Any]) -> Iterator[str]:
        wanted = self.columns(given.get("variables")) or [self.name(s) for s in codebook_of(self.data).scales]
        if given.get("by"):
            yield command(
                f"MEANS TABLES={names(wanted)} BY {self.name(given['by'])}", "CELLS=COUNT MEAN STDDEV MIN MAX SKEW KURT"
            )
        else:
            yield command(f"DESCRIPTIVES VARIABLES={names(wanted)}", "STATISTICS=MEAN STDDEV MIN MAX KURTOSIS SKEWNESS")

    def crosstab(self, given: Mapping[str, Any]) -> Iterator[str]:
        percent = {"column": "COLUMN", "total": "TOTAL"}.get(given.get("percent", "row"), "ROW")
        yield command(
            f"CROSSTABS\n  /TABLES={names(self.columns(given['rows']))} BY {names(self.columns(given['columns']))}",
            "STATISTICS=CHISQ PHI",
            f"CELLS=COUNT EXPECTED {percent}",
        )

    def correlate(self, given: Mapping[str, Any]) -> Iterator[str]:
        ranks = {"spearman": "SPEARMAN TWOTAIL", "kendall": "KENDALL TWOTAIL"}
        kind = ranks.get(given.get("method", "pearson"), "TWOTAIL NOSIG")
        head = "NONPAR CORR" if given.get("method") in ranks else "CORRELATIONS"
        missing = "PAIRWISE" if given.get("missing") == "pairwise" else "LISTWISE"
        if given.get("partial") and head == "CORRELATIONS" and not given.get("semipartial"):
            wanted = f"{names(self.columns(given['variables']))} BY {names(self.columns(given['partial']))}"
            missing = "ANALYSIS" if missing == "PAIRWISE" else missing
            yield command("PARTIAL CORR", f"VARIABLES={wanted}", "SIGNIFICANCE=TWOTAIL", f"MISSING={missing}")
            return
        yield command(
            head, f"VARIABLES={names(self.columns(given['variables']))}", f"PRINT={kind}", f"MISSING={missing}"
        )

    def reliability(self, given: Mapping[str, Any]) -> Iterator[str]:
        scales = codebook_of(self.data).scales
        listed = [given["items"]] if isinstance(given["items"], str) else list(given["items"])
        for one in [one for one in listed if one in scales and scales[one].columns] or [""]:
            items = scales[one].columns if one else listed
            label = scales[one].label.text(self.lang) if one else " ".join(map(str, listed))
            yield command(
                "RELIABILITY",
                f"VARIABLES={names(map(self.name, items))}",
                f"SCALE({literal(label[:40])}) ALL",
                "MODEL=ALPHA",
                "STATISTICS=DESCRIPTIVE SCALE",
                "SUMMARY=TOTAL",
            )

    def regress(self, given: Mapping[str, Any]) -> Iterator[str]:
        if given.get("formula"):
            formula = parse_formula(str(given["formula"]))
            outcome, blocks = formula.outcome, formula.blocks
        else:
            outcome, blocks = given["y"], tuple(tuple((name,) for name in block) for block in given["blocks"])
        entered = []
        for block in blocks:
            parts = [self._predictors(term) for term in block]
            yield from (line for lines, _ in parts for line in lines)
            entered.append([name for _, found in parts for name in found])
        if given.get("cov", "classical") != "classical":
            yield remark(text_of("spss.robust", self.lang, cov=given["cov"]))
        yield command(
            "REGRESSION",
            "MISSING LISTWISE",
            "STATISTICS COEFF OUTS CI(95) R ANOVA CHANGE TOL",
            f"DEPENDENT {self.name(outcome)}",
            *(f"METHOD=ENTER {names(block)}" for block in entered if block),
        )

    def _predictors(self, term: tuple[str, ...]) -> tuple[list[str], list[str]]:
        """Commands that make dummies and products, and the names to enter."""
        lines: list[str] = []
        found = [""]
        for column in term:
            own = self._dummies(column, lines)
            found = [f"{before}_x_{name}" if before else name for before in found for name in own]
            if term.index(column) and len(term) > 1:
                lines += [f"COMPUTE {name} = {name.replace('_x_', ' * ')}." for name in found]
        return lines, found

    def _dummies(self, column: str, lines: list[str]) -> list[str]:
        variable = codebook_of(self.data).variables[column]
        if variable.kind != "nominal":
            return [self.name(column)]
        present = set(self.data[column].dropna())
        codes = [c.code for c in variable.categories if c.missing is None and c.code in present]
        made: list[str] = []
        for option in codes[1:]:
            name = f"{self.name(column)}_d{len(made) + 1}"
            recode = f"({code(option)}=1) (MISSING=SYSMIS) (ELSE=0)"
            lines.append(f"RECODE {self.name(column)} {recode} INTO {name}.")
            lines.append(f"VARIABLE LABELS {name} {literal(f'{variable.label.text(self.lang)} = {code(option)}')}.")
            made.append(name)
        return made

    def mediate(self, given: Mapping[str, Any]) -> Iterator[str]:
        roles = {key: self.columns(given.get(key) or ()) for key in ("y", "x", "m", "w", "z", "v", "q", "covariates")}
        other = ("paths", "moderators", "families", "interactions", "contrast", "hold")
        beyond = any(given.get(key) for key in other) or len(roles["x"] + roles["y"]) > 2
        kind = given.get("kind") or "parallel"
        if beyond or kind not in PROCESS_KINDS:
            yield remark(text_of("spss.paths", self.lang))
            return
        said = [f"/{'cov' if key == 'covariates' else key}={' '.join(names)}" for key, names in roles.items() if names]
        model = given.get("process_model", PROCESS_KINDS[kind])
        seed = f" /seed={given['seed']}" if "seed" in given else ""
        yield remark(text_of("spss.process", self.lang))
        yield remark(
            f"PROCESS {' '.join(said).removeprefix('/')} /model={model} /boot={given.get('resamples', 5000)}"
            f" /total=1 /contrast=1{seed}"
        )

    def _categorical(self) -> list[str]:
        variables = codebook_of(self.data).variables
        return [n for n in self.data.columns if variables[n].kind in ("nominal", "ordinal") and not variables[n].role]

    def _is_number(self, column: str) -> bool:
        variable = codebook_of(self.data).variables.get(column)
        return variable is not None and variable.kind in ("number", "score", "count")


PROCESS_KINDS = {"simple": 4, "parallel": 4, "serial": 6, "converging": 80, "diverging": 81, "two_chains": 82}
"""Kind of mediation -> number of the PROCESS template."""

SYNTAX: Mapping[str, Callable[[_Writer, Mapping[str, Any]], Iterator[str]]] = {
    "profile": _Writer.profile,
    "describe": _Writer.describe,
    "crosstab": _Writer.crosstab,
    "correlate": _Writer.correlate,
    "reliability": _Writer.reliability,
    "regress": _Writer.regress,
    "mediate": _Writer.mediate,
}
"""Steps with an equivalent in SPSS."""
