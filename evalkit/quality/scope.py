"""A data frame in, the columns that the checks look at out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from evalkit.contract import AnalysisError, Codebook, Problem, Variable, codebook_of, require_columns
from evalkit.formula import parse_expression
from evalkit.moments import Pairwise, pairwise
from evalkit.quality.respondents import answer_columns, id_column
from evalkit.quality.timing import has_time_of_day


@dataclass(frozen=True)
class Block:
    """Items displayed together: places among the scope's items, and whether one of them is reverse-keyed."""

    places: tuple[int, ...]
    has_reversed: bool


@dataclass(frozen=True, eq=False)
class Scope:
    """Which columns are scale items, answers, id, duration and time of submission."""

    data: pd.DataFrame
    book: Codebook
    items: tuple[str, ...]
    answers: tuple[str, ...]
    respondent_id: str | None
    duration: str | None
    submitted: str | None
    interviewer: str | None = None
    same: tuple[tuple[str, str], ...] = ()
    opposite: tuple[tuple[str, str], ...] = ()

    @cached_property
    def item_answers(self) -> np.ndarray:
        """Scale items as given, shape (n, k)."""
        return numbers(self.data, self.items)

    @cached_property
    def moments(self) -> Pairwise:
        """Pairwise moments of the items: two checks need them."""
        return pairwise(self.item_answers)

    @cached_property
    def questions(self) -> dict[str, list[str]]:
        """Answer columns by question: the options of a multiple response belong together."""
        found: dict[str, list[str]] = {}
        for name in self.answers:
            found.setdefault(self.book.variables[name].item or name, []).append(name)
        return found

    def require(self, names: Sequence[str]) -> None:
        """Raise AnalysisError E600 for a name that is neither a column nor a multiple-response question."""
        require_columns(self.data, [name for name in names if name not in self.questions])

    def n_answered(self) -> np.ndarray:
        """Questions answered by each respondent."""
        count = np.zeros(len(self.data))
        for columns in self.questions.values():
            count += self.data[columns].notna().to_numpy().any(axis=1)
        return count

    def blocks(self) -> list[Block]:
        """Items as displayed: by matrix; items without one by scale; without either all in one block."""
        scale_of = {item: scale for scale, items in self.scales().items() for item in reversed(items)}
        reverse = {v.reversed_from for v in self.book.variables.values() if v.reversed_from}
        groups: dict[str, list[int]] = {}
        for place, name in enumerate(self.items):
            shown = self.book.variables[name].block
            # A question that stands alone is a block of itself; its neighbours of the same scale are its block.
            alone = shown is None or shown == name
            groups.setdefault(f"scale {scale_of.get(name, '')}" if alone else f"block {shown}", []).append(place)
        return [
            Block(tuple(places), any(self.items[p] in reverse for p in places))
            for places in groups.values()
            if len(places) > 1
        ]

    def times(self) -> np.ndarray | None:
        """Times of submission to the second; None where there are none, or only days."""
        if self.submitted is None or not pd.api.types.is_datetime64_any_dtype(self.data[self.submitted]):
            return None
        times = self.data[self.submitted]
        # Local wall-clock time where zones are given: minutes are the same minutes everywhere.
        plain = times.dt.tz_localize(None) if times.dt.tz is not None else times
        submitted = plain.to_numpy().astype("datetime64[s]")
        return submitted if has_time_of_day(submitted) else None

    def pairs(self) -> list[tuple[str, str, bool]]:
        """Pairs of questions that ask the same, and of those that ask the opposite (True), whoever declared them."""
        known = self.book.variables.values()
        declared = [(v.same_as, v.name, False) for v in known if v.same_as]
        declared += [(v.opposite_of, v.name, True) for v in known if v.opposite_of]
        given = [(*pair, False) for pair in self.same] + [(*pair, True) for pair in self.opposite]
        there = [pair for pair in (*declared, *given) if pair[0] in self.data and pair[1] in self.data]
        return list(dict.fromkeys(pair for pair in there if not pair[2] or np.isfinite(self.ends(pair[1])).all()))

    def ends(self, name: str) -> tuple[float, float]:
        """Ends of a question's answer scale; those observed where none are known."""
        variable = self.book.variables[name]
        if variable.low is not None and variable.high is not None:
            return variable.low, variable.high
        if not pd.api.types.is_numeric_dtype(self.data[name]) or not self.data[name].notna().any():
            return np.nan, np.nan
        return float(self.data[name].min()), float(self.data[name].max())

    def of_one_wave(self, key: str) -> list[str]:
        """Columns that together say who answered when: people of a panel answer in every wave."""
        wave = self.book.variables.get("wave")
        return [key, "wave"] if "wave" in self.data and wave is not None and wave.role == "paradata" else [key]

    def link(self, name: str) -> np.ndarray | None:
        """Group of each row by something private (0: unknown); None where the data know of no such groups."""
        links = self.book.links
        if links is None or name not in links:
            return None
        return links[name].reindex(self.data.index, fill_value=0).to_numpy()

    def scales(self) -> dict[str, list[str]]:
        """First-order scales with their items as given."""
        known = {
            scale.id: [self.as_given(c) for c in scale.columns]
            for scale in self.book.scales.values()
            if not scale.parts and len(scale.columns) > 1
        }
        return {name: items for name, items in known.items() if set(items) <= set(self.items)}

    def keyed_scales(self) -> list[np.ndarray]:
        """Keyed answers of each first-order scale, shape (n, k_s)."""
        return [numbers(self.data, self.book.scales[name].columns) for name in self.scales()]

    def as_given(self, column: str) -> str:
        """The column as answered behind a keyed one."""
        known = self.book.variables.get(column)
        return known.reversed_from or column if known else column

    def same_range(self) -> tuple[list[int], float]:
        """Places of the items with the most frequent answer scale, and its range (observed, where none is known)."""
        ends = [(self.book.variables[name].low, self.book.variables[name].high) for name in self.items]
        common = max(dict.fromkeys(ends), key=ends.count)
        places = [i for i, end in enumerate(ends) if end == common]
        low, high = common
        if low is not None and high is not None:
            return places, high - low
        answers = self.item_answers[:, places]
        known = answers[~np.isnan(answers)]
        return places, float(np.ptp(known)) if known.size else np.nan

    def exclusive(self) -> dict[str, list[str]]:
        """Questions with an option that goes with no other -> all their option columns."""
        options = {q: [c for c in columns if self.is_option(c)] for q, columns in self.questions.items()}
        return {q: c for q, c in options.items() if any(self.book.variables[name].exclusive for name in c)}

    def is_option(self, column: str) -> bool:
        return self.book.variables[column].kind == "option"

    def conditions(self) -> dict[str, list[str]]:
        """Conditions that can be held against the data -> the questions asked under each."""
        found: dict[str, list[str]] = {}
        for question, columns in self.questions.items():
            condition = self.book.variables[columns[0]].ask_if
            if condition and self._can_be_checked(condition):
                found.setdefault(condition, []).append(question)
        return found

    def _can_be_checked(self, condition: str) -> bool:
        expression = parse_expression(condition)
        options = [f"{question}__{code:g}" if isinstance(code, float) else f"{question}__{code}"
                   for question, code in expression.choices]  # fmt: skip
        asked_for = [name for name in expression.names if name not in {q for q, _ in expression.choices}]
        return all(name in self.data for name in (*asked_for, *options))


