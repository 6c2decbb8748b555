"""Configurations with their cases: each path with its fit, its typical and deviant cases, and what was said there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.contract import AnalysisError, Cell, Head, Label, Note, Problem, Row, Table
from evalkit.integrate.displays.judgements import entries_of, lines_of, word_cell
from evalkit.integrate.displays.places import Path, Roles
from evalkit.integrate.displays.request import Request
from evalkit.integrate.displays.result import Sheet


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
            rows.append(Row(tuple(_cells(request, path)), indent=1))
            entries += _entries(request, roles, path)
            quoted += [(cases, codes_for(request, path)) for cases in (path.typical, path.deviant)]
        if not roles.paths:
            rows.append(Row((Cell(Label("displays.no_path"), "label"), *_blank(request)), indent=1))
        if roles.uncovered:
            rows.append(Row(tuple(_uncovered(request, roles)), indent=1))
            quoted.append((roles.uncovered, request.code_names()))
    heads = ["path", "consistency", "coverage", "unique", "typical", "deviant"]
    if _has_quotes(request):
        heads += ["quotes_typical", "quotes_deviant"]
    header = (tuple(Head(f"displays.{h}") for h in (*heads, "fit_head")),)
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


def _has_quotes(request: Request) -> bool:
    return request.coded is not None and request.choice.most > 0


def _cells(request: Request, path: Path) -> Iterator[Cell]:
    yield Cell(f"{path.name}  {' * '.join(path.text.split('*'))}", "label")
    yield Cell(path.consistency, "consistency")
    yield Cell(path.coverage, "coverage")
    yield Cell(path.unique, "unique_coverage")
    codes = codes_for(request, path)
    for cases in (path.typical, path.deviant):
        yield Cell(_listed(request, cases), "text")
    if _has_quotes(request):
        for cases in (path.typical, path.deviant):
            yield _quotes(request, cases, codes)
    yield word_cell(request.fit.about(path.text), reasons=True)


def _uncovered(request: Request, roles: Roles) -> Iterator[Cell]:
    """Cases with the outcome outside every path; their quotes stand in the column of deviant cases."""
    yield Cell(Label("displays.uncovered"), "label")
    yield from (Cell("", "text") for _ in range(4))
    yield Cell(_listed(request, roles.uncovered), "text")
    if _has_quotes(request):
        yield Cell("", "text")
        yield _quotes(request, roles.uncovered, request.code_names())
    yield Cell("", "text")


def _blank(request: Request) -> Iterator[Cell]:
    return (Cell("", "text") for _ in range(8 if _has_quotes(request) else 6))


def _listed(request: Request, cases: Sequence[str]) -> Label | None:
    return lines_of([request.labels.get(c, Label(zh=c, en=c)) for c in cases]) if cases else None


def _quotes(request: Request, cases: Sequence[str], codes: Sequence[str]) -> Cell:
    return request.quote_cell(cases, codes) if cases else Cell(None, "text")


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
