"""The figures that the five studies print, shipped as sheets: every verdict, and each inconsistency by its rule."""

from __future__ import annotations

from pathlib import Path

import pytest

import evalkit as ek

ANALYSES = Path(__file__).parents[2] / "analyses"
SIZES = {
    "f-community-network": 24,
    "n-street-mutual-aid": 48,
    "j-community-renovation": 37,
    "party-alliance-innovation": 39,
    "elevator-coproduction": 41,
}

# Verdicts of a reading by hand; every claim not named fits.
FLAGS = {
    "f-community-network": "F-01 F-02 F-03 F-04 F-05 F-06 F-20",
    "n-street-mutual-aid": "N-06 N-08 N-27 N-28 N-29 N-30 N-31 N-34 N-35 N-36 N-37",
    "j-community-renovation": "J-06 J-09 J-10 J-11 J-12 J-13 J-14 J-15 J-16 J-17",
    "party-alliance-innovation": "A-08 A-09 A-10 A-11 A-24 A-30",
    "elevator-coproduction": "E-09 E-10 E-11 E-13 E-18 E-23 E-26 E-28 E-29",
}
REMARKS = ["F-22", "N-23", "N-26", "N-32", "N-45", "J-07", "J-19", "J-33", "E-05", "E-06", "E-20", "E-41"]
UNCHECKED = {
    *["F-07", "F-08", "F-10", "F-15", "F-24", "J-01", "J-30", "E-33"],
    *["N-02", "N-03", "N-04", "N-18", "N-20", "N-21", "N-22", "N-25", "N-47", "N-48"],
    *["A-01", "A-02", "A-03", "A-05", "A-07", "A-14", "A-23", "A-28", "A-29", "A-37", "A-39"],
}

# inconsistency -> the claim and the rule that find it ("" = judged by hand)
INCONSISTENCIES = {
    "disposal counts sum to 4614, total 4616": ("N-27", "R1"),
    "34.5 % is not 1604 of 4616": ("N-31", "R2"),
    "4616 in one year, 5400+ in three": ("N-27", "R7"),
    "satisfaction 95 and over 95": ("N-36", "R6"),
    "satisfaction without n": ("N-35", "R12"),
    "stations before the Party grids": ("N-08", "R8"),
    "process name in two versions": ("N-37", "R6"),
    "need shares of 112": ("J-13", "R5"),
    "service shares of 123": ("J-17", "R5"),
    "mixed decimals": ("J-06", "R11"),
    "base of the survey": ("J-09", "R12"),
    "satisfaction before without n": ("A-09", "R12"),
    "satisfaction after without n": ("A-10", "R12"),
    "over 80 per cent of an unknown base": ("A-08", "R12"),
    "more than sixty years after 58": ("A-24", "R14"),
    "three kinds of diffusion, two lists": ("A-30", "R6"),
    "24 sub-categories, 20 named": ("E-13", "R9"),
    "two thirds of what": ("E-10", "R12"),
    "a third of the material or of the records": ("E-11", "R6"),
    "one category, two names": ("E-18", "R6"),
    "one interviewee, two dates": ("E-26", "R13"),
    "one estate code, two case numbers": ("E-29", "R13"),
    "one speaker, two codes": ("E-23", "R13"),
    "a document with the date of an interview": ("E-28", "R13"),
    "sources outside the fieldwork month": ("F-01", "R8"),
    "second-hand cases among the twelve": ("E-09", ""),
    "quoted roles outside the declared ones": ("F-20", ""),
}
CONFIRMED = {
    ("N-14", "R2"): "93.75",
    ("N-16", "R3"): "502, 503",
    ("N-17", "R10"): "336–624",
    ("J-23", "R5"): "sum to 100",
    ("E-02", "R1"): "sum to 12",
    ("E-17", "R10"): "12",
    ("A-22", "R14"): "13 years",
}
SMALLEST = {"A-09": "is 201", "A-10": "is 37", "A-11": "is 213; next 227, 231, 241"}


@pytest.fixture(scope="module")
def results():
    sheets = {slug: ek.read_claims(ANALYSES / slug / "claims.csv") for slug in SIZES}
    assert all(sheet.attrs["problems"] == () for sheet in sheets.values())
    return {slug: ek.check_claims(sheet) for slug, sheet in sheets.items()}


@pytest.fixture(scope="module")
def rows(results):
    return {(row.claim, row.rule): row for result in results.values() for row in result.rows}


@pytest.mark.parametrize("slug", SIZES)
def test_every_figure_stands_in_its_sheet_and_can_be_read(results, slug):
    result = results[slug]
    assert result.notices == ()
    letter = {"party-alliance-innovation": "A"}.get(slug, slug[0].upper())
    assert list(result.verdicts) == [f"{letter}-{i:02d}" for i in range(1, SIZES[slug] + 1)]
    assert all(row.label.text(lang) for row in result.rows for lang in ("zh", "en"))


def test_all_189_are_there(results):
    assert sum(result.n_obs for result in results.values()) == 189


@pytest.mark.parametrize("slug", SIZES)
def test_verdicts_are_those_of_a_reading_by_hand(results, slug):
    expected = dict.fromkeys(results[slug].verdicts, "ok")
    expected |= {c: "remark" for c in REMARKS if c in expected} | {c: "none" for c in UNCHECKED if c in expected}
    expected |= dict.fromkeys(FLAGS[slug].split(), "flag")
    assert dict(results[slug].verdicts) == expected


@pytest.mark.parametrize("case", INCONSISTENCIES)
def test_each_inconsistency_is_found_by_its_rule(rows, case):
    assert rows[INCONSISTENCIES[case]].finding.verdict == "flag"


def test_only_two_flags_are_made_by_hand(rows):
    by_hand = {claim for (claim, _), row in rows.items() if row.by_hand and row.finding.verdict == "flag"}
    assert by_hand == {"E-09", "F-20"}


def test_no_other_row_is_flagged(rows):
    dated = {(f"F-0{i}", "R8") for i in range(2, 7)}
    flagged = {key for key, row in rows.items() if row.finding.verdict == "flag"}
    assert flagged - set(INCONSISTENCIES.values()) - dated == {("A-11", "R12")}


@pytest.mark.parametrize("key", CONFIRMED)
def test_what_fits_is_confirmed(rows, key):
    assert rows[key].finding.verdict == "ok"
    assert CONFIRMED[key] in rows[key].said("en")


@pytest.mark.parametrize("claim", SMALLEST)
def test_shares_without_n_need_so_many_people(rows, claim):
    assert SMALLEST[claim] in rows[claim, "R4"].said("en")
