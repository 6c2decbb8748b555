"""Codes with their counts: tidy rows, tables Q1 to Q4, the code tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evalkit.contract import Drop, Figure, Label, Problem, Table, tidy_frame
from evalkit.contract.code_tree import Code
from evalkit.contract.words import has_text
from evalkit.qualitative.describing import tables

_NAN = float("nan")
_MOST_GROUPS = 15


@dataclass(frozen=True)
class CodeCount:
    """How often a code occurs.

    `n_own` stretches under the code itself; with the codes below it `n_total` stretches in `n_sources` sources;
    by group: `shares` of its sources that bear it, `references` in them, `sizes` of the groups in sources.
    """

    code: Code
    n_own: int
    n_total: int
    n_sources: int
    shares: Mapping[str, float]
    references: Mapping[str, int]
    sizes: Mapping[str, int]


@dataclass(frozen=True)
class LevelCount:
    """Codes of a level: in the codebook, with a name, met in the material; and how many a text prints."""

    level: str
    n: int
    n_named: int
    n_met: int
    printed: int | None = None


@dataclass(frozen=True)
class Excerpt:
    """A quote that may be printed; empty where there is no consent to any."""

    code: str
    quote: str
    source: str


@dataclass(frozen=True, eq=False)
class CodeProfileResult:
    """Codes in the order of the tree, parents before their children; `sources` is what table Q1 lists."""

    codes: tuple[CodeCount, ...]
    levels: tuple[LevelCount, ...]
    groups: tuple[str, ...]
    sources: pd.DataFrame | None
    excerpts: tuple[Excerpt, ...]
    by: str
    round: str
    n_codings: int
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    @property
    def templates(self) -> tuple[str, ...]:
        """Q1 with sources, Q2 with quotes, Q3, Q4 with a core category, the profile of up to 15 groups."""
        found = ["Q1"] if self.sources is not None else []
        found += ["Q2"] if self.excerpts else []
        found += ["Q3"]
        found += ["Q4"] if tables.relations(self) else []
        return (*found, *(["profile"] if 1 < len(self.groups) <= _MOST_GROUPS else []))

    def tidy(self) -> pd.DataFrame:
        """Term = code, level = its level, group = group of sources.

        `count` references, estimate = share of the sources that bear the code, n_obs = sources; then by level the
        terms `codes.defined`, `codes.named`, `codes.met`, and `codes.printed` where a text's numbers were given.
        """
        rows = [row for c in self.codes for row in self._rows(c)]
        for level in self.levels:
            numbers = {"defined": level.n, "named": level.n_named, "met": level.n_met}
            numbers |= {} if level.printed is None else {"printed": level.printed}
            rows += [(None, f"codes.{k}", level.level or None, _NAN, float(n), _NAN) for k, n in numbers.items()]
        group, term, at, estimate, count, n = zip(*rows, strict=True) if rows else ((),) * 6
        return tidy_frame(n_rows=len(rows), group=group, term=term, level=at, estimate=estimate, count=count, n_obs=n)

    def _rows(self, c: CodeCount) -> Iterator[tuple[Any, ...]]:
        term, level = "_".join(c.code.id.split()), c.code.level or None
        share = c.n_sources / self.n_obs if self.n_obs else _NAN
        yield None, term, level, share, float(c.n_total), float(self.n_obs)
        if 1 < len(self.groups) <= _MOST_GROUPS:
            for g in self.groups:
                yield g, term, level, c.shares[g], float(c.references[g]), float(c.sizes[g])

    def glance(self) -> pd.DataFrame:
        """One row: references, and sources."""
        return pd.DataFrame([{"count": float(self.n_codings), "n_obs": float(self.n_obs)}])

    def table(self, template: str = "Q3") -> Table:
        """Q1 sources; Q2 an excerpt a concept; Q3 categories; Q4 their relation to the core; profile of groups."""
        return tables.TABLES[template](self)

    def called(self, code: str) -> Label:
        """The name of a code, or its id."""
        found = next((c.code for c in self.codes if c.code.id == code), None)
        text = found.name if found and found.name else code
        return Label(zh=text, en=found.name_en if found and found.name_en else text)

    def figure(self) -> Figure | None:
        """The tree with references; None without one."""
        if not any(c.code.depth for c in self.codes):
            return None
        frame = pd.DataFrame(
            [
                {
                    "code": c.code.id, "parent": c.code.path[-2] if c.code.depth else "", "depth": c.code.depth,
                    "count": float(c.n_total), "level": c.code.level,
                }
                for c in self.codes
            ]
        )  # fmt: skip
        labels = {c.code.id: self.called(c.code.id) for c in self.codes}
        labels |= {level.level: level_label(level.level) for level in self.levels if level.level}
        return Figure("code_tree", "code_tree", Label("codes.figure"), frame, labels)


def level_label(level: str) -> Label:
    """A level of the codebook in words; a level of its own has its own."""
    key = f"codes.level.{level}"
    return Label(key) if has_text(key) else Label(zh=level, en=level)