def scope_of(
    data: pd.DataFrame,
    items: Sequence[str] | None,
    named: Mapping[str, str | None],
    same: Sequence[Sequence[str]] = (),
    opposite: Sequence[Sequence[str]] = (),
) -> Scope:
    """Columns by the Codebook, or as named.

    Parameters
    ----------
    items : sequence of str, optional
        Scale items as given, in displayed order; by default those of the Codebook's kind `item`.
    named : mapping
        `respondent_id`, `duration`, `submitted`: a column, or None for the usual one; `interviewer`: a column.
    same, opposite : sequence of pairs of str
        Questions that ask the same, or the opposite, beside those the Codebook knows.

    Raises
    ------
    AnalysisError
        E600 for a name that is no column; E803 for an item that holds no numbers; E809 for a pair that is none.
    """
    book = codebook_of(data)
    for pair in (*same, *opposite):
        if isinstance(pair, str) or len(set(pair)) != 2 or len(pair) != 2:
            raise AnalysisError(Problem("E809", params={"pair": [pair] if isinstance(pair, str) else list(pair)}))
    paired = [name for pair in (*same, *opposite) for name in pair]
    require_columns(data, [*(items or ()), *(name for name in named.values() if name), *paired])
    if items is None:
        items = [v.name for v in map(book.variables.get, map(str, data.columns)) if v is not None and _is_item(v)]
    text = [name for name in items if not pd.api.types.is_numeric_dtype(data[name]) and data[name].notna().any()]
    if text:
        raise AnalysisError(Problem("E803", params={"name": name}) for name in text)
    usual = {"duration": "duration_s", "submitted": "submitted_at"}
    columns = {key: named[key] or (name if name in data else None) for key, name in usual.items()}
    interviewer = named.get("interviewer")
    set_apart = {*columns.values(), named["respondent_id"], interviewer}
    answers = [name for name in answer_columns(data, book) if name not in set_apart]
    return Scope(
        data,
        book,
        tuple(items),
        tuple(answers),
        id_column(data, book, named["respondent_id"]),
        columns["duration"],
        columns["submitted"],
        interviewer,
        tuple((a, b) for a, b in same),
        tuple((a, b) for a, b in opposite),
    )


def numbers(data: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Columns as floats, shape (n, k)."""
    return data[list(columns)].to_numpy(dtype=float, na_value=np.nan)


def _is_item(variable: Variable) -> bool:
    return variable.kind == "item" and variable.reversed_from is None and variable.check is None
