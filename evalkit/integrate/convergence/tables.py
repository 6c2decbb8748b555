"""The convergence matrix, the assessment and the completeness of a triangulation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from evalkit.contract import Cell, Head, Label, Note, Row, Table
from evalkit.integrate.convergence.judged import ASPECTS, CODES, DIFFER, FIT, OPEN
from evalkit.integrate.displays.judgements import lines_of

if TYPE_CHECKING:
    from evalkit.integrate.convergence.result import Comparison, Finding, TriangulationResult


def _matrix(result: TriangulationResult) -> Table:
    """A row a construct and pair: what each strand found and the words that count, below it why; what is open once."""
    paired = len(result.strands) > 2
    aspects = [a for a in ASPECTS if any(c.words[a] != OPEN for c in result.comparisons)] or ["judgement"]
    heads = (
        Head("convergence.construct"),
        *(Head(result.labels[s]) for s in result.strands),
        *([Head("convergence.pair")] if paired else []),
        *(Head(f"convergence.{a}") for a in aspects),
    )
    rows = [row for construct in result.constructs for row in _of_construct(result, construct, aspects, paired)]
    notes = [Note("general", "convergence.note_farmer"), Note("general", "convergence.note_people")]
    if any(c.words[a] == DIFFER for c in result.comparisons for a in aspects):
        notes.append(Note("general", "convergence.note_differ"))
    return Table("convergence", "convergence", Label("convergence.title"), (heads,), tuple(rows), tuple(notes))


def _of_construct(result: TriangulationResult, construct: str, aspects: list[str], paired: bool) -> Iterator[Row]:
    mine = [c for c in result.comparisons if c.construct == construct]
    stub = [Cell(result.labels[construct], "label"), *(_claims(result.of(construct, s)) for s in result.strands)]
    judged = [one for one in mine if not one.open]
    for one in judged or mine[:1]:
        between = [Cell(_pair(result, one.pair) if judged else None, "text")] if paired else []
        yield Row((*stub, *between, *(_word(one.words[a]) for a in aspects)))
        why = _why(one)
        if why:
            yield _below(why)
        stub = [Cell("", "label"), *(Cell("", "text") for _ in result.strands)]
    still = [_pair(result, one.pair) for one in mine if one.open]
    if still and paired:
        yield _below(Label("convergence.still", pairs=lines_of(still, "、", ", ")))


def _below(text: Label) -> Row:
    """Words on lines of their own below a row."""
    return Row((Cell(text, "text"),), role="text", indent=1)


def _word(code: str) -> Cell:
    return Cell(Label(f"convergence.word.{code}"), "text", bold=code in ("dissonance", "discordance"))


def _pair(result: TriangulationResult, pair: tuple[str, ...]) -> Label:
    one, other = (result.labels[s] for s in pair)
    return Label(zh=f"{one.text('zh')}—{other.text('zh')}", en=f"{one.text('en')} – {other.text('en')}")


def _claims(findings: tuple[Finding, ...]) -> Cell:
    """The claims of a strand; where it made none, a dash."""
    parts = [_claim(f) for f in findings]
    if not parts:
        return Cell(None, "text")
    return Cell(lines_of(parts), "text")


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


def _why(one: Comparison) -> Label | None:
    """The rationales, each with who gave it."""
    told = [
        Label("convergence.reason", rationale=j.rationale or "–", by=j.by) if j.by else plain(j.rationale)
        for j in one.judgements
        if j.rationale or j.by
    ]
    return Label("convergence.because", reasons=lines_of(told, "；", "; ")) if told else None


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
                Row((Cell(_pair(result, pair), "label"), Cell(Label(f"convergence.{aspect}"), "text"), *numbers))
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
                Cell(result.labels[one.strand], "label"),
                Cell(one.n_findings, "count"),
                Cell(one.n_constructs, "count"),
                Cell(100 * one.n_constructs / total, "percent"),
                Cell(len(one.alone), "count"),
                Cell(lines_of([result.labels[c] for c in one.alone], "、", ", ") if one.alone else None, "text"),
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
