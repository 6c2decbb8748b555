"""What came from each community and in each file, as values and as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.contract import Cell, Head, Label, Note, Problem, Row, Table
from evalkit.ingest.desk.roster import Member


@dataclass(frozen=True)
class Receipt:
    """One community.

    Attributes
    ----------
    state : str
        `received`, `unreadable` (files came, none could be read as answers) or `missing`.
    files : tuple of str
        Every file that is hers, read or not.
    n : int
        Her respondents: rows of one id in several of her files count once.
    against : str
        `below`, `met` or `over` the quota; empty without one.
    cells : int
        Cells in trouble in her files.
    resubmitted : bool
        Several files with different content were read.
    """

    member: Member
    state: str
    files: tuple[str, ...]
    n: int
    against: str
    cells: int
    resubmitted: bool

    def as_record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "id": self.member.id,
            "name": self.member.name,
            "state": self.state,
            "files": list(self.files),
            "n": self.n,
            "quota": self.member.quota,
            "against": self.against or None,
            "cells": self.cells,
            "resubmitted": self.resubmitted,
        }


@dataclass(frozen=True)
class FileReceipt:
    """One file: `state` is one of `sorting.STATES`, `marks` those of a version.

    `community` is an id of the roster, several where a workbook has a sheet each, or empty.
    """

    name: str
    state: str
    community: str
    n: int
    cells: int
    marks: str
    same_as: str
    problems: tuple[Problem, ...]

    def as_record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "file": self.name,
            "state": self.state,
            "community": self.community or None,
            "n": self.n,
            "cells": self.cells,
            "version_marks": self.marks or None,
            "same_as": self.same_as or None,
            "codes": sorted({problem.code for problem in self.problems}),
        }


HEADS = ("id", "name", "state", "files", "n", "quota", "against", "cells", "resubmitted")


def receipts_table(receipts: Sequence[Receipt], files: Sequence[FileReceipt]) -> Table:
    """One row a community, the total below, and in the notes how many files there were of each kind."""
    rows = [Row(_cells(receipt)) for receipt in receipts]
    quotas = [r.member.quota for r in receipts if r.member.quota is not None]
    total = (
        Cell("", "text"),
        Cell(Label("total"), "label"),
        Cell(Label("desk.came", n=sum(r.state == "received" for r in receipts), of=len(receipts)), "label"),
        Cell(sum(len(r.files) for r in receipts), "count"),
        Cell(sum(r.n for r in receipts), "count"),
        Cell(sum(quotas) if quotas else None, "count"),
        Cell("", "text"),
        Cell(sum(r.cells for r in receipts), "count"),
        Cell("", "text"),
    )
    kinds = Counter(one.state for one in files)
    notes = [Note("general", Label(f"desk.files.{state}", n=n)) for state, n in sorted(kinds.items())]
    head = tuple(Head(f"desk.{name}") for name in HEADS)
    return Table("receipts", "receipts", Label("desk.title"), (head,), (*rows, Row(total, role="stat")), tuple(notes))


def _cells(receipt: Receipt) -> tuple[Cell, ...]:
    member = receipt.member
    return (
        Cell(member.id, "text"),
        Cell(member.name, "text"),
        Cell(Label(f"desk.state.{receipt.state}"), "label"),
        Cell(len(receipt.files), "count"),
        Cell(receipt.n, "count"),
        Cell(member.quota, "count"),
        Cell(Label(f"desk.against.{receipt.against}") if receipt.against else "", "label"),
        Cell(receipt.cells, "count"),
        Cell(Label("desk.yes") if receipt.resubmitted else "", "label"),
    )
