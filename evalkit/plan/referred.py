"""Steps that take the results of other steps: what their keys may name, and what the runner hands them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import Label, Problem, Result
from evalkit.contract.words import LANGUAGES
from evalkit.plan.casework import DISPLAYS, FRAMES, Casework, on_cases
from evalkit.plan.hypotheses import judge
from evalkit.plan.kinds import as_list
from evalkit.plan.lines import Lines
from evalkit.plan.model import Plan, Step

REFERS: Mapping[tuple[str, str], str] = {
    ("joint_display", "configurations"): "qca",
    ("joint_display", "network"): "network",
}
"""(step, key) -> what the steps do whose ids the key holds; their results are handed to the step."""
NUMBERS = ("estimate", "conf_low", "conf_high", "p_value")
COLUMNS = (
    "hypothesis", "zh", "en", "decision", "step", "method_zh", "method_en", "term_zh", "term_en", *NUMBERS,
)  # fmt: skip
"""Of the frame of hypotheses that a display is given: one row a number that decided."""


def reference_faults(plan: Plan, casework: Casework | None) -> Iterator[Problem]:
    """What is wrong with the steps that a step takes results of, each with its line.

    E5116 for an id that no earlier step of the right kind has; E5117 for a hypothesis decided by a step that stands
    behind the display; E5118 for a display that does not work on cases; E5119 for a code that is not in the codebook.
    """
    lines = Lines(plan.text, plan.path.name)
    for index, step in enumerate(plan.steps):
        before = {s.id: s.do for s in plan.steps[:index]}
        for (do, key), wanted in REFERS.items():
            known = [name for name, does in before.items() if does == wanted]
            for name in as_list(step.arguments.get(key)) if step.do == do else ():
                if name not in known:
                    at = plan.place(lines.value("step", index, key, str(name)))
                    params = {"name": name, "key": key, "wanted": wanted, "near": known or ["—"]}
                    yield Problem("E5116", at, params)
        if step.do != DISPLAYS:
            continue
        if not on_cases(step, plan) or (step.data in FRAMES and step.data != "cases"):
            yield Problem("E5118", plan.place(lines.key("step", index, "data")), {"step": step.id, "data": step.data})
        if step.arguments.get("kind") == "hypotheses":
            yield from _decided_later(plan, index, before)
        for name in _unknown_codes(step, casework):
            yield Problem("E5119", plan.place(lines.value("step", index, "codes", name)), {"name": name})


def _decided_later(plan: Plan, index: int, before: Mapping[str, str]) -> Iterator[Problem]:
    for hypothesis in plan.hypotheses:
        later = (
            [ref.step for ref in hypothesis.confirm_if.steps if ref.step not in before] if hypothesis.confirm_if else []
        )
        if later:
            params = {"step": plan.steps[index].id, "id": hypothesis.id, "later": list(dict.fromkeys(later))}
            yield Problem("E5117", plan.place(plan.steps[index].line), params)


def _unknown_codes(step: Step, casework: Casework | None) -> list[str]:
    if casework is None or not casework.casebook.tables["codebook"].given:
        return []
    given = step.arguments.get("codes")
    parts = [as_list(v) for v in given.values()] if isinstance(given, Mapping) else [as_list(given)]
    known = set(casework.casebook.codebook["code_id"].map(str))
    return [str(code) for part in parts for code in part if str(code) not in known]


def with_results(
    step: Step, arguments: Mapping[str, Any], done: Mapping[str, Result | None], plan: Plan
) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The arguments with results where they name steps, and with what only a run can know.

    Returns
    -------
    arguments : dict
    problems : tuple of Problem
        W6647 for a step that gave no result: its part is left out.
    """
    out, told = dict(arguments), []
    for (do, key), _ in REFERS.items():
        if step.do != do or key not in arguments:
            continue
        names = as_list(arguments[key])
        found = {name: result for name in names if (result := done.get(name)) is not None}
        told += [Problem("W6647", params={"step": name, "key": key}) for name in names if name not in found]
        several = isinstance(arguments[key], (list, tuple))
        out[key] = list(found.values()) if several else next(iter(found.values()), None)
        if not found:
            del out[key]
    if step.do == DISPLAYS:
        out.setdefault("least", plan.privacy.min_cell if plan.privacy.suppress else 0)
        if arguments.get("kind") == "hypotheses":
            out["hypotheses"] = hypotheses_frame(plan, done)
    return out, tuple(told)


def hypotheses_frame(plan: Plan, done: Mapping[str, Result | None]) -> pd.DataFrame:
    """The plan's hypotheses with the verdict of their rules and the numbers that decided; columns `COLUMNS`."""
    verdicts = {v.hypothesis.id: v for v in judge(plan, {name: r for name, r in done.items() if r is not None})}
    methods = {s.id: s.title or Label(f"do.{s.do}") for s in plan.steps}
    rows: list[dict[str, Any]] = []
    for hypothesis in plan.hypotheses:
        verdict = verdicts.get(hypothesis.id)
        own = {"hypothesis": hypothesis.id, **_both("", hypothesis.label), "step": ""}
        own["decision"] = verdict.decision if verdict else ""
        numbers = [
            {"step": ref.step, **_both("method_", methods[ref.step]), **_both("term_", _term(done[ref.step], ref.path))}
            | {name: row.get(name, np.nan) for name in NUMBERS}
            for ref, row in (verdict.evidence if verdict else ())
        ]
        rows += [own | part for part in numbers] or [own]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _both(prefix: str, label: Label) -> dict[str, str]:
    return {f"{prefix}{lang}": label.text(lang) for lang in LANGUAGES}


def _term(result: Result | None, path: str) -> Label:
    """What the result calls the term at the end of a path, and what it leads through; else the path."""
    labels: Mapping[str, Label] = getattr(result, "labels", {})
    term = path.rsplit("/", 1)[-1]
    kind, *through = term.split(".")
    if term not in labels and kind == "indirect" and through and all(name in labels for name in through):
        names = {lang: " → ".join(labels[name].text(lang) for name in through) for lang in LANGUAGES}
        return Label("displays.through", names=Label(**names))
    return labels.get(term) or Label(zh=path, en=path)
