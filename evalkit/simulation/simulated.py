"""An instrument and a model in, realistic answers with their usual faults out: the same for a seed on any machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evalkit.contract import Label
from evalkit.instrument import Instrument, Item
from evalkit.resample import Stream, child_seed
from evalkit.simulation.answers import NO_ANSWER, Answers, intended
from evalkit.simulation.model import DIRT, Model, read_model
from evalkit.simulation.people import People
from evalkit.simulation.routing import careless, leave_out, route

# Ranges that RFC 5737 keeps for documentation: nobody's address.
_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")


@dataclass(frozen=True, eq=False)
class Simulated:
    """Answers that nobody gave.

    Attributes
    ----------
    answers : DataFrame
        One row a respondent in the order of submission, index 1 .. N; columns as in `Responses.frame`: codes and
        numbers as float, texts, `<id>__<code>` 0/1 and `<id>__<code>__text`.
    missing : DataFrame of int8
        A column an item (multiple response: a column an option), same index: missing kinds, 0 = answered.
    meta : DataFrame
        `respondent_id`, `submitted_at`, `duration_s` (seconds), `channel`, and the invented `nickname` and `ip`.
    truth : DataFrame
        Latent scores (standard normal) before anything was cut, rounded or left out.
    context : DataFrame
        What the model knows of each row beyond the form: places, and columns of registers.
    kind : Series
        `usable`, or why a row should not be used: see `model.DIRT`.
    instrument : Instrument
    """

    answers: pd.DataFrame
    missing: pd.DataFrame
    meta: pd.DataFrame
    truth: pd.DataFrame
    context: pd.DataFrame
    kind: pd.Series
    instrument: Instrument
    items: tuple[str, ...]


def simulate(
    instrument: Instrument,
    model: Mapping[str, Any] | str | Path,
    *,
    n: int | None = None,
    seed: int | None = None,
    dirt: bool = True,
    miskeyed: Sequence[str] = (),
) -> Simulated:
    """Answer a questionnaire as a model says.

    Parameters
    ----------
    instrument : Instrument
        What is asked.
    model : mapping, str or Path
        `evalkit-simulation/1`: latents and the paths among them, places, background, margins, missing, dirt.
    n : int, optional
        Usable rows; by default the model's. Doubtful rows come on top.
    seed : int, optional
        By default the model's.
    dirt : bool
        Whether doubtful rows, duplicates and miskeyed items are added. Typed missing answers stay either way.
    miskeyed : sequence of str
        Further items delivered with the wrong polarity, besides those of `[dirt] miskeyed`.

    Returns
    -------
    Simulated

    Raises
    ------
    PlanError
        E850 to E857: what is wrong in the model.
    """
    plan = read_model(model)
    if plan.instrument and plan.instrument != instrument.id:
        raise plan.fault("E857", wanted=plan.instrument, found=instrument.id)
    kinds = _kinds(plan, plan.n if n is None else n, plan.seed if seed is None else seed, dirt)
    people = People(plan, len(kinds), plan.seed if seed is None else seed)
    answers = intended(people, instrument)
    careless(answers, kinds, people)
    leave_out(answers, kinds, people, _scale_of(instrument))
    _screen_out(answers, kinds, plan)
    if dirt:
        _miskey(answers, plan, (*plan.dirt.get("miskeyed", ()), *miskeyed))
    route(answers, people, instrument)
    meta = _meta(people, kinds)
    order, kinds = _with_duplicates(meta, kinds, people, dirt)
    return _assembled(answers, people, meta, order, kinds, instrument)


def _kinds(model: Model, n: int, seed: int, dirt: bool) -> np.ndarray:
    """The kind of every row but duplicates, mixed."""
    if n < 1:
        raise model.fault("E855", where=model.name, key="n", found=n, wanted="n >= 1")
    counts = {"usable": n} | {kind: _count(model, kind, n) for kind in DIRT if dirt and kind != "duplicate"}
    kinds = np.repeat(np.array(list(counts), dtype=object), list(counts.values()))
    return kinds[np.argsort(Stream(child_seed(seed, "order")).uniform(len(kinds)), kind="stable")]


def _count(model: Model, kind: str, n: int) -> int:
    return int(np.floor(model.dirt.get(kind, 0.0) * n + 0.5))


def _scale_of(instrument: Instrument) -> dict[str, str]:
    return {item: scale.id for scale in reversed(instrument.scales) for item in scale.items}


def _screen_out(answers: Answers, kinds: np.ndarray, model: Model) -> None:
    """Give screened-out rows the answers that end the form."""
    out = kinds == "screened_out"
    for item, code in model.dirt.get("screened_as", {}).items():
        if item not in answers.values:
            raise model.unknown("[dirt] screened_as", item, answers.values)
        answers.values[item][out] = code
        answers.kinds[item][out] = 0


def _miskey(answers: Answers, model: Model, names: Sequence[str]) -> None:
    """Deliver items with the wrong polarity, as if the platform's form had been set up the wrong way round."""
    known = {item.id: item for item in answers.items}
    for name in dict.fromkeys(names):
        if name not in known or known[name].low is None or known[name].high is None:
            raise model.unknown("[dirt] miskeyed", name, known)
        answers.values[name] = known[name].low + known[name].high - answers.values[name]


