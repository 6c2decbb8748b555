"""The tables of open answers: who answered, words, themes, keywords in context."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from evalkit.contract import Cell, Head, Label, Note, Row, Table

if TYPE_CHECKING:
    from evalkit.qualitative.answering.result import Mention, OpenAnswersResult, OpenQuestion

_COUNTED, _SHOWN = 4, 8
"""Up to so many groups have counts and shares; up to so many, shares."""
_FORMS = 12
_NO_REASON = "open_answers.reason_nobody"


def _answers(result: OpenAnswersResult) -> Table:
    """Rows without a text by kind, those who said nothing, those who answered."""
    heads = (Head("open_answers.what_was_written"), Head("count"), Head("percent"))
    rows: list[Row] = []
    for q in result.questions:
        rows += _section(result, q)
        parts = [(Label(f"kind.{kind}") if kind != "no_text" else Label("open_answers.no_text"), n)
                 for kind, n in q.missing]  # fmt: skip
        parts += [(Label("open_answers.nothing_said"), q.n_silent), (Label("open_answers.answered"), q.n_answered)]
        rows += [_counted(label, n, q.n_rows) for label, n in parts]
        rows.append(_counted(Label("total"), q.n_rows, q.n_rows, role="stat"))
    notes = []
    for q in result.questions:
        if q.silent:
            forms = [_form(form, n) for form, n in q.silent[:_FORMS]]
            more = len(q.silent) - len(forms)
            told = Label("open_answers.note_silent", forms=_listed(forms))
            if more:
                told = Label("open_answers.note_silent_more", forms=_listed(forms), n=more)
            named = len(result.questions) > 1
            notes.append(
                Note("general", Label("open_answers.of_question", question=q.label, text=told) if named else told)
            )
    title = Label("open_answers.title_answers")
    return Table("open_answers.answers", "answers", title, (heads,), tuple(rows), tuple(notes))


def _form(form: str, n: int) -> Label:
    if form:
        return Label("open_answers.form", form=form, n=n)
    return Label("open_answers.form_signs", n=n)


def _listed(parts: Sequence[Label]) -> Label:
    return Label(zh="、".join(p.text("zh") for p in parts), en=", ".join(p.text("en") for p in parts))


def _counted(label: Label, n: int, total: int, role: str = "body") -> Row:
    share = 100 * n / total if total else float("nan")
    return Row((Cell(label, "label"), Cell(n, "count"), Cell(share, "percent", reason=_NO_REASON)), role)


def _section(result: OpenAnswersResult, q: OpenQuestion) -> list[Row]:
    return [Row((Cell(q.label, "label"),), role="section")] if len(result.questions) > 1 else []


def _words(result: OpenAnswersResult) -> Table:
    return _mentions(result, "words", lambda q: q.words)


def _themes(result: OpenAnswersResult) -> Table:
    return _mentions(result, "themes", lambda q: q.themes)


def _mentions(result: OpenAnswersResult, template: str, chosen: Callable[[OpenQuestion], Sequence[Mention]]) -> Table:
    """Respondents who mention each, all and by group, with the test between groups."""
    groups = {g.id: g.label for q in result.questions for g in q.groups}
    shown = list(groups) if 1 < len(groups) <= _SHOWN else []
    wide = len(shown) <= _COUNTED
    tested = len(groups) > 1
    level = f"{100 * result.conf_level:g}"
    first = [Head(f"open_answers.{template[:-1]}"), Head("open_answers.respondents"), Head("open_answers.share"),
             Head(Label("open_answers.interval", level=level))]  # fmt: skip
    tests = [Head("p_value"), Head("open_answers.p_holm")] if tested else []
    if shown and wide:
        top = [Head("", 1), Head("open_answers.all", 3), *(Head(groups[g], 2) for g in shown), Head("", 2)]
        under = [part for _ in shown for part in (Head("open_answers.respondents"), Head("open_answers.share"))]
        header = (tuple(top), (*first, *under, *tests))
    else:
        header = ((*first, *(Head(groups[g]) for g in shown), *tests),)
    rows: list[Row] = []
    for q in result.questions:
        rows += _section(result, q)
        rows += [Row(tuple(_cells(q, m, template, shown, wide, tested))) for m in chosen(q)]
        rows.append(_base(q, template, shown, wide, tested))
    title = Label(f"open_answers.title_{template}")
    return Table(f"open_answers.{template}", template, title, header, tuple(rows), _notes(result, template, tested))


def _cells(q: OpenQuestion, m: Mention, template: str, shown: list[str], wide: bool, tested: bool) -> Iterator[Cell]:
    level = template[:-1]
    whole = f"{q.name}/{m.id}/{level}"
    yield Cell(m.label, "label")
    yield Cell(m.share.count, "count", id=f"{whole}#count")
    yield Cell(m.share.percent, "percent", id=f"{whole}#estimate", reason=_NO_REASON)
    yield Cell((m.share.low, m.share.high), "percent", reason=_NO_REASON)
    for group in shown:
        part = m.by_group.get(group)
        key = f"{q.name}/{group}/{m.id}/{level}"
        if wide:
            yield Cell(part.count if part else None, "count", id=f"{key}#count")
        yield Cell(part.percent if part else None, "percent", id=f"{key}#estimate", reason=_NO_REASON)
    if tested:
        yield Cell(m.difference.p_value, "p_value", id=f"{whole}#p_value", reason="open_answers.reason_no_test")
        yield Cell(
            m.difference.p_adjusted, "p_adjusted", id=f"{whole}#p_adjusted", reason="open_answers.reason_no_test"
        )


def _base(q: OpenQuestion, template: str, shown: list[str], wide: bool, tested: bool) -> Row:
    """Respondents behind the per cents."""
    n = q.n_answered if template == "words" else q.base_themes
    sizes = {g.id: g.n for g in q.groups}
    if template == "themes":
        sizes = {g: share.n for m in q.themes[:1] for g, share in m.by_group.items()}
    blank = Cell(None, "text")
    cells = [Cell(Label("open_answers.base"), "label"), Cell(n, "count"), blank, blank]
    for group in shown:
        cells += [Cell(sizes.get(group, 0), "count"), *([blank] if wide else [])]
    return Row((*cells, *([blank] * 2 if tested else [])), role="stat")


def _notes(result: OpenAnswersResult, template: str, tested: bool) -> tuple[Note, ...]:
    told = [Label("open_answers.note_words" if template == "words" else "open_answers.note_themes")]
    told += [Label("open_answers.note_weighted")] if result.weighted else []
    used = {m.difference.method for q in result.questions for m in (*q.words, *q.themes)} - {""}
    if tested and used:
        told.append(
            Label("open_answers.note_tests", tests=_listed([Label(f"open_answers.test.{m}") for m in sorted(used)]))
        )
    return tuple(Note("general", label) for label in told)


def _concordance(result: OpenAnswersResult) -> Table:
    """A line an answer: what stands left of the keyword, the keyword, what stands right of it."""
    grouped = result.by is not None
    heads = (Head("open_answers.left"), Head("open_answers.keyword"), Head("open_answers.right"))
    heads += (Head(result.by),) if result.by is not None else ()
    rows: list[Row] = []
    for q in result.questions:
        rows += _section(result, q)
        groups = {g.id: g.label for g in q.groups}
        for line in q.lines:
            group = (Cell(groups.get(line.group) if line.group else None, "text"),) if grouped else ()
            parts = (Cell(line.left, "text"), Cell(line.match, "text", bold=True), Cell(line.right, "text"))
            rows.append(Row((*parts, *group)))
    notes = (Note("general", "open_answers.note_lines"),)
    title = Label("open_answers.title_concordance")
    return Table("open_answers.concordance", "concordance", title, (heads,), tuple(rows), notes)


TABLES: Mapping[str, Callable[[OpenAnswersResult], Table]] = {
    "answers": _answers,
    "words": _words,
    "themes": _themes,
    "concordance": _concordance,
}
