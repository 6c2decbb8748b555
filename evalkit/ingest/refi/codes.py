"""The codes of a project or .qdc in, the codebook out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from evalkit.contract import InputError, Problem
from evalkit.ingest.casebook.book import Table
from evalkit.ingest.casebook.schema import SHEETS
from evalkit.ingest.casebook.sheets import column_of
from evalkit.ingest.casebook.values import cleaned, half_width
from evalkit.ingest.refi.outline import Node
from evalkit.ingest.refi.particulars import heard
from evalkit.ingest.refi.project import Project, unique

MAX_LEVELS = 100
_TOLD = ("code_id", "name", "parent_id", "definition")
KEPT = tuple(name for name in SHEETS["codebook"].names if name not in _TOLD)
"""Columns that a code of the format has no place for."""


def read_codes(project: Project) -> tuple[Table, Mapping[str, str]]:
    """The codebook, and GUID -> code_id.

    An id is what an export of ours says, else the name; where several codes have a name, the names from the top one
    down.

    Faults: E2158 for a GUID that two codes have. N2166 for folders, which are codes that hold others.
    """
    nodes = list(_walk(project))
    given = {id(node): heard(node.word("Description")) for node, _ in nodes}
    ids = _ids(nodes, {key: str(p["code_id"]) for key, (_, p) in given.items() if "code_id" in p})
    rows: list[dict[str, str]] = []
    of: dict[str, str] = {}
    for node, parent in nodes:
        guid = node.guid()
        if guid and guid in of:
            at = project.at(node)
            project.reading.problems.append(Problem("E2158", at, {"guid": guid, "name": node.get("name")}))
        of.setdefault(guid, ids[id(node)])
        text, particulars = given[id(node)]
        row = {name: str(particulars[name]) for name in KEPT if name in particulars}
        row |= {"code_id": ids[id(node)], "name": cleaned(node.get("name"))}
        row["definition"] = "\n\n".join(part for part in (text, *project.notes(node)) if part)
        if parent is not None:
            row["parent_id"] = ids[id(parent)]
        rows.append(row)
        project.lost["colours"] += bool(node.get("color"))
    folders = sum(node.get("isCodable").strip().lower() in ("false", "0") for node, _ in nodes)
    folders -= sum(row.get("status", "active") != "active" for row in rows)
    if folders > 0:
        project.reading.fault("N2166", None, n=folders)
    columns = {name: column_of([row.get(name) or None for row in rows], "text") for name in SHEETS["codebook"].names}
    return project.table(columns, [node.line for node, _ in nodes], given=bool(nodes)), of


def _walk(project: Project) -> Iterator[tuple[Node, Node | None]]:
    """Every code with the one above it, from the top down.

    Raises
    ------
    InputError
        E2174 for a tree that nobody drew: every name of a code holds those above.
    """
    root = project.root
    books = [root] if root.name == "CodeBook" else list(root.each("CodeBook"))
    tops = [code for book in books for code in book.within("Codes") if code.name == "Code"]
    waiting: list[tuple[Node, Node | None, int]] = [(node, None, 1) for node in reversed(tops)]
    while waiting:
        node, parent, level = waiting.pop()
        if level > MAX_LEVELS:
            raise InputError(Problem("E2174", project.at(node), {"limit": MAX_LEVELS}))
        yield node, parent
        waiting += [(child, node, level + 1) for child in reversed(list(node.each("Code")))]


def _ids(nodes: list[tuple[Node, Node | None]], given: Mapping[int, str]) -> dict[int, str]:
    names = {id(node): " ".join(half_width(node.get("name")).split()) for node, _ in nodes}
    shared = Counter(names.values())
    wanted: dict[int, str] = {}
    for node, parent in nodes:
        name = names[id(node)]
        if shared[name] > 1 and parent is not None and name:
            name = f"{wanted[id(parent)]}/{name}"
        wanted[id(node)] = given.get(id(node)) or name
    first = [key for key in wanted if key in given]
    order = first + [key for key in wanted if key not in given]
    return dict(zip(order, unique([wanted[key] for key in order], "C"), strict=True))
