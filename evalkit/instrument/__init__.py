"""A questionnaire file in, one frozen `Instrument` out: what was asked, how it is coded, what is scored."""

from evalkit.instrument.definition import (
    FORMS,
    ITEM_TYPES,
    MEASURES,
    OPTION_KINDS,
    ROLES,
    SCALE_KINDS,
    SCALE_LEVELS,
    SCALE_ROLES,
    SCORES,
    Block,
    Instrument,
    Item,
    Option,
    Scale,
)
from evalkit.instrument.differences import Change, differences
from evalkit.instrument.dump import dump_toml
from evalkit.instrument.outline import parse_outline
from evalkit.instrument.overview import summary
from evalkit.instrument.parse import parse_instrument
from evalkit.instrument.question_sheet import to_question_sheet
from evalkit.instrument.question_sheet_reader import from_question_sheet
from evalkit.instrument.shipped import load_instrument, shipped
from evalkit.instrument.toml_faults import decode_toml, toml_problem
from evalkit.instrument.xlsform import to_xlsform
from evalkit.instrument.xlsform_reader import from_xlsform

__all__ = [
    "FORMS",
    "ITEM_TYPES",
    "MEASURES",
    "OPTION_KINDS",
    "ROLES",
    "SCALE_KINDS",
    "SCALE_LEVELS",
    "SCALE_ROLES",
    "SCORES",
    "Block",
    "Change",
    "Instrument",
    "Item",
    "Option",
    "Scale",
    "decode_toml",
    "differences",
    "dump_toml",
    "from_question_sheet",
    "from_xlsform",
    "load_instrument",
    "parse_instrument",
    "parse_outline",
    "shipped",
    "summary",
    "to_question_sheet",
    "to_xlsform",
    "toml_problem",
]
