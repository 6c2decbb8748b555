import csv
import zipfile
from pathlib import Path

import pytest

from evalkit.contract import PlanError
from evalkit.simulation import example, model_for, studies, write_register

ROOT = Path(__file__).parents[2]
STUDIES = [
    "elevator-coproduction",
    "f-community-network",
    "j-community-renovation",
    "n-street-mutual-aid",
    "party-alliance-innovation",
]


def test_the_models_of_the_studies_are_found():
    assert studies() == STUDIES
    assert model_for("j-community-renovation").name == "simulation.toml"
    with pytest.raises(PlanError) as fault:
        model_for("k-community")
    assert fault.value.problems[0].code == "E858" and "j-community-renovation" in str(fault.value)


def test_a_register_has_one_row_a_place(shipped_study, tmp_path):
    _, model, made = shipped_study("elevator-coproduction")
    register = model["register"]
    write_register(made, register["key"], register["columns"], tmp_path / "register.csv")
    with open(tmp_path / "register.csv", encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len({row["e_building"] for row in rows}) == 60
    assert all(row["e_installed"] == str(int(row["e_stage"] == "5")) for row in rows)
    with pytest.raises(PlanError):
        write_register(made, "e_building", ["height"], tmp_path / "other.csv")


@pytest.mark.slow
@pytest.mark.parametrize("study", STUDIES)
def test_example_data_are_what_the_command_makes(study, tmp_path):
    """Parts of the archives are compared, not their compressed bytes: those depend on the zlib in use."""
    files = example(study, tmp_path)
    models = (ROOT / "analyses" / study).glob("simulation*.toml")
    assert len([f for f in files if f.suffix == ".xlsx"]) == len(list(models))
    for made in files:
        kept = ROOT / "analyses" / study / made.name
        if made.suffix == ".xlsx":
            ours, theirs = zipfile.ZipFile(made), zipfile.ZipFile(kept)
            assert ours.namelist() == theirs.namelist()
            assert all(ours.read(name) == theirs.read(name) for name in ours.namelist())
        else:
            assert made.read_bytes() == kept.read_bytes()
