"""An id or a path in, an instrument out."""

from __future__ import annotations

import os
from pathlib import Path

from evalkit.contract.problems import InstrumentError, Problem
from evalkit.instrument.definition import Instrument
from evalkit.instrument.fields import nearest
from evalkit.instrument.parse import parse_instrument
from evalkit.instrument.toml_faults import decode_toml

_PACKAGE = Path(__file__).resolve().parents[1]
# A wheel carries the questionnaires inside the package; a checkout has them beside it.
_FOLDERS = (_PACKAGE / "_shipped" / "instruments", _PACKAGE.parent / "instruments")


def shipped() -> list[str]:
    """The ids of the questionnaires that come with evalkit, sorted."""
    return sorted({file.stem for folder in _FOLDERS if folder.is_dir() for file in folder.glob("*.toml")})


def load_instrument(id_or_path: str | os.PathLike[str]) -> Instrument:
    """Read a shipped questionnaire by its id, or a file.

    Parameters
    ----------
    id_or_path : str or path
        An id of `shipped()`, looked up first; else the path of a TOML file, an XLSForm, a question sheet or an
        outline (.txt).

    Raises
    ------
    InstrumentError
        If there is no such id or file (the shipped ids are named), or the file has faults.
    """
    name = os.fspath(id_or_path)
    for folder in _FOLDERS:
        file = folder / f"{name}.toml"
        if Path(name).name == name and file.is_file():
            return _load(file)
    path = Path(name)
    if path.is_file():
        return _load(path)
    if path.suffix == "" and path.name == name:
        known = shipped()
        raise InstrumentError(Problem("E444", params={"found": name, "near": nearest(name, known), "known": known}))
    raise InstrumentError(Problem("E402", params={"file": path.name}))


def _load(path: Path) -> Instrument:
    if path.suffix.lower() in (".xlsx", ".xlsm", ".xls", ".ods"):
        return _load_workbook(path)
    text = decode_toml(path.read_bytes(), path.name)
    if isinstance(text, Problem):
        raise InstrumentError(text)
    if path.suffix.lower() == ".txt":
        from evalkit.instrument.outline import parse_outline

        return parse_outline(text, path.name)
    return parse_instrument(text, path.name)


def _load_workbook(path: Path) -> Instrument:
    """An XLSForm has a sheet `survey`; any other workbook is a question sheet."""
    from evalkit.instrument.question_sheet_reader import from_question_sheet
    from evalkit.instrument.xlsform_reader import from_xlsform
    from evalkit.sheets import read_book

    names = {sheet.name.strip().lower() for sheet in read_book(path).sheets}
    return from_xlsform(path) if "survey" in names else from_question_sheet(path)
