import numpy as np
import pytest

from evalkit.models.mediation.system import CycleError, Equation, System, Term, causal_order, design

INTERCEPT = Term()
M = Equation("m", "linear", (INTERCEPT, Term(("x",)), Term(("w",)), Term(("x", "w"))))
Y = Equation("y", "logit", (INTERCEPT, Term(("x",)), Term(("m",))))


def test_design_has_one_column_a_term():
    values = np.array([[2.0, 3.0, 5.0, 0.0], [1.0, -1.0, 4.0, 1.0]])
    got = design(M, {"x": 0, "w": 1, "m": 2, "y": 3}, values)
    assert got.tolist() == [[1, 2, 3, 6], [1, 1, -1, -1]]


def test_design_keeps_leading_axes():
    values = np.arange(24.0).reshape(2, 3, 4)
    places = {"x": 0, "w": 1, "m": 2, "y": 3}
    got = design(M, places, values)
    assert got.shape == (2, 3, 4)
    assert (got[1] == design(M, places, values[1])).all()


def test_causal_order_puts_mediators_first():
    assert causal_order((Y, M)) == (M, Y)
    system = System((M, Y), ("x", "w", "m", "y"))
    assert system.places["m"] == 2
    assert not system.linear
    assert system.equation("y") is Y


def test_a_cycle_is_named():
    first = Equation("m", "linear", (INTERCEPT, Term(("x",))))
    second = Equation("y", "linear", (INTERCEPT, Term(("m",))))
    back = Equation("x", "linear", (INTERCEPT, Term(("y",))))
    with pytest.raises(CycleError) as fault:
        causal_order((first, second, back))
    assert fault.value.cycle == ("m", "y", "x", "m")


def test_an_outcome_of_itself_is_a_cycle():
    with pytest.raises(CycleError) as fault:
        causal_order((Equation("m", "linear", (Term(("m",)),)),))
    assert fault.value.cycle == ("m", "m")
