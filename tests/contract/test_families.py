"""The three literal tables (steps, dialects, writers): every line names something that keeps the contract."""

from __future__ import annotations

import inspect
from importlib import import_module
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from evalkit.contract import GLOSSARY, KEYS, VALUES, Cell, Head, Label, Note, Result, Row, Table, quantity
from evalkit.contract.words import has_text
from evalkit.ingest.dialects import DIALECTS, dialect
from evalkit.plan import catalogue
from evalkit.report import WRITERS, Report, Section, load_style, writer
from evalkit.sheets import read_book

SCALE = {"items": ["SAT1", "SAT2", "SAT3", "SAT4", "SAT5"], "reverse": ["SAT4"], "range": [1, 5], "min_valid": 0.5}

# How each step is called on the synthetic survey, or on `data`; a new step wants a line here.
CALLS = {
    "disclosure": {"variables": ["gender", "tenure"], "sensitive": "SAT1"},
    "profile": {"items": ["gender", "age"]},
    "describe": {"variables": ["satisfaction", "age"]},
    "crosstab": {"rows": "gender", "columns": "tenure"},
    "correlate": {"variables": ["satisfaction", "age", "years_resident"]},
    "compare": {"outcome": ["satisfaction", "age"], "by": ["tenure", "gender"]},
    "measures": {},
    "respondent_checks": {"items": SCALE["items"]},
    "item_checks": {"items": [*SCALE["items"], "gender"]},
    "interviewer_checks": {"interviewer": "tenure", "items": SCALE["items"]},
    "missing_answers": {"variables": SCALE["items"], "by": "gender"},
    "estimates": {"variables": ["gender", "tenure"], "statistic": "proportion", "by": "renovated"},
    "reliability": {"items": "satisfaction"},
    "aggregation": {"variables": ["satisfaction"], "cluster": "community_id", "waba": True},
    "icc": {"ratings": ["SAT1", "SAT2", "SAT3"]},
    "efa": {"items": [f"{scale}{i}" for scale in ("OB", "OE") for i in range(1, 5)], "draws": 50},
    "cfa": {"model": ["satisfaction"]},
    "sem": {"model": "satisfaction =~ SAT1 + SAT2 + SAT3\nsatisfaction ~ a*age + years_resident\nwide := 10*a"},
    "latent_mediate": {"x": "age", "m": "satisfaction", "y": "years_resident", "covariates": ["tenure"], "ci": "delta"},
    "longitudinal_mediate": {"x": ["SAT1", "SAT2"], "m": ["OB1", "OB2"], "y": ["OE1", "OE2"], "ci": "delta"},
    "irt": {"items": SCALE["items"]},
    "dif": {"items": SCALE["items"], "by": "gender"},
    "validity": {"scales": "satisfaction =~ SAT1 + SAT2 + SAT3\nvoice =~ PAR1 + PAR3 + PAR4", "resamples": 20},
    "method_bias": {"scales": "satisfaction", "marker": ["PAR1", "PAR3", "PAR4"]},
    "compare_models": {"scales": ["satisfaction"], "models": {"two": "a =~ SAT1 + SAT2\nb =~ SAT3 + SAT4_R + SAT5"}},
    "invariance": {"model": ["satisfaction"], "by": "gender"},
    "multitrait": {"scales": {"satisfaction": ["SAT1", "SAT2", "SAT3"], "voice": ["PAR1", "PAR3", "PAR4"]}},
    "criterion_validity": {"scores": "satisfaction", "criterion": "meetings", "over": ["age"]},
    "known_groups": {"scores": "satisfaction", "by": "tenure"},
    "item_analysis": {"scales": "satisfaction"},
    "content_validity": {"experts": ["SAT1", "SAT2", "SAT3"], "high": 5},
    "code_profile": {"code": "gender", "source": "community_id"},
    "open_answers": {"questions": "community_id", "by": "tenure", "least": 1, "keywords": ["C1"]},
    "saturation": {"code": "gender", "source": "community_id", "permutations": 20},
    "quantitise": {"code": "gender", "source": "community_id", "case": "tenure"},
    "triangulate": {
        "data": pd.DataFrame(
            {"construct": ["trust", "trust", "money"], "strand": ["survey", "talks", "talks"], "claim": ["a", "b", "c"]}
        ),
        "fit": pd.DataFrame({"construct": ["trust"], "judgement": ["expansion"], "by": ["A"]}),
    },
    "process_tracing": {
        "data": pd.DataFrame(
            {
                "hypothesis": ["H1", "H1"],
                "evidence": ["minutes", "letter"],
                "test": ["hoop", None],
                "p_h": [0.95, 0.5],
                "p_not_h": [0.5, 0.0],
            }
        ),
        "prior": 0.5,
        "independent": True,
    },
    "qualitise": {
        "types": {"old": "age >= 60", "settled": {"when": "years_resident > 10", "zh": "久居", "en": "Settled"}}
    },
    "calibrate_sets": {"calibration": {"OLD": {"from": "age", "e": 30, "c": 50.5, "i": 70}}},
    "network": {"source": "community_id", "target": "tenure", "two_mode": True},
    "qap": {
        "outcome": "1",
        "predictors": ["0"],
        "source": "community_id",
        "target": "tenure",
        "relation": "renovated",
        "permutations": 100,
    },
    "problem_flow": {"problem": "id", "route": "tenure", "by": "community_id"},
    "necessity": {"outcome": "signed_agreement", "conditions": ["renovated", "party_member"], "disjunctions": 2},
    "qca": {"outcome": "signed_agreement", "conditions": ["renovated", "party_member"], "consistency": 0.5},
    "qca_robustness": {
        "outcome": "signed_agreement",
        "conditions": ["renovated", "party_member"],
        "consistency": 0.5,
    },
    "agreement": {"coders": ["SAT1", "SAT2", "SAT3"], "metric": "ordinal", "resamples": 100},
    "power": {"test": "t", "effect": [0.2, 0.5], "power": 0.8, "cluster": "community_id", "outcome": "satisfaction"},
    "simulate_power": {
        "of": {"do": "mediate", "x": "age", "m": "years_resident", "y": "satisfaction", "covariates": ["gender"]},
        "n": [100, 400],
        "draws": 200,
    },
    "joint_display": {
        "kind": "themes",
        "scores": "satisfaction",
        "codings": pd.DataFrame({"source_id": ["1", "2"], "case_id": ["0", "5"], "code_id": ["C1", "C2"]}),
        "groups": 2,
    },
    "impute": {"variables": ["satisfaction", "age", "gender", "tenure"], "m": 3, "iterations": 6},
    "scale_dossier": {"scales": ["satisfaction"], "appendix": True},
    "robustness": {
        "of": "regress",
        "arguments": {"formula": "satisfaction ~ age | + gender", "cluster": "community_id"},
        "estimators": ["HC3", "logit"],
        "winsorise": 0.01,
        "leave_out": "community_id",
    },
    "heterogeneity": {
        "of": "regress",
        "arguments": {"formula": "satisfaction ~ gender | + age"},
        "by": ["tenure", "years_resident"],
    },
    "specification_curve": {
        "of": "regress",
        "arguments": {"formula": "satisfaction ~ gender | + age"},
        "estimators": ["HC3"],
        "add": ["tenure", "renovated"],
    },
    "regress": {"formula": "satisfaction ~ age | + gender"},
    "relative_importance": {"formula": "satisfaction ~ age + gender"},
    "diagnostics": {"formula": "satisfaction ~ age * gender"},
    "predict": {"formula": "signed_agreement ~ age + gender", "family": "logit", "at": {"age": [30, 60]}},
    "outcome_model": {"formula": "signed_agreement ~ age | + gender", "family": "logit"},
    "mixed": {
        "formula": "satisfaction ~ age | + age:renovated + renovated",
        "group": "community_id",
        "random": ["1", "age"],
        "centre": {"age": "both"},
    },
    "multilevel_mediate": {"x": "age", "m": "years_resident", "y": "satisfaction", "group": "community_id"},
    "iv": {"y": "satisfaction", "endogenous": "age", "instruments": ["years_resident", "renovated"]},
    "propensity": {"y": "satisfaction", "treated": "party_member", "covariates": ["age", "gender"]},
    "interrupted_series": {"y": "satisfaction", "time": "years_resident", "start": 12},
    "did": {"y": "satisfaction", "treated": "party_member", "time": "renovated"},
    "mediate": {"x": "age", "m": ["years_resident"], "y": "satisfaction", "resamples": 200},
    "moderate": {"x": "age", "w": "years_resident", "z": "gender", "y": "signed_agreement", "family": "logit"},
    "response_surface": {"x": "SAT1", "z": "SAT2", "y": "satisfaction", "covariates": ["age"]},
}


