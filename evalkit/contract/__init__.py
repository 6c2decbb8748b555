"""What every room may rely on: problems, codebook, tables, figures, results, glossary and words.

Names are loaded when first used, so that messages and `--help` do not wait for pandas.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalkit.contract.codebook import KINDS as KINDS
    from evalkit.contract.codebook import MISSING_KINDS as MISSING_KINDS
    from evalkit.contract.codebook import Category as Category
    from evalkit.contract.codebook import Codebook as Codebook
    from evalkit.contract.codebook import ScaleEntry as ScaleEntry
    from evalkit.contract.codebook import Variable as Variable
    from evalkit.contract.codebook import attach as attach
    from evalkit.contract.codebook import codebook_of as codebook_of
    from evalkit.contract.codebook import item_columns as item_columns
    from evalkit.contract.codebook import label_of as label_of
    from evalkit.contract.codebook import require_columns as require_columns
    from evalkit.contract.glossary import GLOSSARY as GLOSSARY
    from evalkit.contract.glossary import KEYS as KEYS
    from evalkit.contract.glossary import VALUES as VALUES
    from evalkit.contract.glossary import quantity as quantity
    from evalkit.contract.problems import AnalysisError as AnalysisError
    from evalkit.contract.problems import EvalkitError as EvalkitError
    from evalkit.contract.problems import InputError as InputError
    from evalkit.contract.problems import InstrumentError as InstrumentError
    from evalkit.contract.problems import OutputError as OutputError
    from evalkit.contract.problems import Place as Place
    from evalkit.contract.problems import PlanError as PlanError
    from evalkit.contract.problems import Problem as Problem
    from evalkit.contract.problems import UsageError as UsageError
    from evalkit.contract.result import Drop as Drop
    from evalkit.contract.result import Figure as Figure
    from evalkit.contract.result import Result as Result
    from evalkit.contract.result import result_id as result_id
    from evalkit.contract.result import tidy_frame as tidy_frame
    from evalkit.contract.table import Cell as Cell
    from evalkit.contract.table import Head as Head
    from evalkit.contract.table import Label as Label
    from evalkit.contract.table import Note as Note
    from evalkit.contract.table import Row as Row
    from evalkit.contract.table import Table as Table
    from evalkit.contract.table import pair as pair

_HOMES = {
    "codebook": "KINDS MISSING_KINDS Category Codebook ScaleEntry Variable "
    "attach codebook_of item_columns label_of require_columns",
    "glossary": "GLOSSARY KEYS VALUES quantity",
    "problems": "AnalysisError EvalkitError InputError InstrumentError OutputError Place PlanError Problem UsageError",
    "result": "Drop Figure Result result_id tidy_frame",
    "table": "Cell Head Label Note Row Table pair",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = found
    return found
