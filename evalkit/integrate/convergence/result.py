"""Findings side by side: tidy rows, the convergence matrix, the assessment, completeness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd

from evalkit.contract import Drop, Label, Problem, Table, tidy_frame
from evalkit.integrate.convergence.judged import ASPECTS, CODES, DIFFER, FIT, OPEN, Judgement

_NAN = float("nan")


@dataclass(frozen=True)
class Finding:
    """One claim of one strand about a construct; `case` and `prominence` may be empty."""

    construct: str
    strand: str
    claim: str
    case: str
    prominence: str


@dataclass(frozen=True)
class Comparison:
    """A construct, two strands of which one speaks of it, every judgement of it, and the word that counts by aspect."""

    construct: str
    pair: tuple[str, ...]
    judgements: tuple[Judgement, ...]
    words: dict[str, str] = field(hash=False)

    @property
    def name(self) -> str:
        return f"{self.construct}: {' – '.join(self.pair)}"

    @property
    def open(self) -> bool:
        return all(word == OPEN for word in self.words.values())


@dataclass(frozen=True)
class Coverage:
    """What a strand contributes: findings, constructs with a finding, those that no other strand speaks of."""

    strand: str
    n_findings: int
    n_constructs: int
    alone: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class TriangulationResult:
    """Constructs by strands with their judgements; `labels` of both; `n_obs` counts findings."""

    constructs: tuple[str, ...]
    strands: tuple[str, ...]
    findings: tuple[Finding, ...]
    comparisons: tuple[Comparison, ...]
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("convergence", "assessment", "completeness")

    @property
    def pairs(self) -> tuple[tuple[str, ...], ...]:
        return tuple(dict.fromkeys(c.pair for c in self.comparisons))

    def of(self, construct: str, strand: str) -> tuple[Finding, ...]:
        """The findings of a strand about a construct."""
        return tuple(f for f in self.findings if (f.construct, f.strand) == (construct, strand))

    def counts(self, pair: tuple[str, ...], aspect: str) -> dict[str, int]:
        """Convergence code, `differ` or `open` -> how many constructs of a pair it counts for."""
        found = dict.fromkeys((*CODES, DIFFER, OPEN), 0)
        for one in self.comparisons:
            if one.pair == pair:
                found[FIT.get(one.words[aspect], one.words[aspect])] += 1
        return found

    def judges(self, aspect: str) -> tuple[int, int]:
        """Comparisons that two people or more judged without the consensus, and those of them judged alike."""
        each = [{j.by: j.words[aspect] for j in c.judgements if j.words[aspect] and not j.agreed}
                for c in self.comparisons]  # fmt: skip
        several = [set(words.values()) for words in each if len(words) > 1]
        return len(several), sum(len(words) == 1 for words in several)

    def coverage(self) -> tuple[Coverage, ...]:
        """What each strand contributes."""
        speaks = {s: [c for c in self.constructs if self.of(c, s)] for s in self.strands}
        return tuple(
            Coverage(
                strand,
                sum(f.strand == strand for f in self.findings),
                len(mine),
                tuple(c for c in mine if not any(c in speaks[other] for other in self.strands if other != strand)),
            )
            for strand, mine in speaks.items()
        )

    def tidy(self) -> pd.DataFrame:
        """Model `findings`: outcome = construct, group = strand, count; `convergence`: group = pair, term = aspect,
        label = the word that counts; `assessment`: level = code, count of n_obs; `completeness`: estimate = share.
        """
        rows = list(self._rows())
        names = ("model", "outcome", "group", "term", "level", "estimate", "n_obs", "count", "label")
        columns = {
            name: [row.get(name, None if name in (*names[:5], "label") else _NAN) for row in rows] for name in names
        }
        return tidy_frame(n_rows=len(rows), **columns)

    def _rows(self) -> Iterator[dict[str, Any]]:
        for construct in self.constructs:
            for strand in self.strands:
                n = float(len(self.of(construct, strand)))
                yield {"model": "findings", "outcome": construct, "group": strand, "term": "findings", "count": n}
        for c in self.comparisons:
            for aspect in ASPECTS:
                yield {"model": "convergence", "outcome": c.construct, "group": "–".join(c.pair), "term": aspect,
                       "label": c.words[aspect], "n_obs": float(len(c.judgements))}  # fmt: skip
        for pair in self.pairs:
            for aspect in ASPECTS:
                counts = self.counts(pair, aspect)
                for code, k in counts.items():
                    yield {"model": "assessment", "group": "–".join(pair), "term": aspect, "level": code,
                           "count": float(k), "n_obs": float(sum(counts.values()))}  # fmt: skip
        for one in self.coverage():
            share = one.n_constructs / len(self.constructs) if self.constructs else _NAN
            yield {"model": "completeness", "group": one.strand, "term": "constructs", "estimate": share,
                   "count": float(one.n_constructs), "n_obs": float(len(self.constructs))}  # fmt: skip
            yield {"model": "completeness", "group": one.strand, "term": "alone", "count": float(len(one.alone)),
                   "n_obs": float(len(self.constructs))}  # fmt: skip

    def glance(self) -> pd.DataFrame:
        """One row: comparisons that nobody judged (`n_missing`), all of them, and findings."""
        open_ = sum(c.open for c in self.comparisons)
        return pd.DataFrame(
            [{"count": float(len(self.comparisons)), "n_missing": float(open_), "n_obs": float(self.n_obs)}]
        )

    def table(self, template: str = "convergence") -> Table:
        """`convergence` construct by strand with judgements; `assessment` counts; `completeness` of each strand."""
        from evalkit.integrate.convergence.tables import TABLES

        return TABLES[template](self)