@pytest.fixture(scope="module")
def survey():
    from evalkit.scoring import score

    data = pd.read_csv(Path(__file__).parent.parent / "golden" / "residents.csv")
    return score(data, [{"id": "satisfaction", "zh": "满意度", "en": "Satisfaction", **SCALE}])


def called(do: str, survey: pd.DataFrame) -> Result:
    given = dict(CALLS[do])
    return catalogue.function(do)(given.pop("data", survey), **given)


@pytest.mark.parametrize("do", catalogue.STEPS)
class TestSteps:
    def test_the_function_takes_data_first_and_documents_itself(self, do):
        found = catalogue.function(do)
        assert next(iter(inspect.signature(found).parameters)) == "data"
        assert all(word in (inspect.getdoc(found) or "") for word in ("Parameters", "Returns"))

    def test_the_catalogue_names_it_in_both_languages(self, do):
        assert has_text(f"do.{do}")

    def test_the_result_has_the_three_views(self, do, survey):
        result = called(do, survey)
        assert isinstance(result, Result)
        tidy, glance = result.tidy(), result.glance()
        assert list(tidy.columns[: len(KEYS) + len(VALUES)]) == [*KEYS, *VALUES]
        assert len(glance) == 1
        assert {*tidy.columns, *glance.columns} <= set(GLOSSARY)
        assert result.n_obs >= 0
        assert all(drop.n >= 0 for drop in result.dropped)

    def test_terms_are_ids_and_rows_have_a_key_of_their_own(self, do, survey):
        tidy = called(do, survey).tidy()
        terms = [t for t in tidy["term"] if t is not None]
        assert not [t for t in terms if " " in str(t)]
        assert not tidy[list(KEYS)].astype(str).duplicated().any()

    def test_every_table_is_rectangular_and_speaks_the_glossary(self, do, survey):
        result = called(do, survey)
        for template in result.templates:
            table = result.table(template)
            assert {len(row.cells) for row in table.rows if row.role not in ("section", "text")} == {table.n_columns}
            assert all(sum(head.span for head in row) == table.n_columns for row in table.header)
            assert all(quantity(cell.kind) for row in table.rows for cell in row.cells)
            for lang in ("zh", "en"):
                assert table.title.text(lang)
                assert all(note.text(lang) for note in table.notes)


