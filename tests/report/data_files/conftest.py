"""A simulated study as scored data, with every kind of question and of missing answer."""

from __future__ import annotations

import pytest

from evalkit.ingest import read_responses
from evalkit.instrument import load_instrument
from evalkit.scoring import score
from evalkit.simulation import model_for, simulate, write_wjx


@pytest.fixture(scope="package")
def asked():
    return load_instrument("j-community-renovation")


@pytest.fixture(scope="package")
def responses(asked, tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "answers.xlsx"
    write_wjx(simulate(asked, model_for(asked.id), n=60, seed=7), asked, path)
    return read_responses(path, asked)


@pytest.fixture(scope="package")
def data(responses):
    return score(responses)
