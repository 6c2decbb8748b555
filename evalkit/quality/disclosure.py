"""Background variables in; how many respondents they would give away out: classes, small cells, what causes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import ClassVar

import numpy as np
import pandas as pd

from evalkit.contract import (
    AnalysisError,
    Cell,
    Drop,
    Head,
    Label,
    Note,
    Problem,
    Row,
    Table,
    codebook_of,
    label_of,
    require_columns,
    tidy_frame,
)

MOST_PAIRS = 10
"""Pairs printed, those with the most respondents in small cells; `tidy` has them all."""
_KINDS = ("nominal", "ordinal", "item", "number", "count", "option")


@dataclass(frozen=True)
class Classes:
    """Respondents who are alike in some variables.

    Attributes
    ----------
    names : tuple of str
    n_classes, smallest, n_unique : int
        Different combinations, respondents in the rarest, respondents who are the only one of theirs.
    n_below : int
        Respondents in classes of fewer than k.
    risk : float
        Mean chance of being told from the others, 1 / size of one's class; equals classes / respondents.
    """

    names: tuple[str, ...]
    n_classes: int
    smallest: int
    n_unique: int
    n_below: int
    risk: float


@dataclass(frozen=True, eq=False)
class Disclosure:
    """k-anonymity of a sample. `without` gives, for each variable, the classes of all the others.

    `l_diversity` is the least number of different answers to `sensitive` within one class (nan without one);
    `n_alike` counts respondents in classes that all gave one answer.
    """

    k: int
    whole: Classes
    single: tuple[Classes, ...]
    without: Mapping[str, Classes]
    pairs: tuple[Classes, ...]
    labels: Mapping[str, Label]
    n_obs: int
    sensitive: str | None = None
    l_diversity: float = float("nan")
    n_alike: int = 0
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("disclosure",)

    def tidy(self) -> pd.DataFrame:
        """The whole (term `all`), each variable, all but it (level `without`), each pair (level `with.<other>`).

        `estimate` is the per cent of respondents in classes below k, `count` their number.
        """
        rows = [self._row("all", None, self.whole)]
        rows += [self._row(one.names[0], None, one) for one in self.single]
        rows += [self._row(name, "without", one) for name, one in self.without.items()]
        rows += [self._row(one.names[0], f"with.{one.names[1]}", one) for one in self.pairs]
        if self.sensitive is not None:
            share = 100 * self.n_alike / self.n_obs if self.n_obs else np.nan
            rows.append({"term": "all", "level": f"sensitive.{self.sensitive}", "estimate": share,
                         "count": self.n_alike, "n_obs": self.n_obs, "l_diversity": self.l_diversity})  # fmt: skip
        numbers = ("estimate", "n_obs", "count", "n_classes", "smallest_class", "n_unique", "risk", "l_diversity")
        columns = {n: [r.get(n, np.nan) for r in rows] for n in numbers}
        text = {n: [r.get(n) for r in rows] for n in ("term", "level")}
        return tidy_frame(n_rows=len(rows), **text, **columns)

    def glance(self) -> pd.DataFrame:
        """One row about all variables together."""
        row = self._row("all", None, self.whole)
        return pd.DataFrame([{n: v for n, v in row.items() if n not in ("term", "level")}])

    def table(self, template: str = "disclosure") -> Table:
        """All together, each variable with what leaving it out would change, and the worst pairs."""
        heads = ("disclosure.variables", "disclosure.classes", "disclosure.smallest", "disclosure.unique")
        header = (*(Head(h) for h in heads), Head(Label("disclosure.below", k=self.k)), Head("percent"),
                  Head("disclosure.without"))  # fmt: skip
        rows = [self._cells(Label("disclosure.all", n=len(self.whole.names)), self.whole, Cell(None))]
        rows.append(_section("disclosure.single"))
        for one in self.single:
            rest = self.without.get(one.names[0])
            rows.append(self._cells(self.labels[one.names[0]], one, self._rest(rest)))
        shown = [one for one in self.pairs if one.n_below][:MOST_PAIRS]
        if shown:
            rows.append(_section("disclosure.pairs"))
        for one in shown:
            words = Label("disclosure.pair", one=self.labels[one.names[0]], other=self.labels[one.names[1]])
            rows.append(self._cells(words, one, Cell(None)))
        return Table("disclosure", template, Label("disclosure.title"), (header,), tuple(rows), self._notes())

    def _row(self, term: str, level: str | None, one: Classes) -> dict[str, object]:
        share = 100 * one.n_below / self.n_obs if self.n_obs else np.nan
        return {"term": term, "level": level, "estimate": share, "n_obs": self.n_obs, "count": one.n_below,
                "n_classes": one.n_classes, "smallest_class": one.smallest, "n_unique": one.n_unique,
                "risk": one.risk}  # fmt: skip

    def _cells(self, words: Label, one: Classes, rest: Cell) -> Row:
        share = 100 * one.n_below / self.n_obs if self.n_obs else float("nan")
        numbers = (one.n_classes, one.smallest, one.n_unique, one.n_below)
        few = None if self.n_obs else "disclosure.reason_no_row"
        return Row(
            (Cell(words, "label"), *(Cell(n, "count") for n in numbers), Cell(share, "percent", reason=few), rest)
        )

    def _rest(self, rest: Classes | None) -> Cell:
        if rest is None or not self.n_obs:
            return Cell(None)
        return Cell(100 * rest.n_below / self.n_obs, "percent")

    def _notes(self) -> tuple[Note, ...]:
        notes = [Label("n", n=self.n_obs), Label("disclosure.note", k=self.k), Label("disclosure.without_note")]
        if self.sensitive is not None:
            said = {"name": self.labels[self.sensitive], "l": int(self.l_diversity), "n": self.n_alike}
            notes.append(Label("disclosure.diversity", **said))
        return tuple(Note("general", label) for label in notes)


def disclosure(
    data: pd.DataFrame, variables: Sequence[str] | None = None, *, k: int = 5, sensitive: str | None = None
) -> Disclosure:
    """k-anonymity of the respondents by what others may know about them.

    Parameters
    ----------
    data : DataFrame
    variables : sequence of str, optional
        What somebody who looks for a person may know; by default the background variables of the instrument.
        Numbers count by value (put them into bands first); a missing answer is an answer of its own.
    k : int
        Least size of a class: 5 for work within the team, 10 for publication.
    sensitive : str, optional
        An answer that must not be told from the class: the least number of different ones in a class is its
        l-diversity.

    Returns
    -------
    Disclosure
        A notice W870 where somebody is in a class below k.

    Raises
    ------
    AnalysisError
        E600 unknown names; E871 no background variable; E872 k below 2, E873 a sensitive variable among the others.

    Notes
    -----
    Samarati & Sweeney (1998), k-anonymity; Machanavajjhala et al. (2007), ACM TKDD 1(1), l-diversity, here the
    distinct one. Classes of the sample: that a person took part is taken as known.
    """
    names = list(dict.fromkeys(variables)) if variables is not None else _background(data)
    if not names:
        raise AnalysisError(Problem("E871"))
    require_columns(data, [*names, *([sensitive] if sensitive else [])])
    if k < 2:
        raise AnalysisError(Problem("E872", params={"k": k}))
    if sensitive in names:
        raise AnalysisError(Problem("E873", params={"name": str(sensitive)}))
    codes = {name: _codes(data[name]) for name in names}
    whole, member = _classes(names, codes, k, len(data))
    single = tuple(_classes([name], codes, k, len(data))[0] for name in names)
    several = len(names) > 1
    without = {name: _classes([n for n in names if n != name], codes, k, len(data))[0] for name in names if several}
    pairs = [_classes(list(pair), codes, k, len(data))[0] for pair in combinations(names, 2)]
    pairs.sort(key=lambda one: -one.n_below)
    labels = {name: label_of(data, name) for name in [*names, *([sensitive] if sensitive else [])]}
    notices = ()
    if whole.n_below:
        notices = (Problem("W870", params={"n": whole.n_below, "of": len(data), "k": k, "unique": whole.n_unique}),)
    found = Disclosure(k, whole, single, without, tuple(pairs), labels, len(data), notices=notices)
    if sensitive is None:
        return found
    least, alike = _diversity(member, _codes(data[sensitive]))
    return replace(found, sensitive=sensitive, l_diversity=least, n_alike=alike)


def _section(key: str) -> Row:
    return Row((Cell(Label(key), "label"),), role="section")


def _background(data: pd.DataFrame) -> list[str]:
    book = codebook_of(data)
    known = [book.variables[str(name)] for name in data.columns]
    return [v.name for v in known if v.role == "background" and v.kind in _KINDS]


def _codes(values: pd.Series) -> np.ndarray:
    """Whole numbers from 0 for the different answers; missing is one of them."""
    return np.asarray(pd.factorize(values.array, use_na_sentinel=False)[0])


def _classes(names: list[str], codes: Mapping[str, np.ndarray], k: int, n: int) -> tuple[Classes, np.ndarray]:
    """Sizes of the classes, and the class of each respondent."""
    member = np.zeros(n, dtype=np.int64)
    for name in names:  # renumbered after each variable, so that products cannot overflow
        member = np.unique(member * (codes[name].max(initial=0) + 1) + codes[name], return_inverse=True)[1]
    sizes = np.bincount(member) if n else np.zeros(0, dtype=int)
    small = sizes[sizes < k]
    risk = len(sizes) / n if n else float("nan")
    unique = int((sizes == 1).sum())
    found = Classes(tuple(names), len(sizes), int(sizes.min(initial=n)), unique, int(small.sum()), risk)
    return found, member


def _diversity(member: np.ndarray, answers: np.ndarray) -> tuple[float, int]:
    """Least number of different answers in a class, and respondents whose class has one only."""
    if not len(member):
        return float("nan"), 0
    cells = np.unique(np.column_stack([member, answers]), axis=0)
    different = np.bincount(cells[:, 0])
    return float(different.min()), int((different[member] == 1).sum())
