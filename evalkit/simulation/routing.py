"""Answers to everything in, answers as a real form would hold them out: skips, blanks, carelessness."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.special import ndtri

from evalkit.contract import MISSING_KINDS
from evalkit.formula import Expression
from evalkit.instrument import Instrument, Item
from evalkit.simulation.answers import NO_ANSWER, NOT_ASKED, Answers, codes_array
from evalkit.simulation.people import People


def careless(answers: Answers, kinds: np.ndarray, people: People) -> None:
    """Overwrite the answers of those who do not care.

    `straight`: one option all the way down; `random` and `fast`: any option; `inattentive`: as they think, but
    not what the attention check told them. All of these fail the attention checks, as the option for
    `straight` is drawn among those a check does not ask for.
    """
    checks = [(item, item.told) for item in answers.items if item.told is not None]
    told = {code for _, code in checks}
    straight, anyhow = kinds == "straight", np.isin(kinds, ("random", "fast"))
    habit = people.stream("habit").uniform(people.n)
    for item in answers.scale_items():
        codes = np.array(sorted(float(code) for code in item.codes))
        usual = np.array([code for code in codes if code not in told])
        drawn = codes[(people.stream(f"careless {item.id}").uniform(people.n) * len(codes)).astype(int)]
        values = answers.values[item.id]
        values[straight] = usual[(habit * len(usual)).astype(int)][straight]
        values[anyhow] = drawn[anyhow]
    for item, right in checks:
        wrong = codes_array([code for code in item.codes if code != right])
        drawn = wrong[(people.stream(f"careless {item.id}").uniform(people.n) * len(wrong)).astype(int)]
        failing = anyhow | (kinds == "inattentive") | ((kinds == "straight") & (item.matrix is None))
        answers.values[item.id][failing] = drawn[failing]


def leave_out(answers: Answers, kinds: np.ndarray, people: People, scale_of: dict[str, str]) -> None:
    """Blanks where an item may be left blank, "don't know" where it offers that, each person with a leaning.

    `spread` is the share of the tendency's variance that lies between people. `incomplete` rows leave
    everything blank that is not required, from somewhere in the first half on.
    """
    rules = people.model.missing
    rho = rules.get("spread", 0.0)
    person = {kind: people.stream(f"leaning {kind}").normal(people.n) for kind in MISSING_KINDS}
    stop = (0.15 + 0.35 * people.stream("stop").uniform(people.n)) * len(answers.items)
    for position, item in enumerate(answers.items):
        own = rules.get("rates", {}).get(item.id, rules.get("rates", {}).get(scale_of.get(item.id, ""), {}))
        may_be_blank = not item.required and item.told is None
        possible = [option.missing for option in item.options if option.missing] + ["no_answer"] * may_be_blank
        for kind in dict.fromkeys(possible):
            rate = own.get(kind, rules.get(kind, 0.0))
            if rate:
                rest = people.stream(f"{kind} {item.id}").normal(people.n)
                tendency = np.sqrt(rho) * person[kind] + np.sqrt(1 - rho) * rest
                answers.kinds[item.id][tendency < ndtri(rate)] = MISSING_KINDS.index(kind)
        if item.type == "multi":
            nothing = np.all([answers.values[column] == 0 for column in answers.columns(item)], axis=0)
            answers.kinds[item.id][nothing] = NO_ANSWER
        if may_be_blank:
            answers.kinds[item.id][(kinds == "incomplete") & (position >= stop)] = NO_ANSWER


def route(answers: Answers, people: People, instrument: Instrument) -> None:
    """Take out what the form would not have asked: `ask_if` and `end_if`, in the order of the questionnaire."""
    ended = np.zeros(people.n, dtype=bool)
    holds = _conditions(answers, people, {item.id: item for item in instrument.items})
    for item in answers.items:
        asked = ~ended if item.ask_if is None else ~ended & holds(item.ask_if)
        kinds = answers.kinds[item.id]
        kinds[~asked] = NOT_ASKED
        _empty(answers, item, kinds != 0)
        if item.end_if is not None:
            ended |= asked & holds(item.end_if)


def _empty(answers: Answers, item: Item, where: np.ndarray) -> None:
    for column in answers.columns(item):
        values = answers.values[column]
        answers.values[column] = np.where(where, None if values.dtype == object else np.nan, values)
    for name, texts in answers.fills.items():
        if name.startswith(f"{item.id}__"):
            texts[where] = ""


def _conditions(answers: Answers, people: People, known: Mapping[str, Item]) -> Callable[[Expression], np.ndarray]:
    """A function that tells where a condition holds, by the answers as they stand when it is called."""

    def lookup(name: str) -> np.ndarray:
        if name in answers.values:
            return answers.values[name]
        if name in people.columns:  # e.g. from a register: known, but not in this form
            return people.columns[name]
        raise people.model.unknown("ask_if", name, [*answers.values, *people.columns])

    def answered(name: str) -> np.ndarray:
        return answers.kinds[name] == 0 if name in answers.kinds else ~np.isnan(lookup(name))

    def chosen(question: str, code: float | str) -> np.ndarray:
        column = f"{question}__{code:g}" if isinstance(code, float) else f"{question}__{code}"
        if question in known and known[question].type != "multi":
            return lookup(question) == code
        return lookup(column) == 1

    return lambda condition: condition.evaluate(lookup, people.n, answered=answered, chosen=chosen)
