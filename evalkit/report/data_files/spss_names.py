"""Which names SPSS accepts."""

from __future__ import annotations

import re

from evalkit.report.data_files.limits import NameRules, utf8_size

SPSS = NameRules(
    "SPSS",
    re.compile(r"[^\w.@#$]"),
    64,
    utf8_size,
    frozenset(["all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with"]),
    fold=True,
)