def test_every_step_has_a_call_above():
    assert set(CALLS) == set(catalogue.STEPS)


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_says_why_and_claims_no_empty_shell(name, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["x"])
    book.active.append([1])
    book.save(tmp_path / "a.xlsx")
    module = dialect(name)
    assert name == module.NAME
    guess = module.detect(read_book(tmp_path / "a.xlsx").sheets[0], "a.xlsx")
    assert guess.name == name
    assert 0 <= guess.score <= 1
    assert guess.reasons or guess.score == 0


@pytest.mark.parametrize("name", WRITERS)
def test_every_writer_writes_the_same_bytes_twice(name, tmp_path):
    rows = (Row((Cell("a", "label"), Cell(0.1234, "estimate", p=0.01))),)
    table = Table(
        "t", "T", Label(zh="表", en="Table"), ((Head("variable"), Head("estimate")),), rows, (Note("general", "total"),)
    )
    report = Report(
        Label(zh="题", en="Title"), (Section("s", Label(zh="节", en="Section"), (table,)),), languages=("zh", "en")
    )
    for twin in ("one", "two"):
        writer(name)(report, tmp_path / f"{twin}.{name}", lang="zh", style=load_style("cn"))
    assert (tmp_path / f"one.{name}").read_bytes() == (tmp_path / f"two.{name}").read_bytes()
    assert import_module(WRITERS[name]).write is writer(name)
