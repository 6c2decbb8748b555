"""What every reader gives back, and which of a workbook's sheets are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.contract.problems import InputError, Place, Problem
from evalkit.sheets.cells import Sheet


@dataclass(frozen=True)
class Listed:
    """A sheet as the workbook lists it."""

    name: str
    visible: bool


@dataclass(frozen=True, eq=False)
class Contents:
    """The sheets read, the names of hidden ones, and what concerns the file as a whole."""

    format: str
    sheets: tuple[Sheet, ...]
    hidden: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def choose(file: str, listed: Sequence[Listed], asked: str | Sequence[str] | None) -> list[str]:
    """Names of the sheets to read: those asked for, hidden or not; else all visible ones.

    Raises
    ------
    InputError
        E111 for a name the workbook does not have.
    """
    if asked is None:
        return [entry.name for entry in listed if entry.visible]
    names = [asked] if isinstance(asked, str) else list(asked)
    there = [entry.name for entry in listed]
    unknown = [name for name in names if name not in there]
    if unknown:
        raise InputError([Problem("E111", Place(file), {"sheet": name, "sheets": there}) for name in unknown])
    return names


def skipped(file: str, listed: Sequence[Listed], read: Sequence[str]) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Names of hidden sheets, and N122 for those that are not read."""
    hidden = tuple(entry.name for entry in listed if not entry.visible)
    left = [name for name in hidden if name not in read]
    return hidden, (Problem("N122", Place(file), {"n": len(left), "sheets": left}),) if left else ()