def _meta(people: People, kinds: np.ndarray) -> pd.DataFrame:
    """When and how long: submissions over `days`, mostly by day; seconds log-normal, short for the fast."""
    model, n = people.model, people.n
    times = np.sort(people.stream("submitted").uniform(n)) * model.days
    hour = (times % 1) * 15 / 24  # from the start's hour on, fifteen hours a day
    seconds = np.floor((np.floor(times) + hour) * 86400).astype("timedelta64[s]")
    rule = model.duration
    median, shortest = rule.get("median", 300.0), rule.get("shortest", rule.get("median", 300.0) / 2)
    own = median * np.exp(rule.get("spread", 0.35) * people.stream("duration").normal(n))
    quick = people.stream("hurry").uniform(n)
    length = np.maximum(own, shortest)
    length = np.where(kinds == "fast", shortest * (0.15 + 0.5 * quick), length)
    length = np.where(kinds == "screened_out", 8 + 40 * quick, length)
    parts = [np.floor(people.stream(f"address {k}").uniform(n) * size).astype(int) for k, size in ((0, 3), (1, 254))]
    return pd.DataFrame(
        {
            "submitted_at": np.datetime64(model.start, "us") + seconds,
            "duration_s": np.floor(length),
            "ip": [f"{_NETWORKS[a]}.{b + 1}({model.region})" for a, b in zip(*parts, strict=True)],
        }
    )


def _with_duplicates(
    meta: pd.DataFrame, kinds: np.ndarray, people: People, dirt: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Rows in the order of submission: usable ones that were sent a second time follow a little later."""
    usable = np.flatnonzero(kinds == "usable")
    copies = _count(people.model, "duplicate", len(usable)) if dirt else 0
    chance = people.stream("duplicate").uniform(len(usable))
    again = usable[np.argsort(chance, kind="stable")[:copies]]
    order = np.concatenate([np.arange(len(kinds)), again])
    # Sent again up to a dozen rows later.
    place = np.concatenate([np.arange(len(kinds)), again + 0.5 + np.floor(12 * people.stream("again").uniform(copies))])
    kinds = np.concatenate([kinds, np.full(copies, "duplicate", dtype=object)])
    by_place = np.argsort(place, kind="stable")
    return order[by_place], kinds[by_place]


def _nothing_as_nan(values: np.ndarray) -> np.ndarray:
    if values.dtype != object:
        return values
    return np.array([np.nan if value is None or value == "" else value for value in values], dtype=object)


def _column_kinds(answers: Answers, item: Item, column: str) -> np.ndarray:
    """Kinds of one column; of several names (`<id>__2`), those not given have no answer."""
    kinds = answers.kinds[item.id]
    if item.type != "text" or column == item.id:
        return kinds
    empty = np.array([value is None for value in answers.values[column]])
    return np.where((kinds == 0) & empty, NO_ANSWER, kinds)


def _assembled(
    answers: Answers,
    people: People,
    meta: pd.DataFrame,
    order: np.ndarray,
    kinds: np.ndarray,
    instrument: Instrument,
) -> Simulated:
    index = pd.RangeIndex(1, len(order) + 1)
    values: dict[str, np.ndarray] = {}
    missing: dict[str, np.ndarray] = {}
    for item in answers.items:
        for column in answers.columns(item):
            values[column] = _nothing_as_nan(answers.values[column][order])
            missing[column] = _column_kinds(answers, item, column)[order]
            if f"{column}__text" in answers.fills:
                values[f"{column}__text"] = _nothing_as_nan(answers.fills[f"{column}__text"][order])
        values |= {
            name: _nothing_as_nan(texts[order])
            for name, texts in answers.fills.items()
            if name.startswith(f"{item.id}__") and name not in values
        }
    truth = pd.DataFrame({name: scores[order] for name, scores in people.latents.items()}, index=index)
    return Simulated(
        pd.DataFrame(values, index=index),
        pd.DataFrame(missing, index=index),
        _rows_of_platform(meta, order, index),
        truth,
        pd.DataFrame({name: c[order] for name, c in people.columns.items() if name not in values}, index=index),
        pd.Series(kinds, index=index, name="kind"),
        instrument,
        tuple(item.id for item in answers.items),
    )


def _rows_of_platform(meta: pd.DataFrame, order: np.ndarray, index: pd.RangeIndex) -> pd.DataFrame:
    """What the platform adds to each row."""
    return pd.DataFrame(
        {
            "respondent_id": [str(i) for i in index],
            # A copy keeps its place in the file, so its time is that of its neighbour.
            "submitted_at": np.maximum.accumulate(meta["submitted_at"].to_numpy()[order]),
            "duration_s": meta["duration_s"].to_numpy()[order],
            "channel": Label("simulation.source").text("zh"),
            "nickname": [Label("simulation.nickname", n=f"{i:05d}").text("zh") for i in index],
            "ip": meta["ip"].to_numpy()[order],
        },
        index=index,
    )
