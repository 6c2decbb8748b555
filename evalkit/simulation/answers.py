"""People in, the answers they would give if asked everything and careful: `Answers`, one column a leaf item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import ndtri

from evalkit.contract import MISSING_KINDS
from evalkit.instrument import Instrument, Item
from evalkit.simulation.model import Model
from evalkit.simulation.people import People, cut

NOT_ASKED, NO_ANSWER = (MISSING_KINDS.index(kind) for kind in ("not_asked", "no_answer"))
_SILENT = ("note", "file")


@dataclass(eq=False)
class Answers:
    """Answers of n people while they are being made.

    Attributes
    ----------
    items : tuple of Item
        Those of the form, in the order of the questionnaire.
    values : dict
        Column -> codes, numbers or texts (shape (n,)); a multiple response has a 0/1 column an option.
    fills : dict
        `<id>__<code>__text` -> texts written beside an option, "" where none.
    kinds : dict
        Item -> missing kind of each row (int8, 0 = answered).
    """

    items: tuple[Item, ...]
    values: dict[str, np.ndarray] = field(default_factory=dict)
    fills: dict[str, np.ndarray] = field(default_factory=dict)
    kinds: dict[str, np.ndarray] = field(default_factory=dict)

    def columns(self, item: Item) -> list[str]:
        """The value columns of one item."""
        if item.type == "multi":
            return [f"{item.id}__{code}" for code in item.codes]
        return [f"{item.id}__{k}" for k in range(1, item.max_choices + 1)] if _takes_names(item) else [item.id]

    def scale_items(self) -> Iterator[Item]:
        """Items answered on a numeric answer scale that stand in a matrix: what careless people rush through."""
        return (item for item in self.items if item.matrix is not None and item.is_numeric)


def intended(people: People, instrument: Instrument) -> Answers:
    """What everyone would answer to every item of the model's form.

    Raises
    ------
    PlanError
        E852 names every item the model says nothing about; E851, E855 for a wrong name, code or margin.
    """
    model = people.model
    answers = Answers(tuple(i for i in instrument.items if asked_in(i, model.form) and i.type not in _SILENT))
    latent_of = _latents_of_items(model, instrument)
    multiple = {entry["id"]: entry for entry in model.multiple}
    rules = {entry["id"]: entry for entry in model.variables}
    silent = []
    for item in answers.items:
        if item.told is not None:
            answers.values[item.id] = codes_array([item.told]).repeat(people.n)
        elif item.type == "multi" and item.id in multiple:
            _choices(people, item, multiple[item.id], answers)
        elif _takes_names(item) and "texts" in rules.get(item.id, {}):
            _names(people, item, rules[item.id]["texts"], answers)
        elif item.id in people.columns:
            answers.values[item.id] = _known_codes(model, item, people.columns[item.id])
            _fill_in(people, item, rules.get(item.id, {}), answers)
        elif item.id in latent_of:
            answers.values[item.id] = _graded(people, item, latent_of[item.id])
        else:
            silent.append(item.id)
        answers.kinds[item.id] = np.zeros(people.n, dtype=np.int8)
    if silent:
        raise model.fault("E852", items=silent)
    return answers


def codes_array(codes: Sequence[Any]) -> np.ndarray:
    """Codes as the answers hold them: float64, or object where one is a text."""
    return np.array(codes, dtype=object if any(isinstance(code, str) for code in codes) else float)


def asked_in(item: Item, form: str) -> bool:
    """Whether an item belongs to a form; "" = every form."""
    return not form or not item.form or form in item.form


def _latents_of_items(model: Model, instrument: Instrument) -> dict[str, str]:
    scales = {scale.id: scale.items for scale in instrument.scales}
    known = {item.id for item in instrument.items}
    behind: dict[str, str] = {}
    for latent, entry in model.latents.items():
        for item in entry.get("items", scales.get(latent, ())):
            if item not in known:
                raise model.unknown(f"[latents.{latent}]", item, known)
            behind.setdefault(item, latent)
        for item in entry.get("loadings", {}):
            if behind.get(item) != latent:
                raise model.unknown(f"[latents.{latent}]", item, known)
    return behind


def _graded(people: People, item: Item, latent: str) -> np.ndarray:
    """Answer categories cut from loading * latent + rest; a reverse item the other way round.

    The latent's cumulative shares ("margin") are moved for each item by `shifts`, or else by a small amount of
    its own (SD `item_spread`), so that items of a scale differ in mean as real ones do.
    """
    model, entry = people.model, people.model.latents[latent]
    loading = entry.get("loadings", {}).get(item.id, entry.get("loading", model.defaults.get("loading", 0.75)))
    if not 0 <= loading <= 1:
        raise model.fault("E855", where=f"[latents.{latent}]", key="loading", found=loading, wanted="0 <= x <= 1")
    codes = sorted(float(code) for code in item.codes)
    name = entry.get("margin", model.defaults.get("margin", ""))
    if name not in model.margins:
        raise model.unknown(f"[latents.{latent}] margin", name, model.margins)
    if len(model.margins[name]) != len(codes):
        raise model.fault("E855", where=item.id, key=name, found=len(model.margins[name]), wanted=len(codes))
    stream = people.stream(f"answer {item.id}")
    rest = stream.normal(people.n)
    own = float(people.stream(f"shift {item.id}").normal(1)[0]) * model.defaults.get("item_spread", 0.0)
    liability = loading * people.latents[latent] + np.sqrt(1 - loading**2) * rest + model.shifts.get(item.id, own)
    given = np.array(codes)[cut(liability, model.margins[name])]
    return codes[0] + codes[-1] - given if item.reverse else given


def _choices(people: People, item: Item, entry: Mapping[str, Any], answers: Answers) -> None:
    """0/1 columns of a multiple response: each option by its share of cases, `together` as a union.

    `otherwise` is chosen by whoever chose nothing else, so that everybody who is asked counts as a case.
    """
    model, codes = people.model, {str(code) for code in item.codes}
    columns = {column: np.zeros(people.n) for column in answers.columns(item)}
    named = [*entry.get("shares", {}), *(str(entry[k]) for k in ("otherwise",) if k in entry)]
    named += [
        str(code) for group in entry.get("together", ()) for pattern in group["patterns"] for code in pattern.split()
    ]
    for code in (code for code in named if code not in codes):
        raise model.unknown(f"[[multiple]] {item.id}", code, codes)
    on = entry.get("on", {})
    for code, share in entry.get("shares", {}).items():
        liability = people.liability(f"{item.id} {code}", on.get(code, {}))
        columns[f"{item.id}__{code}"][:] = liability > ndtri(1 - share)
    for group in entry.get("together", ()):
        name = f"{item.id} {'+'.join(group['patterns'])}"
        chosen = people.liability(name, {}) > ndtri(1 - group["share"])
        ends = np.cumsum(list(group["patterns"].values()))
        which = np.searchsorted(ends[:-1], people.stream(f"pattern {name}").uniform(people.n) * ends[-1], side="right")
        for position, pattern in enumerate(group["patterns"]):
            for code in pattern.split():
                columns[f"{item.id}__{code}"][chosen & (which == position)] = 1
    if item.max_choices:
        _keep_some(people, item, columns)
    if "otherwise" in entry:
        nothing = sum(columns.values()) == 0
        columns[f"{item.id}__{entry['otherwise']}"][nothing] = 1
    answers.values |= columns
    _fill_in(people, item, entry, answers)


def _takes_names(item: Item) -> bool:
    return item.type == "text" and (item.max_choices or 1) > 1


def _names(people: People, item: Item, texts: Sequence[str], answers: Answers) -> None:
    """One to `max_choices` different names, in columns `<id>__1` and on; None where fewer are given."""
    many = min(int(item.max_choices or 1), len(texts))
    chance = people.stream(f"names {item.id}").uniform(people.n * len(texts)).reshape(people.n, len(texts))
    chosen = np.array(texts, dtype=object)[np.argsort(chance, axis=1, kind="stable")[:, :many]]
    given = 1 + np.floor(people.stream(f"many {item.id}").uniform(people.n) * many)
    for k, column in enumerate(answers.columns(item)):
        empty = np.full(people.n, None, dtype=object)
        answers.values[column] = np.where(given > k, chosen[:, k], None) if k < many else empty


def _keep_some(people: People, item: Item, columns: Mapping[str, np.ndarray]) -> None:
    """Take out ticks above `max_choices`, any of them with the same chance."""
    chosen = np.column_stack(list(columns.values()))
    chance = people.stream(f"limit {item.id}").uniform(chosen.size).reshape(chosen.shape)
    place = np.argsort(np.argsort(-(chosen * chance), axis=1, kind="stable"), axis=1, kind="stable")
    for position, column in enumerate(columns.values()):
        column[place[:, position] >= int(item.max_choices or 0)] = 0


def _fill_in(people: People, item: Item, entry: Mapping[str, Any], answers: Answers) -> None:
    """Texts beside options that take one, for whoever chose them."""
    texts = entry.get("fills", ())
    for option in item.options:
        if not option.fill or option.missing is not None or not texts:
            continue
        name = f"{item.id}__{option.code}"
        drawn = (people.stream(f"fill {name}").uniform(people.n) * len(texts)).astype(int)
        chosen = answers.values[name] == 1 if item.type == "multi" else answers.values[item.id] == option.code
        answers.fills[f"{name}__text"] = np.where(chosen, np.array(texts, dtype=object)[drawn], "")


def _known_codes(model: Model, item: Item, values: np.ndarray) -> np.ndarray:
    if item.options:
        strange = {_shown(v) for v in values} - {str(code) for code in item.codes}
        for code in sorted(strange):
            raise model.unknown(item.id, code, (str(c) for c in item.codes))
    return values.copy()


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
