"""A folder in, every file below it with what it can be out: nothing is opened here."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evalkit.contract import InputError, Place, Problem

SPREADSHEETS = frozenset(
    {".xlsx", ".xlsm", ".xltx", ".xltm", ".xls", ".xlsb", ".ods", ".csv", ".tsv", ".txt", ".sav", ".zsav", ".dta"}
    | {".et", ".numbers"}  # not read, but with a message that says what to do
)


@dataclass(frozen=True)
class Found:
    """One file: `name` is its path below the folder with `/`; `kind` spreadsheet, lock, hidden, other or
    closed (a folder that may not be looked into)."""

    path: Path
    name: str
    kind: str


def files_below(folder: Path, *, without: Iterable[Path] = ()) -> list[Found]:
    """Every file in a folder and its sub-folders, in the order of their names; links to folders are not followed.

    Parameters
    ----------
    without : iterable of Path
        Files and folders left out: the roster, the folder that is written to.

    Raises
    ------
    InputError
        E101 if there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(Problem("E101", Place(folder.name)))
    aside = {path.resolve() for path in without}
    return sorted(_walk(folder, aside), key=lambda one: one.name)


def _walk(folder: Path, aside: set[Path]) -> Iterator[Found]:
    closed: list[OSError] = []
    for here, folders, files in os.walk(folder, onerror=closed.append):
        place = Path(here)
        folders[:] = [name for name in folders if (place / name).resolve() not in aside]
        for name in files:
            path = place / name
            if path.resolve() not in aside:
                below = path.relative_to(folder)
                yield Found(path, below.as_posix(), _kind(below))
    for fault in closed:
        path = Path(fault.filename)
        yield Found(path, path.relative_to(folder).as_posix(), "closed")


def _kind(below: Path) -> str:
    if below.name.startswith(("~$", ".~lock.")):
        return "lock"
    if any(part.startswith(".") for part in below.parts):
        return "hidden"
    return "spreadsheet" if below.suffix.lower() in SPREADSHEETS else "other"
