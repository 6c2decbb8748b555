"""The convergence matrix, the assessment and the completeness of a triangulation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from evalkit.contract import Cell, Head, Label, Note, Row, Table
from evalkit.integrate.convergence.judged import ASPECTS, CODES, DIFFER, FIT, OPEN

if TYPE_CHECKING:
    from evalkit.integrate.convergence.result import Comparison, Finding, TriangulationResult


def _matrix(result: TriangulationResult) -> Table:
    """A row a construct and pair: what each strand found, the words that count, why, and who judged."""
    paired = len(result.strands) > 2
    aspects = [a for a in ASPECTS if any(c.words[a] != OPEN for c in result.comparisons)] or ["judgement"]
    heads = (
        Head("convergence.construct"),
        *(Head(plain(s)) for s in result.strands),
        *([Head("convergence.pair")] if paired else []),
        *(Head(f"convergence.{a}") for a in aspects),
        Head("convergence.rationale"),
        Head("convergence.by"),
    )
    rows = [row for construct in result.constructs for row in _of_construct(result, construct, aspects, paired)]
    notes = [Note("general", "convergence.note_farmer"), Note("general", "convergence.note_people")]
    if any(c.words[a] == DIFFER for c in result.comparisons for a in aspects):
        notes.append(Note("general", "convergence.note_differ"))
    return Table("convergence", "convergence", Label("convergence.title"), (heads,), tuple(rows), tuple(notes))


def _of_construct(result: TriangulationResult, construct: str, aspects: list[str], paired: bool) -> Iterator[Row]:
    stub = [Cell(plain(construct), "label"), *(_claims(result.of(construct, s)) for s in result.strands)]
    for one in (c for c in result.comparisons if c.construct == construct):
        between = [Cell(plain(" – ".join(one.pair)), "text")] if paired else []
        words = [Cell(word(one.words[a]), "text", bold=one.words[a] in ("dissonance", "discordance")) for a in aspects]
        yield Row((*stub, *between, *words, _why(one), _who(one)))
        stub = [Cell("", "label"), *(Cell("", "text") for _ in result.strands)]


def _claims(findings: tuple[Finding, ...]) -> Cell:
    """The claims of a strand; where it made none, a dash."""
    parts = [_claim(f) for f in findings]
    if not parts:
        return Cell(None, "text")
    return Cell(Label(zh="；".join(p.text("zh") for p in parts), en="; ".join(p.text("en") for p in parts)), "text")


def _claim(f: Finding) -> Label:
    if f.case and f.prominence:
        return Label("convergence.claim_both", claim=f.claim, case=f.case, prominence=f.prominence)
    if f.case:
        return Label("convergence.claim_case", claim=f.claim, case=f.case)
    return (
        Label("convergence.claim_prominence", claim=f.claim, prominence=f.prominence)
        if f.prominence
        else plain(f.claim)
    )


def _why(one: Comparison) -> Cell:
    texts = list(dict.fromkeys(j.rationale for j in one.judgements if j.rationale))
    return Cell(Label(zh="；".join(texts), en="; ".join(texts)) if texts else None, "text")


def _who(one: Comparison) -> Cell:
    names = list(dict.fromkeys(j.by for j in one.judgements if j.by))
    return Cell(Label(zh="、".join(names), en=", ".join(names)) if names else None, "text")


def word(code: str) -> Label:
    """A convergence code, a word for the fit, `differ` or `open`."""
    return Label(f"convergence.word.{code}")


def plain(text: str) -> Label:
    return Label(zh=text, en=text)


def _assessment(result: TriangulationResult) -> Table:
    """A row a pair and aspect: how many constructs carry each code, where judges differ, what is open."""
    codes = (*CODES, DIFFER, OPEN)
    heads = (Head("convergence.pair"), Head("convergence.aspect"), *(Head(f"convergence.count.{c}") for c in codes))
    rows = []
    for pair in result.pairs:
        for aspect in ASPECTS:
            counts = result.counts(pair, aspect)
            if counts[OPEN] == sum(counts.values()) and aspect != "judgement":
                continue
            numbers = (Cell(counts[code], "count") for code in codes)
            rows.append(
                Row((Cell(plain(" – ".join(pair)), "label"), Cell(Label(f"convergence.{aspect}"), "text"), *numbers))
            )
    notes = [Note("general", Label("convergence.note_constructs", n=len(result.constructs)))]
    used = {c.words["judgement"] for c in result.comparisons}
    if used & (set(FIT) - set(CODES)):
        notes.append(Note("general", "convergence.note_fit"))
    for aspect in ASPECTS:
        n, alike = result.judges(aspect)
        if n:
            notes.append(
                Note("general", Label("convergence.note_judges", aspect=Label(f"convergence.{aspect}"), n=n, k=alike))
            )
    return Table(
        "convergence.assessment",
        "assessment",
        Label("convergence.title_assessment"),
        (heads,),
        tuple(rows),
        tuple(notes),
    )


def _completeness(result: TriangulationResult) -> Table:
    """A row a strand: findings, constructs it speaks of, and those only it speaks of."""
    heads = tuple(Head(f"convergence.{h}") for h in ("strand", "findings", "constructs", "share", "alone", "which"))
    total = len(result.constructs)
    rows = tuple(
        Row(
            (
                Cell(plain(one.strand), "label"),
                Cell(one.n_findings, "count"),
                Cell(one.n_constructs, "count"),
                Cell(100 * one.n_constructs / total, "percent"),
                Cell(len(one.alone), "count"),
                Cell(Label(zh="、".join(one.alone), en=", ".join(one.alone)) if one.alone else None, "text"),
            )
        )
        for one in result.coverage()
    )
    notes = (Note("general", Label("convergence.note_constructs", n=total)),)
    title = Label("convergence.title_completeness")
    return Table("convergence.completeness", "completeness", title, (heads,), rows, notes)


TABLES: Mapping[str, Callable[[TriangulationResult], Table]] = {
    "convergence": _matrix,
    "assessment": _assessment,
    "completeness": _completeness,
}
