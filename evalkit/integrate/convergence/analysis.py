"""Findings and judgements in, a TriangulationResult out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import pandas as pd

from evalkit.contract import AnalysisError, Drop, Problem, label_of, require_columns
from evalkit.integrate.convergence.judged import ASPECTS, DIFFER, OPEN, Judgement, counted, judgements_of, said
from evalkit.integrate.convergence.result import Comparison, Finding, TriangulationResult
from evalkit.integrate.displays.judgements import strand_label


def triangulate(
    data: pd.DataFrame,
    *,
    fit: pd.DataFrame | None = None,
    strands: Sequence[str] | None = None,
) -> TriangulationResult:
    """Set the findings of several strands side by side, with how people judged their convergence.

    Parameters
    ----------
    data : DataFrame
        Findings: columns construct, strand, claim; perhaps finding_id, case_id, prominence.
    fit : DataFrame, optional
        Judgements: construct, pair (names two strands; not needed where there are two only), `meaning` (meaning and
        prominence) and `examples` (coverage and specific examples), each agreement, partial_agreement, silence or
        dissonance; `judgement`, the fit as a whole (confirmation, expansion, silence, discordance); rationale, by.
        Where several people judged, a row whose `by` says consensus decides.
    strands : sequence of str, optional
        Strands in the order of the columns; default as they occur.

    Returns
    -------
    TriangulationResult
        Matrix of constructs and strands, judgements counted by pair, completeness of each strand. What nobody judged
        is listed as such: no judgement is computed, not even silence.

    Raises
    ------
    AnalysisError
        E600 for a column; E6700 for a word that is no convergence code; E6701 for fewer than two strands, or strands
        that the findings do not have.

    Notes
    -----
    Farmer, Robinson, Elliott & Eyles (2006), Qualitative Health Research 16, 377-394: sorting, convergence coding on
    meaning and prominence and on coverage and examples, convergence assessment, completeness, comparison of
    researchers, feedback. Agreement is agreement on both, partial agreement on one, dissonance on neither; silence: a
    strand says nothing of it.
    """
    require_columns(data, ["construct", "strand", "claim"])
    kept = data.dropna(subset=["construct", "strand", "claim"])
    present = [said(s) for s in dict.fromkeys(kept["strand"])]
    order = present if strands is None else list(map(str, strands))
    lacking = sorted(set(order) - set(present))
    if len(order) < 2 or lacking:
        raise AnalysisError(Problem("E6701", params={"names": lacking or order, "known": present}))
    kept = kept[kept["strand"].map(said).isin(order)]
    findings = _findings(kept)
    constructs = tuple(dict.fromkeys(f.construct for f in findings))
    judged = judgements_of(fit, order)
    spoken = {(f.construct, f.strand) for f in findings}
    comparisons = tuple(_comparisons(constructs, order, judged, spoken))
    lost = len(data) - len(kept)
    return TriangulationResult(
        constructs=constructs,
        strands=tuple(order),
        findings=findings,
        comparisons=comparisons,
        labels={name: strand_label(name) for name in order} | {name: label_of(data, name) for name in constructs},
        n_obs=len(findings),
        dropped=(Drop("drop.incomplete", lost),) if lost else (),
        notices=tuple(_notices(constructs, spoken, comparisons, judged)),
    )


def _findings(kept: pd.DataFrame) -> tuple[Finding, ...]:
    return tuple(
        Finding(*(said(row.get(key)) for key in ("construct", "strand", "claim", "case_id", "prominence")))
        for row in kept.to_dict("records")
    )


def _comparisons(
    constructs: Sequence[str], strands: Sequence[str], judged: Sequence[Judgement], spoken: set[tuple[str, str]]
) -> Iterator[Comparison]:
    """Every construct with every pair of strands of which one speaks of it, and what was said of the two."""
    for construct in constructs:
        mine = [one for one in judged if one.construct == construct]
        for pair in combinations(strands, 2):
            about = tuple(one for one in mine if one.pair == pair)
            if about or any((construct, s) in spoken for s in pair):
                yield Comparison(construct, pair, about, {aspect: counted(about, aspect) for aspect in ASPECTS})


def _notices(
    constructs: Sequence[str],
    spoken: set[tuple[str, str]],
    comparisons: Sequence[Comparison],
    judged: Sequence[Judgement],
) -> Iterator[Problem]:
    speaking = {(c.construct, c.pair): [s for s in c.pair if (c.construct, s) in spoken] for c in comparisons}
    open_ = [c.name for c in comparisons if c.open]
    if open_:
        yield Problem("W6696", params={"n": len(open_), "names": open_})
    odd = [c.name for c in comparisons if not _fits(c.words, len(speaking[c.construct, c.pair]))]
    if odd:
        yield Problem("W6697", params={"names": odd})
    against = [c.name for c in comparisons if _contradicts(c.words)]
    if against:
        yield Problem("W6698", params={"names": against})
    disputed = [c.name for c in comparisons if DIFFER in c.words.values()]
    if disputed:
        yield Problem("W6699", params={"names": disputed})
    unread = [
        f"{one.construct}: {one.said_of or '–'}" for one in judged if one.construct in constructs and not one.pair
    ]
    if unread:
        yield Problem("W6702", params={"names": unread})
    elsewhere = list(dict.fromkeys(one.construct for one in judged if one.construct not in constructs))
    if elsewhere:
        yield Problem("N6703", params={"names": elsewhere})


def _fits(words: Mapping[str, str], n_speaking: int) -> bool:
    """Silence belongs where one of two strands says nothing, any other word where both speak."""
    given = [word for word in words.values() if word not in (OPEN, DIFFER)]
    return all((word == "silence") == (n_speaking < 2) for word in given)


def _contradicts(words: Mapping[str, str]) -> bool:
    """Whether the fit as a whole is not what meaning and examples say by Farmer's definitions."""
    parts = [words[aspect] for aspect in ("meaning", "examples") if words[aspect] not in (OPEN, DIFFER)]
    whole = words["judgement"]
    if whole == "confirmation":
        return any(part != "agreement" for part in parts)
    return whole == "discordance" and "agreement" in parts
