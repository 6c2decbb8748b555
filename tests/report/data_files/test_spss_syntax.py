"""SPSS syntax: every command ends, names and quotes are sound, and what it computes is what the data hold."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from spss_grammar import commands

from evalkit.contract import codebook_of
from evalkit.report.data_files import save
from evalkit.report.data_files.spss_syntax import write_syntax
from evalkit.report.data_files.spss_words import code, literal, remark
from evalkit.scoring import score


@pytest.fixture(scope="package")
def syntax(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("spss") / "data.sps"
    write_syntax(data, path, data_file="data.sav")
    return path.read_bytes().decode("utf-8-sig")


def test_every_command_is_one_that_spss_knows_and_ends(syntax):
    found = [head for head, _ in commands(syntax)]
    assert found[0] == "GET FILE" and found[-1] == "EXECUTE"
    assert {"VARIABLE LABELS", "VALUE LABELS", "MISSING VALUES", "VARIABLE LEVEL", "MRSETS", "COMPUTE"} <= set(found)


def test_multiple_responses_are_sets_of_their_options(syntax, data):
    (mrsets,) = [text for head, text in commands(syntax) if head == "MRSETS"]
    groups = re.findall(r"/MDGROUP NAME=\$(\w+) LABEL=.*? VARIABLES=([\w\s]+) VALUE=1", mrsets, re.DOTALL)
    expected = {}
    for variable in codebook_of(data).variables.values():
        if variable.kind == "option" and variable.name in data:
            expected.setdefault(variable.item, []).append(variable.name)
    assert expected and {name: options.split() for name, options in groups} == expected


def test_missing_values_are_those_of_the_file(syntax, data, tmp_path):
    import pyreadstat

    save(data, tmp_path / "a.sav")
    declared = pyreadstat.read_sav(tmp_path / "a.sav", user_missing=True)[1].missing_ranges
    (missing,) = [text for head, text in commands(syntax) if head == "MISSING VALUES"]
    told = dict(re.findall(r"(\w+) \(([^)]*)\)", missing))
    assert told.keys() == declared.keys() and len(told) > 20
    for name, spans in declared.items():
        words = [code(s["lo"]) if s["lo"] == s["hi"] else f"{code(s['lo'])} THRU {code(s['hi'])}" for s in spans]
        assert sorted(told[name].split(", ")) == sorted(words)


def computed(syntax, data):
    """What the COMPUTE commands give, read by hand."""
    columns = {name: data[name].to_numpy(float) for name in data if data[name].dtype.kind == "f"}
    made = {}
    for head, text in commands(syntax):
        if head != "COMPUTE":
            continue
        name, rule = text.removeprefix("COMPUTE ").split(" = ", 1)
        mean = re.fullmatch(r"(MEAN|MIN)\.(\d+)\(([^)]*)\)(?: \* (\d+))?", " ".join(rule.split()))
        if mean:
            sources = np.column_stack([value(part, columns) for part in mean[3].split(", ")])
            enough = (~np.isnan(sources)).sum(axis=1) >= int(mean[2])
            with np.errstate(invalid="ignore", divide="ignore"):
                total = np.nansum(sources, axis=1) / (~np.isnan(sources)).sum(axis=1)
            if mean[1] == "MIN":
                total = np.where(np.isnan(sources), np.inf, sources).min(axis=1)
            result = np.where(enough, total * float(mean[4] or 1), np.nan)
        else:
            result = value(rule, columns)
        columns[name] = made[name] = result
    return made


def value(text, columns):
    found = re.fullmatch(r"([\d.]+) - (\w+)", text)
    return float(found[1]) - columns[found[2]] if found else columns[text]


def test_scores_computed_by_the_syntax_are_those_of_the_data(syntax, data):
    made = computed(syntax, data)
    assert len(made) > 20 and any(name.endswith("_R") for name in made)
    for name, values in made.items():
        np.testing.assert_allclose(values, data[name], rtol=0, atol=1e-12, err_msg=name)


def test_scores_of_every_kind(tmp_path):
    rng = np.random.default_rng(3)
    x = rng.integers(1, 6, (40, 6)).astype(float)
    x[rng.random(x.shape) < 0.2] = np.nan
    plain = pd.DataFrame(x, columns=list("abcdef"))
    scales = [
        {"id": "m", "items": ["a", "b", "c"], "reverse": ["b"], "range": [1, 5], "min_valid": 0.6},
        {"id": "s", "items": ["d", "e", "f"], "range": [1, 5], "score": "sum", "min_valid": 2},
        {"id": "top", "parts": ["m", "s"], "reverse_parts": ["m"]},
        {"id": "low", "parts": ["m", "s"], "score": "min"},
        {"id": "gap", "parts": ["m", "s"], "score": "absdiff_z"},
        {"id": "least", "items": ["a", "b"], "range": [1, 5], "score": "min"},
    ]
    data = score(plain, scales)
    path = tmp_path / "a.sps"
    write_syntax(data, path, data_file="a.sav", lang="en")
    syntax = path.read_bytes().decode("utf-8-sig")
    plain_rules = "\n".join(t + "." for h, t in commands(syntax) if h == "COMPUTE" and "_z" not in t)
    made = computed(plain_rules, data)
    assert made.keys() == {"a_R", "b_R", "c_R", "m", "s", "top", "low"}
    for name, values in made.items():
        np.testing.assert_allclose(values, data[name], rtol=0, atol=1e-12, err_msg=name)
    assert "DESCRIPTIVES VARIABLES=gap_z1 (zgap_z1) gap_z2 (zgap_z2)" in syntax
    assert "COMPUTE gap = ABS(zgap_z1 - zgap_z2)." in syntax
    assert "least" in next(line for line in syntax.splitlines() if line.startswith("* The score"))


def test_words():
    assert literal("it's") == "'it''s'" and literal("a\nb") == "'a b'"
    long = literal("长" * 200)
    assert long.count(" +\n") == 2 and "".join(re.findall("'([^']*)'", long)) == "长" * 200
    assert remark("one. two.\nthree...") == "* one. two. three."
    assert len(remark("长" * 300).encode()) <= 205 and code(3.0) == "3" and code(0.5) == "0.5" and code("x'") == "'x'''"
