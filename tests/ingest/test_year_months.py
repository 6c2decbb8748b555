"""A month of a year, as a question on when somebody joined is answered."""

from __future__ import annotations

import numpy as np
import pytest

from evalkit.ingest.meta import moments_in_time


@pytest.mark.parametrize("text", ["2021-06", "2021-6", "2021/06", "2021年6月", "2021年06月"])
def test_a_month_without_a_day_is_its_first_day(text):
    assert moments_in_time([text])[0] == np.datetime64("2021-06-01")


def test_what_has_a_day_keeps_it_and_no_month_is_no_date():
    found = moments_in_time(["2021-06-15", "20210615", "2021-13", "2021-00", "2021"])
    assert (found[:2] == np.datetime64("2021-06-15")).all()
    assert np.isnat(found[2:]).all()
