"""What the chained equations draw from: modes beside statsmodels, spreads beside the theory, donors that are near."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.miscmodels.ordinal_model import OrderedModel

from evalkit.resample import Stream
from evalkit.studies.imputation.categories import Nominal, Ordered, drawn_categories, drawn_parameters
from evalkit.studies.imputation.clusters import drawn_effects, drawn_variance
from evalkit.studies.imputation.numbers import drawn_line, drawn_values, matched

N = 600


@pytest.fixture(scope="module")
def answers():
    rng = np.random.default_rng(0)
    x = np.column_stack([np.ones(N), rng.normal(size=(N, 2))])
    return x, np.digitize(x[:, 1] - 0.5 * x[:, 2] + rng.logistic(size=N), [-1, 0, 1.5])


def test_ordered_categories(answers):
    x, y = answers
    model = Ordered(x, y, 4, np.zeros((N, 1)))
    mode, drawn = drawn_parameters(model, None, Stream(1))
    found = OrderedModel(y, x[:, 1:], distr="logit").fit(disp=0, method="bfgs")
    assert mode[3:] == pytest.approx(found.params[:2], abs=2e-3)
    assert mode[:3] == pytest.approx(found.model.transform_threshold_params(found.params)[1:-1], abs=2e-3)
    assert np.sqrt(np.diag(np.linalg.inv(model.information(mode))))[3:] == pytest.approx(found.bse[:2], rel=0.05)
    assert (np.diff(drawn[:3]) > 0).all()
    again, _ = drawn_parameters(model, mode + 0.05, Stream(2))
    assert again == pytest.approx(mode, abs=1e-3)


def test_unordered_categories(answers):
    x, y = answers
    model = Nominal(x, y, 4, np.zeros((N, 3)))
    mode, _ = drawn_parameters(model, None, Stream(1))
    found = sm.MNLogit(y, x).fit(disp=0)
    assert mode.reshape(3, 3) == pytest.approx(found.params.T, abs=0.01)
    spread = np.sqrt(np.diag(np.linalg.inv(model.information(mode)))).reshape(3, 3)
    assert spread == pytest.approx(found.bse.T, rel=0.01)


@pytest.mark.parametrize("kind", [Ordered, Nominal])
def test_slopes_are_those_of_the_likelihood(answers, kind):
    x, y = answers
    model = kind(x, y, 4, np.full((N, 1 if kind is Ordered else 3), 0.2))
    _, at = drawn_parameters(model, None, Stream(3))
    steps = 1e-6 * np.eye(len(at))
    numeric = [(model.slope(at + s)[0] - model.slope(at - s)[0]) / 2e-6 for s in steps]
    assert model.slope(at)[1] == pytest.approx(numeric, abs=1e-5)
    score, weight = model.tilt(at)
    moved = kind(x, y, 4, model.offset + 1e-6 * (np.arange(model.offset.shape[1]) == 0))
    assert score[:, 0].sum() == pytest.approx((moved.slope(at)[0] - model.slope(at)[0]) / 1e-6, abs=1e-2)
    assert (weight > 0).all()


def test_thresholds_out_of_order_are_impossible(answers):
    model = Ordered(*answers, 4, np.zeros((N, 1)))
    assert model.slope(np.array([1.0, 0, 2, 0, 0]))[0] == -np.inf


def test_categories_come_in_their_shares():
    drawn = drawn_categories(np.tile([0.2, 0.5, 0.3], (4000, 1)), Stream(5))
    assert np.bincount(drawn.astype(int)) / 4000 == pytest.approx([0.2, 0.5, 0.3], abs=0.03)


def test_draws_of_a_line_scatter_as_its_estimates():
    rng = np.random.default_rng(3)
    x = np.column_stack([np.ones(200), rng.normal(size=200)])
    y = x @ [1.0, 2.0] + 0.5 * rng.normal(size=200)
    fit = sm.OLS(y, x).fit()
    stream = Stream(4)
    drawn = [drawn_line(x.T @ x, x.T @ y, float(y @ y), 200, stream) for _ in range(800)]
    assert drawn[0][0] == pytest.approx(fit.params, abs=1e-4)
    spread = np.std([b for _, b, _ in drawn], axis=0)
    assert spread == pytest.approx(fit.bse, rel=0.1)
    assert np.mean([s for _, _, s in drawn]) == pytest.approx(np.sqrt(fit.scale), rel=0.02)


def test_values_keep_to_their_bounds():
    drawn = drawn_values(np.zeros(2000), 1.0, (-0.5, 2.0), Stream(6))
    assert (drawn.min() >= -0.5, drawn.max() <= 2.0) == (True, True)
    assert drawn_values(np.array([3.0]), 0.0, (0.0, 2.0), Stream(6)) == pytest.approx([2.0])


def test_donors_are_the_nearest():
    predicted = np.arange(100.0)
    drawn = matched(predicted, predicted * 10, np.array([0.2, 50.4, 99.0]), Stream(7))
    assert 0 <= drawn[0] <= 40
    assert 480 <= drawn[1] <= 520
    assert drawn[2] >= 950
    assert set(matched(np.array([1.0, 2.0]), np.array([7.0, 8.0]), np.zeros(50), Stream(8))) == {7.0, 8.0}


def test_clusters_without_answers_are_drawn_from_all():
    stream = Stream(9)
    groups = np.repeat(np.arange(3), 50)
    score = np.where(groups == 0, 4.0, -1.0)[:, None]
    weight = np.ones((150, 1))
    drawn = np.stack(
        [drawn_effects(score, weight, np.zeros((4, 1)), np.array([2.0]), groups, stream) for _ in range(500)]
    )
    mean, sd = drawn.mean(axis=0)[:, 0], drawn.std(axis=0)[:, 0]
    assert mean[:3] == pytest.approx(np.array([4, -1, -1]) * 50 / 50.5, abs=0.03)
    assert sd[3] == pytest.approx(np.sqrt(2), rel=0.1)
    assert sd[0] == pytest.approx(np.sqrt(1 / 50.5), rel=0.1)
    variances = [drawn_variance(np.full((400, 1), 1.5), stream)[0] for _ in range(200)]
    assert np.mean(variances) == pytest.approx(1.5**2, rel=0.03)
