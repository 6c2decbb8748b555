"""Scored data in, a data file for other programs out: SPSS, Stata, Excel, csv, parquet, and SPSS syntax."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pandas as pd

from evalkit.contract import Problem, UsageError
from evalkit.contract.words import LANGUAGES
from evalkit.report.data_files.fields import fields_of
from evalkit.sheets import write_bytes

# A further format: one module with `content(fields, about) -> (bytes, notices)`, and one line here.
FORMATS = {
    ".sav": "evalkit.report.data_files.sav",
    ".dta": "evalkit.report.data_files.dta",
    ".xlsx": "evalkit.report.data_files.workbook",
    ".csv": "evalkit.report.data_files.csv_text",
    ".parquet": "evalkit.report.data_files.parquet",
}


def save(data: pd.DataFrame, path: str | Path, *, lang: str = "zh") -> tuple[Problem, ...]:
    """Write data with everything its Codebook knows, as far as the format can hold it.

    Parameters
    ----------
    data : DataFrame, shape (n_respondents, n_columns)
        As `score` gives it; a plain frame is written with what its dtypes say.
    path : path
        The suffix chooses the format. `.sav` (SPSS): labels, user-missing codes and measure levels. `.dta` (Stata
        14 and newer): labels and extended missing values `.a` to `.g`. `.xlsx`: a sheet of data and a codebook.
        `.csv`: UTF-8 with BOM. `.parquet`: values alone; needs pyarrow. In `.xlsx` and `.csv` a missing answer is an
        empty cell, or its kind in brackets where that is another than no answer.
    lang : {"zh", "en"}
        Of the labels.

    Returns
    -------
    tuple of Problem
        What the format cannot hold: names and texts that had to change (N741, N742, N745), kinds of missing answers
        and labels that were left out (N743, N744), values cut or not finite (W747, W748).

    Raises
    ------
    UsageError
        E705 for another suffix, E707 for another language, E740 for two columns of one name, E746 for
        parquet without pyarrow, E749 without columns.
    OutputError
        E131 if the file cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise UsageError(Problem("E705", params={"suffix": suffix or path.name, "known": list(FORMATS)}))
    if lang not in LANGUAGES:
        raise UsageError(Problem("E707", params={"lang": lang}))
    if not data.shape[1]:
        raise UsageError(Problem("E749"))
    twice = sorted({str(name) for name in data.columns[data.columns.duplicated()]})
    if twice:
        raise UsageError(Problem("E740", params={"names": twice}))
    table = fields_of(data, lang)
    content, notices = import_module(FORMATS[suffix]).content(table)
    write_bytes(path, content)
    return (*table.notices, *notices)
