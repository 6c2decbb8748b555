"""A data table in, SPSS syntax out that opens the .sav, describes every variable and scores the scales again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evalkit.contract import Problem, ScaleEntry, UsageError
from evalkit.contract.words import LANGUAGES, text_of
from evalkit.report.data_files.codes import missing_codes
from evalkit.report.data_files.fields import DataTable, Field, fields_of
from evalkit.report.data_files.limits import cut, fitted_names
from evalkit.report.data_files.sav import LABEL, VALUE_LABEL
from evalkit.report.data_files.spss_names import SPSS
from evalkit.report.data_files.spss_words import code, command, literal, names, remark, series
from evalkit.sheets import write_bytes

FIRST_LINE = "* Encoding: UTF-8."


@dataclass(frozen=True)
class Vocabulary:
    """What the columns of a data table are called in SPSS.

    Attributes
    ----------
    called : mapping
        Column -> name.
    sets : mapping
        Multiple-response question -> names of its options' columns.
    """

    called: Mapping[str, str]
    sets: Mapping[str, tuple[str, ...]]


def vocabulary(table: DataTable) -> Vocabulary:
    """The names that `save` gives the columns of a .sav file."""
    fitted, _ = fitted_names([one.name for one in table.fields], SPSS)
    called = {one.name: fitted[k] for k, one in enumerate(table.fields)}
    sets: dict[str, list[str]] = {}
    for one in table.fields:
        if one.variable.kind == "option" and one.variable.item:
            sets.setdefault(one.variable.item, []).append(called[one.name])
    return Vocabulary(called, {item: tuple(options) for item, options in sets.items()})


def write_syntax(
    data: pd.DataFrame, path: str | Path, *, data_file: str, lang: str = "zh", steps: Sequence[str] = ()
) -> None:
    """Write syntax for a .sav file written by `save` from the same data.

    Parameters
    ----------
    data_file : str
        Name of the .sav file, beside the syntax.
    steps : sequence of str
        Further commands, behind labels, sets and scores.

    Raises
    ------
    UsageError
        E707 for another language.
    OutputError
        E131 if the file cannot be written.
    """
    if lang not in LANGUAGES:
        raise UsageError(Problem("E707", params={"lang": lang}))
    table = fields_of(data, lang)
    lines = [*_opening(table, data_file), *_description(table), *_sets(table), *_scoring(table), *steps]
    write_bytes(Path(path), ("\ufeff" + "\n".join((FIRST_LINE, *lines)) + "\n").encode().replace(b"\n", b"\r\n"))


def _opening(table: DataTable, data_file: str) -> Iterator[str]:
    yield remark(text_of("spss.made", table.lang))
    if table.codebook.decoded_by:
        yield remark(f"{text_of('data_file.decoded_by', table.lang)} {table.codebook.decoded_by}")
    yield remark(text_of("spss.folder", table.lang))
    yield command(f"GET FILE={literal(data_file)}")


def _description(table: DataTable) -> Iterator[str]:
    """Labels, user-missing values and levels, as they stand in the .sav file."""
    called = vocabulary(table).called
    labelled = [f"{called[one.name]} {literal(cut(one.label, LABEL))}" for one in table.fields if one.label]
    yield from series("VARIABLE LABELS", labelled)
    values, missing = [], []
    for one in table.fields:
        codes = missing_codes(one, table.lang)
        known = [] if one.values.dtype.kind == "M" else [(c, t) for c, t in one.labels.items() if t]
        words = [f"{code(c)} {literal(cut(t, VALUE_LABEL))}" for c, t in (*known, *codes.labels.items())]
        values += ["\n    ".join([called[one.name], *words])] if words else []
        spans = [code(low) if low == high else f"{code(low)} THRU {code(high)}" for low, high in codes.spans]
        missing += [f"{called[one.name]} ({', '.join(spans)})"] if spans else []
    yield from series("VALUE LABELS", values)
    yield from series("MISSING VALUES", missing)
    levels = {level: [called[one.name] for one in table.fields if one.measure == level] for level in
              ("nominal", "ordinal", "scale")}  # fmt: skip
    said = [f"{names(some)} ({level.upper()})" for level, some in levels.items() if some]
    yield from series("VARIABLE LEVEL", said)


def _sets(table: DataTable) -> Iterator[str]:
    """One set of dichotomies for each multiple response."""
    book, lang = table.codebook, table.lang
    groups = []
    for item, options in vocabulary(table).sets.items():
        label = book.variables[item].label.text(lang) if item in book.variables else item
        groups.append(
            f"MDGROUP NAME=${item} LABEL={literal(cut(label, LABEL))} CATEGORYLABELS=VARLABELS\n"
            f"    VARIABLES={names(options)} VALUE=1"
        )
    if groups:
        yield command("MRSETS", *groups, "DISPLAY NAME=[ALL]")


def _scoring(table: DataTable) -> Iterator[str]:
    """Reverse items and scale scores computed anew; what SPSS cannot say in one line is left as it came."""
    called, present = vocabulary(table).called, {one.name: one for one in table.fields}
    made = []
    for one in table.fields:
        variable = one.variable
        turned = variable.reversed_from
        if turned in called and variable.low is not None and variable.high is not None:
            made.append(f"COMPUTE {called[one.name]} = {code(variable.low + variable.high)} - {called[turned]}.")
    for scale in table.codebook.scales.values():
        if scale.id in present:
            made += _score(scale, table, present, called)
    if made:
        yield remark(text_of("spss.scoring", table.lang))
        yield from made
        yield "EXECUTE."


def _score(scale: ScaleEntry, table: DataTable, present: Mapping[str, Field], called: Mapping[str, str]) -> list[str]:
    sources = _sources(scale, table, present, called)
    name = called[scale.id]
    if not sources or pd.isna(present[scale.id].values).all():
        return [remark(text_of("spss.score_kept", table.lang, scale=name))]
    if scale.score in ("product_z", "absdiff_z"):
        first, second = f"{name}_z1", f"{name}_z2"
        if len(sources) != 2 or max(map(len, (first.encode(), second.encode()))) > SPSS.longest:
            return [remark(text_of("spss.score_kept", table.lang, scale=name))]
        rule = f"{first} * {second}" if scale.score == "product_z" else f"ABS({first} - {second})"
        return [
            *(f"COMPUTE {z} = {source}." for z, source in zip((first, second), sources, strict=True)),
            command(f"DESCRIPTIVES VARIABLES={first} (z{first}) {second} (z{second})", "MISSING=LISTWISE"),
            f"COMPUTE {name} = {rule.replace(first, 'z' + first).replace(second, 'z' + second)}.",
            f"DELETE VARIABLES {first} {second} z{first} z{second}.",
        ]
    k = len(sources)
    needed = k if scale.min_valid is None else scale.min_valid
    needed = math.ceil(needed * k - 1e-9) if needed < 1 else int(needed)  # 0.6 of 5 is 3
    function = f"{'MIN' if scale.score == 'min' else 'MEAN'}.{max(needed, 1)}({', '.join(sources)})"
    return [_wrapped(f"COMPUTE {name} = {function}{f' * {k}' if scale.score == 'sum' else ''}.")]


def _sources(scale: ScaleEntry, table: DataTable, present: Mapping[str, Field], called: Mapping[str, str]) -> list[str]:
    """What a score is made of: items of its own, then the scores of its parts, reverse ones turned round."""
    scales = table.codebook.scales
    below = {c.removesuffix("_R") for part in scale.parts if part in scales for c in scales[part].columns}
    own = [column for column in scale.columns if column.removesuffix("_R") not in below]
    if not all(name in present for name in (*own, *scale.parts)):
        return []
    found = [called[column] for column in own]
    for part in scale.parts:
        entry = scales.get(part)
        if part not in scale.reverse_parts:
            found.append(called[part])
        elif entry is not None and entry.low is not None and entry.high is not None:
            found.append(f"{code(entry.low + entry.high)} - {called[part]}")
        else:
            return []
    return found


def _wrapped(line: str) -> str:
    """A long list of arguments on several lines."""
    parts = line.split(", ")
    rows = [parts[0]]
    for part in parts[1:]:
        if len(rows[-1].encode()) + len(part.encode()) > 100:
            rows.append(part)
        else:
            rows[-1] += f", {part}"
    return ",\n    ".join(rows)
