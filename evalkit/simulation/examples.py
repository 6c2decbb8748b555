"""The shipped studies' models, and their example data made from them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from evalkit.contract import PlanError, Problem
from evalkit.instrument import load_instrument
from evalkit.simulation.model import read_model
from evalkit.simulation.simulated import Simulated, simulate
from evalkit.simulation.wjx import write_wjx

_PACKAGE = Path(__file__).resolve().parents[1]
# A wheel carries the models inside the package; a checkout has them beside it.
_FOLDERS = (_PACKAGE / "_shipped" / "analyses", _PACKAGE.parent / "analyses")
MODEL_FILE = "simulation.toml"
DATA_FILE = "data.xlsx"
REGISTER_FILE = "register.csv"
FURTHER_FORMS = "simulation-*.toml"
"""Models of a study's other forms; `simulation-residents.toml` makes `residents.xlsx`."""


def studies() -> list[str]:
    """Ids of the studies that come with a simulation model, sorted."""
    return sorted({file.parent.name for folder in _FOLDERS for file in folder.glob(f"*/{MODEL_FILE}")})


def model_for(study: str) -> Path:
    """The path of a shipped study's simulation model.

    Raises
    ------
    PlanError
        E858 if there is none; it names those that exist.
    """
    for folder in _FOLDERS:
        if (folder / study / MODEL_FILE).is_file():
            return folder / study / MODEL_FILE
    raise PlanError(Problem("E858", params={"name": study, "known": studies()}))


def example(study: str, folder: str | Path) -> tuple[Path, ...]:
    """Write a shipped study's example data: the same bytes every time.

    Parameters
    ----------
    study : str
        An id of `studies()`.
    folder : str or Path
        Gets `data.xlsx`, a workbook for each further form the study has (`residents.xlsx`) and, where the model has
        a `[register]`, `register.csv`.

    Returns
    -------
    tuple of Path
        The files written.
    """
    first = model_for(study)
    model = read_model(first)
    instrument = load_instrument(model.instrument or study)
    simulated = simulate(instrument, first)
    files = [Path(folder) / DATA_FILE]
    write_wjx(simulated, instrument, files[0])
    for other in sorted(first.parent.glob(FURTHER_FORMS)):
        files.append(Path(folder) / f"{other.stem.partition('-')[2]}.xlsx")
        write_wjx(simulate(instrument, other), instrument, files[-1])
    if model.register:
        files.append(Path(folder) / REGISTER_FILE)
        write_register(simulated, model.register["key"], model.register["columns"], files[-1])
    return tuple(files)


def write_register(simulated: Simulated, key: str, columns: list[str], path: str | Path) -> None:
    """Write what is on record about each place: a csv file with one row a value of `key`, in UTF-8 with a mark.

    Parameters
    ----------
    key : str
        Column of the answers or of the context, e.g. the stairwell.
    columns : list of str
        Columns that have one value for each value of `key`.
    """
    known = pd.concat([simulated.answers, simulated.context], axis=1)
    lost = [name for name in (key, *columns) if name not in known]
    if lost:
        raise PlanError(Problem("E851", params={"where": "[register]", "name": lost[0], "near": list(known)[:5]}))
    rows = known[[key, *columns]].dropna(subset=[key]).drop_duplicates().sort_values(key)
    # The mark lets Excel see that the file is UTF-8; whole numbers are written without a decimal point.
    rows.astype(dict.fromkeys(columns, "Int64")).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")
