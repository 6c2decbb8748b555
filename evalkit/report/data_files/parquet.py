"""Columns in, a parquet file out: values alone; the library that writes it is an extra."""

from __future__ import annotations

import importlib.util
import io

from evalkit.contract import Problem, UsageError
from evalkit.report.data_files.fields import DataTable, note


def content(table: DataTable) -> tuple[bytes, tuple[Problem, ...]]:
    """The bytes of the file; N743 names columns whose kinds of missing answers are left out.

    Raises
    ------
    UsageError
        E746 where pyarrow is not installed.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise UsageError(Problem("E746"))
    import pyarrow
    from pyarrow import parquet

    arrays = [pyarrow.array(one.values, from_pandas=True) for one in table.fields]
    arrays = [a.cast(pyarrow.string()) if pyarrow.types.is_null(a.type) else a for a in arrays]
    stream = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_arrays(arrays, [one.name for one in table.fields]), stream)
    return stream.getvalue(), note("N743", [one.name for one in table.fields if one.typed], program="parquet")
