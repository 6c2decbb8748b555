"""Hypotheses and the steps that test them in, the framework of the study as a figure out (G1)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from evalkit.contract import Figure, Label, label_of
from evalkit.formula import StepRef, parse_formula
from evalkit.plan.kinds import as_list
from evalkit.plan.model import Hypothesis, JoinedTable, Plan, Step
from evalkit.plan.varied import ABOUT

BY_FORMULA = ("regress", "outcome_model", "mixed")
BY_ROLES = ("mediate", "moderate")
COLUMNS = ("from", "to", "on", "sign", "hypothesis")

Resolved = Sequence[tuple[Step, Mapping[str, Any]]]


class Arrow(NamedTuple):
    """From one variable to another; with `on` it changes the path from `on` to that other one."""

    tail: str
    tip: str
    on: str = ""


def framework(wanted: JoinedTable, plan: Plan, resolved: Resolved, data: pd.DataFrame) -> Figure | None:
    """The claims as boxes and arrows, each arrow with the numbers of its hypotheses and the signs they expect.

    An arrow comes from the rows that `confirm_if` names: a term of a regression, an indirect effect (its chain), a
    product (a moderator on a path). A hypothesis without a rule takes the roles of the steps that name it. The sign is
    that of the comparison with a number; indirect effects have none of their own. None where nothing can be drawn.
    """
    steps = {step.id: (step, arguments) for step, arguments in resolved}
    claims: dict[Arrow, dict[str, str]] = {}
    for hypothesis in plan.hypotheses:
        for arrow, sign in _claimed(hypothesis, steps):
            if arrow.tail != arrow.tip:
                known = claims.setdefault(arrow, {})
                known[hypothesis.id] = known.get(hypothesis.id) or sign
    if not claims:
        return None
    rows = [(*arrow, sign, number) for arrow, numbers in claims.items() for number, sign in numbers.items()]
    names = dict.fromkeys(name for arrow in claims for name in arrow if name)
    return Figure(
        id=wanted.id,
        kind="framework",
        title=wanted.title or Label("framework.title"),
        frame=pd.DataFrame(rows, columns=list(COLUMNS)),
        labels={name: label_of(data, name) for name in names},
        notes=(Label("framework.note"),),
    )


def _claimed(
    hypothesis: Hypothesis, steps: Mapping[str, tuple[Step, Mapping[str, Any]]]
) -> Iterator[tuple[Arrow, str]]:
    if hypothesis.confirm_if is None:
        for step, arguments in steps.values():
            if hypothesis.id in step.hypothesis:
                yield from ((arrow, "") for arrow in _of_roles(step.do, arguments))
        return
    for ref in hypothesis.confirm_if.steps:
        if ref.step not in steps:
            continue
        step, arguments = steps[ref.step]
        path = ref.path.split("/")
        if step.do in ABOUT:  # its rows are model/outcome/group/term of another step's effects
            step, arguments = steps[arguments["of"]]
            path = [*path[1:2], path[-1].removeprefix("difference.")] if len(path) > 2 else path[-1:]
            arguments = {**arguments, "outcome": path[0]} if len(path) > 1 else arguments
        sign = "" if "indirect" in ref.path else _sign(ref, hypothesis.confirm_if.text)
        yield from ((arrow, sign) for arrow in _of_term(step.do, arguments, path))


def _sign(ref: StepRef, rule: str) -> str:
    """`+` or `-`, from the comparison of an estimate or an end of its interval with a number."""
    named = re.escape(ref.path) + r"['\"]\]\." + ref.column + r"\s*([<>])"
    found = re.search(named, rule)
    if found is None or ref.column not in ("estimate", "conf_low", "conf_high", "statistic"):
        return ""
    return "+" if found[1] == ">" else "-"


def _of_term(do: str, arguments: Mapping[str, Any], parts: Sequence[str]) -> Iterator[Arrow]:
    term = parts[-1]
    if do in BY_FORMULA:
        outcome = parse_formula(str(arguments["formula"])).outcome if "formula" in arguments else arguments.get("y")
        yield from _of_product(term, str(arguments.get("outcome", outcome)))
    elif do in BY_ROLES:
        x, m, y = (as_list(arguments.get(role)) for role in ("x", "m", "y"))
        if term.startswith("indirect"):
            chain = [part for part in term.split(".")[1:] if part in m] or m
            serial = arguments.get("kind") == "serial" or term != "indirect.total"
            chains = [chain] if serial else [[one] for one in m]
            yield from (arrow for one in chains for arrow in _chain([x[0], *one, y[-1]]))
        elif do == "moderate":
            yield from _of_roles(do, arguments)
        elif ":" in term or (len(parts) > 1 and term not in ("direct", "total")):
            yield from _of_product(term, parts[-2] if len(parts) > 1 else y[-1])
        else:
            yield Arrow(x[0], y[-1])


def _of_product(term: str, outcome: str) -> Iterator[Arrow]:
    """A term is an effect on the outcome; of a product the later ones change that of the first."""
    first, *others = (part.split(".")[0] for part in term.split(":"))
    if not others:
        yield Arrow(first, outcome)
    yield from (Arrow(other, outcome, first) for other in others)


def _of_roles(do: str, arguments: Mapping[str, Any]) -> Iterator[Arrow]:
    x, m, y = (as_list(arguments.get(role)) for role in ("x", "m", "y"))
    if do == "moderate":
        yield from (Arrow(arguments[role], y[0], x[0]) for role in ("w", "z") if role in arguments)
    elif do == "mediate" and x and y:
        chains = [m] if arguments.get("kind") == "serial" else [[one] for one in m]
        yield from (arrow for one in chains for arrow in _chain([x[0], *one, y[-1]]))


def _chain(nodes: Sequence[str]) -> Iterator[Arrow]:
    return (Arrow(tail, tip) for tail, tip in zip(nodes, nodes[1:], strict=False))
