"""Configurations with their cases: each path with its fit, its typical and deviant cases, and what was said there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.contract import AnalysisError, Cell, Head, Label, Note, Problem, Row, Table
from evalkit.integrate.displays.judgements import entries_of, lines_of, reasons_label, text_row, word_cell
from evalkit.integrate.displays.places import Path, Roles
from evalkit.integrate.displays.request import Request
from evalkit.integrate.displays.result import Sheet

_HEADS = ("path", "consistency", "coverage", "unique", "typical", "deviant", "fit_head")
_WIDTH = len(_HEADS)


def by_path(request: Request) -> Sheet:
    """The paths of each comparison, and the cases that no path explains.

    Raises
    ------
    AnalysisError
        E6637 without a comparison.
    """
    if not request.roles:
        raise AnalysisError(Problem("E6637", params={"kind": "configurations"}))
    rows: list[Row] = []
    entries: list[dict[str, Any]] = []
    quoted: list[tuple[Sequence[str], Sequence[str]]] = []
    for roles in request.roles:
        kind = Label(f"qca.kind.{roles.kind}")
        rows.append(Row((Cell(Label("displays.solution", outcome=roles.outcome, kind=kind), "label"),), role="section"))
        for path in roles.paths:
            rows += _rows(request, path)
            entries += _entries(request, roles, path)
            quoted += [(cases, codes_for(request, path)) for cases in (path.typical, path.deviant)]
        if not roles.paths:
            rows.append(
                Row(
                    (Cell(Label("displays.no_path"), "label"), *(Cell("", "text") for _ in range(_WIDTH - 1))), indent=1
                )
            )
        if roles.uncovered:
            rows += _uncovered(request, roles)
            quoted.append((roles.uncovered, request.code_names()))
    header = (tuple(Head(f"displays.{h}") for h in _HEADS),)
    notes = (
        Note("general", "displays.note_typical"),
        *_illustrated(request),
        *request.notes(quoted),
        request.fit_note(),
    )
    table = Table("displays.paths", "configurations", Label("displays.title_paths"), header, tuple(rows), notes)
    return Sheet(table, tuple(entries), sum(len(roles.paths) for roles in request.roles), tuple(quoted))


def codes_for(request: Request, path: Path) -> tuple[str, ...]:
    """Codes that illustrate a path: those of its conditions where the plan says which, else all of the display."""
    if not isinstance(request.codes, Mapping):
        return request.code_names()
    literals = {part.strip().lstrip("~").split("{")[0].strip() for part in path.text.split("*")}
    return tuple(code for condition in request.codes if condition in literals for code in request.code_names(condition))


def _rows(request: Request, path: Path) -> Iterator[Row]:
    """A path with its cases; below it their quotes and the reasons of the judgement."""
    found = request.fit.about(path.text)
    numbers = (
        Cell(path.consistency, "consistency"),
        Cell(path.coverage, "coverage"),
        Cell(path.unique, "unique_coverage"),
    )
    named = Cell(f"{path.name}  {' * '.join(path.text.split('*'))}", "label")
    cases = (_listed(path.typical), _listed(path.deviant))
    yield Row((named, *numbers, *cases, word_cell(found)), indent=1)
    codes = codes_for(request, path)
    typical, deviant = (request.quoted(each, codes) for each in (path.typical, path.deviant))
    yield from text_row(quotes_typical=typical, quotes_deviant=deviant, rationale=reasons_label(found))


def _uncovered(request: Request, roles: Roles) -> Iterator[Row]:
    """Cases with the outcome outside every path stand in the column of deviant cases."""
    blank = (Cell("", "text"),)
    named = Cell(Label("displays.uncovered"), "label")
    yield Row((named, *blank * 4, _listed(roles.uncovered), *blank), indent=1)
    yield from text_row(quotes=request.quoted(roles.uncovered, request.code_names()))


def _listed(cases: Sequence[str]) -> Cell:
    names = [Label(zh=c, en=c) for c in cases]
    return Cell(lines_of(names, "、", ", ") if names else None, "text")


def _illustrated(request: Request) -> Iterator[Note]:
    if isinstance(request.codes, Mapping) and request.coded is not None:
        parts = [(c, "、".join(request.coded.name(k).text("zh") for k in request.code_names(c)),
                  ", ".join(request.coded.name(k).text("en") for k in request.code_names(c)))
                 for c in request.codes]  # fmt: skip
        said = Label(zh="；".join(f"{c}：{zh}" for c, zh, _ in parts), en="; ".join(f"{c}: {en}" for c, _, en in parts))
        yield Note("general", Label("displays.note_illustrated", parts=said))


def _entries(request: Request, roles: Roles, path: Path) -> Iterator[dict[str, Any]]:
    where = {"model": "qca", "outcome": roles.outcome_text, "group": path.name}
    for term in ("consistency", "coverage", "unique"):
        yield where | {"term": term, "level": path.text, "estimate": float(getattr(path, term))}
    for term in ("typical", "deviant"):
        yield where | {"term": term, "level": path.text, "count": float(len(getattr(path, term)))}
    for entry in entries_of(path.text, request.fit.about(path.text)):
        yield entry | {"outcome": roles.outcome_text, "level": f"{path.name}.{path.text}"}
