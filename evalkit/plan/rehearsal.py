"""What a run would do, in plain words, without computing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.contract import Label, label_of
from evalkit.contract.words import say, text_of
from evalkit.formula import parse_formula
from evalkit.plan import workbook_layout as layout
from evalkit.plan.catalogue import NAMES
from evalkit.plan.flow import load_sample
from evalkit.plan.model import Plan, Step
from evalkit.plan.reader import read_plan
from evalkit.plan.resolve import resolve_steps

_LONG = 110


def rehearse(path: str | Path, lang: str) -> Iterator[str]:
    """Rows used and left out with the reasons, then each step with what it is about.

    Raises
    ------
    InputError, InstrumentError, PlanError
        Whatever would stop the run stops the rehearsal.
    """
    plan = read_plan(path)
    sample = load_sample(plan)
    resolved = resolve_steps(plan, sample.used, sample.casework)
    yield from (say(notice, lang) for notice in plan.notices)
    if sample.casework is not None and sample.responses is None:
        yield sample.casework.account.text(lang)
    else:
        yield Label("rehearsal.rows", used=len(sample.used), loaded=len(sample.complete)).text(lang)
    for exclusion in sample.exclusions:
        yield "  " + Label("run.excluded", reason=exclusion.reason, n=exclusion.n).text(lang)
    if plan.from_recipe:
        steps = list(plan.from_recipe)
        yield text_of("rehearsal.recipe", lang, recipe=layout.word_of("recipe", "article", lang), steps=steps)
    yield Label("rehearsal.steps", n=len(resolved), formats=list(plan.formats)).text(lang)
    for step, arguments in resolved:
        yield "  " + _told(step, arguments, sample.used, lang)
    yield from _tables(plan, lang)


def _told(step: Step, arguments: Mapping[str, Any], data: pd.DataFrame, lang: str) -> str:
    """`med  Mediation: X Embedding; Mediators Shared values; Y Satisfaction`."""
    called = _caller(data, lang)
    told = [f"{layout.heading('step', key, lang)} {_value(key, v, called, lang)}" for key, v in arguments.items()]
    if step.data != "responses":
        told.append(f"{layout.heading('step', 'data', lang)} {step.data}")
    if step.where is not None:
        told.append(f"{layout.heading('step', 'where', lang)} {step.where.text}")
    title = (step.title or Label(f"do.{step.do}")).text(lang)
    colon, between = ("：", "；") if lang == "zh" else (": ", "; ")
    return f"{step.id}  {title}" + (colon + between.join(told) if told else "")


def _tables(plan: Plan, lang: str) -> Iterator[str]:
    """The tables that join steps."""
    for table in plan.tables:
        title = table.title.text(lang) if table.title else layout.word_of("template", table.template, lang)
        yield "  " + text_of("rehearsal.table", lang, id=table.id, title=title)


def _caller(data: pd.DataFrame, lang: str) -> Callable[[str], str]:
    """Id -> what the data call it."""

    def called(name: str) -> str:
        return label_of(data, name).text(lang) or name

    return called


def _value(key: str, value: Any, called: Callable[[str], str], lang: str) -> str:
    between = "、" if lang == "zh" else ", "
    if key == "formula":
        formula = parse_formula(str(value))
        blocks = (" + ".join(" × ".join(map(called, term)) for term in block) for block in formula.blocks)
        return f"{called(formula.outcome)} ~ {' | '.join(blocks)}"
    if isinstance(value, bool):
        return text_of("plan.yes" if value else "plan.no", lang)
    if isinstance(value, (list, tuple)):
        nested = " | " if any(isinstance(part, (list, tuple)) for part in value) else between
        text = nested.join(_value(key, part, called, lang) for part in value)
    elif isinstance(value, Mapping) and value.keys() == {"zh", "en"}:
        text = str(value[lang])
    elif isinstance(value, Mapping):
        text = between.join(f"{called(str(k))} = {_value('', v, called, lang)}" for k, v in value.items())
    else:
        text = called(str(value)) if key in NAMES else layout.word_of(key, str(value), lang)
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"
