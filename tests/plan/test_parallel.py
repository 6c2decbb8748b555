"""Jobs side by side give what they give one after the other."""

from __future__ import annotations

import os
import pickle

import pytest

from evalkit.contract import Label, PlanError, Problem
from evalkit.plan.parallel import together


def test_results_keep_the_order_of_the_jobs():
    assert together([lambda i=i: i * i for i in range(4)]) == [0, 1, 4, 9]


def test_what_a_job_raises_is_raised_here():
    def fails() -> int:
        raise PlanError(Problem("E516", params={"name": Label(zh="甲", en="a"), "near": ["b"]}))

    for jobs in ([fails, lambda: 1], [lambda: 1, fails]):
        with pytest.raises(PlanError) as caught:
            together(jobs)
        assert caught.value.problems[0].params["name"] == Label(zh="甲", en="a")


def test_a_job_that_dies_is_no_silence():
    if len(os.sched_getaffinity(0)) < 2:
        return
    with pytest.raises(ChildProcessError):
        together([lambda: 1, lambda: os._exit(3)])


def test_labels_survive_the_way_back():
    label = Label("n", n=Label(zh="三", en="three"))
    assert pickle.loads(pickle.dumps(label)) == label
