"""A REFI-QDA file in, the sheets of a casebook and the texts of its sources out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.contract import InputError, Place, Problem
from evalkit.ingest.casebook.book import Table
from evalkit.ingest.casebook.schema import SHEETS
from evalkit.ingest.casebook.sheets import Reading, column_of
from evalkit.ingest.casebook.values import cleaned, half_width
from evalkit.ingest.refi.codes import read_codes
from evalkit.ingest.refi.codings import read_codings
from evalkit.ingest.refi.container import digest_of, opened
from evalkit.ingest.refi.outline import Node
from evalkit.ingest.refi.particulars import fitting, heard
from evalkit.ingest.refi.project import Project, unique
from evalkit.ingest.refi.sources import Source, read_sources
from evalkit.ingest.refi.variables import values_of


def read_project(path: Path, reading: Reading) -> tuple[dict[str, Table], dict[str, str]]:
    """Tables and texts of a .qdpx, .qde or .qdc.

    Raises
    ------
    InputError
        E101 to E103, E2150 to E2155, E2164, E2165. What is wrong with single codes, selections and texts goes to
        `reading` (E2156 to E2158, E2173, W2159, W2162, W2172, N2160, N2161, N2163, N2166).
    """
    with opened(path) as container:
        root = container.outline()
        if root.name not in ("Project", "CodeBook"):
            raise InputError(Problem("E2155", Place(container.file, container.part), {"root": root.name}))
        reading.files[path.name] = digest_of(path)
        project = Project(container, root, reading)
        tables = {name: _empty(name) for name in SHEETS}
        tables["codebook"], codes = read_codes(project)
        sources = read_sources(project)
        ids = unique([half_width(source.node.get("name")) for source in sources], "S")
        tables["cases"], case_of = _cases(project, sources)
        tables["codings"] = read_codings(project, sources, ids, codes)
        tables["sources"] = _sources(project, sources, ids, case_of)
        project.tell_losses()
    texts = {name: s.stored.text for name, s in zip(ids, sources, strict=True) if s.stored is not None}
    return tables, texts


def _empty(name: str) -> Table:
    return Table(pd.DataFrame({f.name: column_of([], f.kind) for f in SHEETS[name].fields}))


def _cases(project: Project, sources: Sequence[Source]) -> tuple[Table, Mapping[str, str]]:
    """The cases, and GUID of a source -> its case. A case without a name has a number (W2172: a source of two)."""
    nodes = [node for node in project.root.within("Cases") if node.name == "Case"]
    given = [heard(node.word("Description")) for node in nodes]
    names = [half_width(node.get("name")) for node in nodes]
    ids = unique([str(p.get("case_id", n)) for n, (_, p) in zip(names, given, strict=True)], "case")
    case_of: dict[str, str] = {}
    labels = {node.guid(): half_width(node.get("name")) for node in project.root.within("Sources")}
    for node, case in zip(nodes, ids, strict=True):
        project.lost["case_codes"] += sum(1 for _ in node.each("CodeRef"))
        project.lost["case_selections"] += sum(1 for _ in node.each("SelectionRef"))
        for ref in node.each("SourceRef"):
            guid = ref.guid("targetGUID")
            if case_of.setdefault(guid, case) != case:
                params = {"source": labels.get(guid) or guid, "case": case_of[guid], "other": case}
                project.reading.problems.append(Problem("W2172", project.at(ref), params))
    found = values_of(project, [[node] for node in nodes], "cases")
    columns: dict[str, Any] = {f.name: column_of([None] * len(nodes), f.kind) for f in SHEETS["cases"].fields}
    columns |= found | {"case_id": column_of(ids, "id")}
    if "label" not in found:
        columns["label"] = column_of([cleaned(node.get("name")) or None for node in nodes], "text")
    columns |= _memos([text for text, _ in given], columns)
    return project.table(columns, [node.line for node in nodes], given=bool(nodes)), case_of


def _sources(project: Project, sources: Sequence[Source], ids: Sequence[str], case_of: Mapping[str, str]) -> Table:
    told = ["\n\n".join(t for node in source.owners if (t := _told(project, node))) for source in sources]
    columns: dict[str, Any] = {f.name: column_of([None] * len(sources), f.kind) for f in SHEETS["sources"].fields}
    columns |= values_of(project, [source.owners for source in sources], "sources")
    columns["source_id"] = column_of(list(ids), "id")
    cases = [next((case_of[n.guid()] for n in s.owners if n.guid() in case_of), None) for s in sources]
    if case_of:
        columns["case_id"] = column_of(cases, "id")
    texts = [None if source.stored is None else source.stored.text for source in sources]
    hashes = [None if text is None else hashlib.sha256(text.encode()).hexdigest() for text in texts]
    lengths = [None if text is None else float(len(text)) for text in texts]
    kept = [  # of a text that was not at hand
        fitting(heard(source.words.word("Description"))[1], SHEETS["sources"].fields) for source in sources
    ]
    columns["sha256"] = column_of([h or k.get("sha256") for h, k in zip(hashes, kept, strict=True)], "text")
    stated = [k.get("n_chars") if n is None else n for n, k in zip(lengths, kept, strict=True)]
    columns["n_chars"] = column_of(stated, "whole")
    columns |= _memos(told, columns)
    return project.table(columns, [source.words.line for source in sources], given=bool(sources))


def _told(project: Project, node: Node) -> str:
    """Description and notes of a source as one text."""
    return "\n\n".join(part for part in (heard(node.word("Description"))[0], *project.notes(node)) if part)


def _memos(texts: Sequence[str], columns: Mapping[str, Any]) -> dict[str, pd.Series]:
    """A column `memo` of the descriptions, where there are any."""
    if not any(texts) or "memo" in columns:
        return {}
    return {"memo": column_of([text or None for text in texts], "text")}
