"""A ledger of problems: counts and sums, levels, times with open problems, printed totals, the drawing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.cases.ledger import problem_flow
from evalkit.cases.ledger.durations import median_time, product_limit
from evalkit.contract import AnalysisError, InputError
from evalkit.contract.words import say
from evalkit.ingest.casebook import read_casebook
from evalkit.report.figures import draw
from evalkit.report.sentences import sentences

LABELS = {"station": {"zh": "互助站", "en": "Station"}, "1": {"zh": "一级", "en": "Level 1"}}


def ledger() -> pd.DataFrame:
    """Ten problems: four settled by the station, three by the network, one by a department, two without a route."""
    return pd.DataFrame(
        {
            "problem_id": [f"P{i:02}" for i in range(10)],
            "date_in": "2017-03-01",
            "type": ["repair"] * 6 + ["dispute"] * 4,
            "level": [1, 1, 1, 1, 2, 2, 2, 3, 1, 1],
            "route": ["station"] * 4 + ["network"] * 3 + ["department", None, None],
            "date_out": [f"2017-03-{d:02}" for d in (2, 3, 4, 5, 8, 9, 10, 31)] + [None, None],
            "result": ["done"] * 8 + [None] * 2,
            "satisfaction": [5, 4, 4, 3, 3, 3, None, 1, None, None],
            "unit": ["A", "B"] * 5,
        }
    )


@pytest.fixture(scope="module")
def found():
    totals = {"received": 10, "station": 4, "network": 3, "department": 1}
    return problem_flow(ledger(), by="unit", totals=totals, labels=LABELS, until="2017-04-30")


def test_counts_by_route_and_what_is_open(found):
    assert [(g.value, g.n, g.settled, g.open) for g in found.routes] == [
        ("station", 4, 4, 0), ("network", 3, 3, 0), ("department", 1, 1, 0), ("", 2, 0, 2),
    ]  # fmt: skip
    assert found.n_obs == sum(g.n for g in found.routes) == 10 and found.all.open == 2
    assert found.routes[0].satisfaction == 4 and found.routes[1].n_satisfaction == 2
    assert np.isnan(found.routes[-1].satisfaction)


def test_levels_receive_retain_and_pass_on(found):
    stages = {s.level: (s.reached, s.at.settled, s.passed) for s in found.stages}
    assert stages == {"1": (10, 4, 4), "2": (4, 3, 1), "3": (1, 1, 0)}
    assert [s.retention for s in found.stages] == [0.4, 0.75, 1.0]
    assert all(s.reached == s.at.n + s.passed for s in found.stages)


def test_times_are_days_with_open_problems_censored(found):
    assert found.routes[0].time.estimate == 2.5  # half are open from the second day to the third
    assert found.routes[1].time.estimate == 8
    assert found.all.time.estimate == 7.5 and found.all.time.n == 10
    assert np.isnan(found.routes[-1].time.estimate)
    assert found.until == "2017-04-30"
    earlier = problem_flow(ledger())
    assert earlier.until == "2017-03-31"


def test_breakdowns_add_up_to_the_routes(found):
    parts = {b.name: b for b in found.breakdowns}
    assert set(parts) == {"kind", "result", "by"} and found.by == "unit"
    for part in parts.values():
        assert part.counts.sum() == 10
        assert list(part.counts.sum(axis=0)) == [g.n for g in found.routes]
        assert [g.n for g in part.lines] == list(part.counts.sum(axis=1))
    assert [g.value for g in parts["result"].lines] == ["done", ""]
    assert [g.value for g in parts["by"].lines] == ["A", "B"]


def test_printed_totals_are_checked():
    printed = {"received": 10, "station": 5, "network": 3, "department": 1, "open": 1}
    notices = {p.code: p for p in problem_flow(ledger(), totals=printed).notices}
    assert notices["W6741"].params == {"sum": "9", "total": "10", "gap": "+1"}
    assert {"W6740", "W6741", "N6743"} == set(notices)
    apart = [p.params["name"]["zh"] for p in problem_flow(ledger(), totals=printed).notices if p.code == "W6740"]
    assert apart == ["station", "未办结"]
    complete = problem_flow(ledger(), totals={"received": 10, "station": 4, "network": 3, "department": 1,
                                              "without_route": 2})  # fmt: skip
    assert not {p.code for p in complete.notices} & {"W6740", "W6741"}
    assert "10" in complete.table("totals").notes[0].text("en")


def test_the_printed_ledger_of_the_street_lacks_two(found):
    routes = ["station"] * 1604 + ["network"] * 2657 + ["department"] * 353 + [None] * 2
    book = pd.DataFrame({"problem_id": range(4616), "route": routes})
    got = problem_flow(book, totals={"received": 4616, "station": 1604, "network": 2657, "department": 353})
    (gap,) = (p for p in got.notices if p.code == "W6741")
    assert (gap.params["sum"], gap.params["total"], gap.params["gap"]) == ("4614", "4616", "+2")
    assert 100 * got.routes[1].n / got.n_obs == pytest.approx(34.749, abs=5e-4)  # the station
    assert np.isnan(got.all.open) and "N6736" in {p.code for p in got.notices}


# R's survival package: survfit(Surv(time, status) ~ x, data = aml), Miller (1997).
MAINTAINED = ([9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161], [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0])
NOT_MAINTAINED = ([5, 5, 8, 8, 12, 16, 23, 27, 30, 33, 43, 45], [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1])


@pytest.mark.parametrize(("data", "median", "low"), [(MAINTAINED, 31, 18), (NOT_MAINTAINED, 23, 8)])
def test_the_median_time_agrees_with_survfit(data, median, low):
    days, status = (np.array(v) for v in data)
    got = median_time(days.astype(float), status == 1)
    assert (got.estimate, got.conf_low) == (median, low) and np.isnan(got.conf_high)


def test_the_product_limit_agrees_with_statsmodels():
    from statsmodels.duration.survfunc import SurvfuncRight

    rng = np.random.default_rng(4)
    days, settled = rng.integers(0, 30, 200).astype(float), rng.random(200) < 0.7
    at, share, greenwood = product_limit(days, settled)
    theirs = SurvfuncRight(days + 1, settled)
    np.testing.assert_allclose(at + 1, theirs.surv_times)
    np.testing.assert_allclose(share, theirs.surv_prob, rtol=1e-12)
    np.testing.assert_allclose(share * np.sqrt(greenwood), theirs.surv_prob_se, rtol=1e-9, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=30))
def test_without_open_problems_the_median_is_the_plain_one(days):
    got = median_time(np.array(days, dtype=float), np.ones(len(days), dtype=bool))
    assert got.estimate == np.median(days)


def test_routes_and_levels_keep_the_given_order():
    words = ledger().replace({"level": {1: "self", 2: "joint", 3: "above"}})
    unknown = problem_flow(words)
    assert not unknown.stages and {"N6734"} <= {p.code for p in unknown.notices}
    known = problem_flow(words, levels=["self", "joint", "above"], routes=["department", "network", "station"])
    assert [s.reached for s in known.stages] == [10, 4, 1]
    assert [g.value for g in known.routes] == ["department", "network", "station", ""]
    assert known.tidy().query("group == 'level' and term == 'passed'")["estimate"].tolist() == [4, 1, 0]


def test_columns_may_have_other_names_or_be_missing():
    renamed = ledger().rename(columns={"problem_id": "pid", "route": "way", "type": "sort", "level": "tier"})
    got = problem_flow(renamed, problem="pid", route="way", kind="sort", level="tier")
    assert [s.reached for s in got.stages] == [10, 4, 1] and "kind" in got.templates
    assert problem_flow(ledger()[["problem_id", "route"]]).templates == ("routes",)
    undated = problem_flow(ledger().drop(columns="date_in"))
    assert undated.all.open == 2 and np.isnan(undated.all.time.estimate)


FAULTS = {
    "a problem twice": (lambda d: pd.concat([d, d.iloc[:1]]), {}, "E6730", "P00"),
    "no problem": (lambda d: d.iloc[:0], {}, "E6731", ""),
    "a route left out": (lambda d: d, {"routes": ["station", "network"]}, "E6732", "department"),
    "a level left out": (lambda d: d, {"levels": [1, 2]}, "E6732", "3"),
    "an unknown total": (lambda d: d, {"totals": {"stations": 4}}, "E6733", "stations"),
    "closed too early": (lambda d: d, {"until": "2017-03-02"}, "E6735", "2017-03-31"),
    "no day": (lambda d: d, {"until": "end of 2017"}, "E6735", "end of 2017"),
    "no such column": (lambda d: d, {"by": "station"}, "E600", "station"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_named(name):
    change, options, code, said = FAULTS[name]
    with pytest.raises(AnalysisError) as raised:
        problem_flow(change(ledger()), **options)
    (problem,) = raised.value.problems
    assert problem.code == code
    assert all(said in say(problem, lang) for lang in ("zh", "en"))


def test_dates_that_cannot_be_are_told_and_left_out():
    book = ledger()
    book.loc[0, "date_out"], book.loc[1, "date_in"], book.loc[2, "satisfaction"] = "2017-02-01", "2017-03", np.nan
    book["satisfaction"] = book["satisfaction"].astype(object)
    book.loc[3, "satisfaction"] = "good"
    got = problem_flow(book)
    told = {p.code: p.params for p in got.notices}
    assert told["W6738"]["names"] == ["P00"] and told["W6737"]["names"] == ["P01"] and told["W6739"]["n"] == 1
    assert got.all.n == 10 and got.all.time.n == 8
    lost = problem_flow(ledger().assign(problem_id=[None, *ledger()["problem_id"][1:]]))
    assert lost.n_obs == 9 and [(d.reason, d.n) for d in lost.dropped] == [("drop.no_id", 1)]


def test_settled_problems_without_a_route_are_told():
    book = ledger()
    book.loc[8, "date_out"] = "2017-03-20"
    got = problem_flow(book)
    assert "N6742" in {p.code for p in got.notices}
    assert got.routes[-1].settled == 1


def test_the_drawing_holds_every_problem_once(found):
    figure = found.figure()
    nodes, bands = (figure.frame[figure.frame["part"] == part] for part in ("node", "band"))
    ends = nodes[nodes["kind"] != "stage"]
    assert ends["size"].sum() == 10
    for row in nodes.itertuples():
        coming, going = bands.loc[bands["b"] == row.a, "size"].sum(), bands.loc[bands["a"] == row.a, "size"].sum()
        assert row.column == 0 or coming == row.size
        assert row.kind != "stage" or going == row.size
    assert list(ends["kind"]) == ["route", "route", "route", "none"]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("share_open", [0.0, 0.3])
def test_no_words_touch_and_bands_are_in_proportion(lang, share_open):
    from evalkit.report.figures import flow
    from evalkit.report.figures.wording import Wording
    from evalkit.report.styles import load_style

    rng = np.random.default_rng(2)
    n = 3000
    level = rng.choice([1, 2, 3], n, p=[0.3, 0.68, 0.02])
    routes = np.array(["station", "network", "department"], dtype=object)[level - 1]
    routes[:2] = None
    book = pd.DataFrame({"problem_id": range(n), "level": level, "route": routes, "date_in": "2017-01-01"})
    book["date_out"] = np.where(rng.random(n) < share_open, None, "2017-02-01")
    long = {"station": {"zh": "由居民自治互助站自行处置的问题和求助", "en": "Problems handled by the station itself"}}
    figure = problem_flow(book, labels=long).figure()
    canvas = flow.draw(Wording(figure, lang, load_style("cn")))
    boxes = [line.box for line in canvas.lines]
    assert not [1 for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]
    assert all(b.x0 >= 0 and b.x1 <= canvas.width and b.y1 <= canvas.height for b in boxes)
    plan = flow._laid_out(Wording(figure, lang, load_style("cn")))
    assert {round(node.box.y1 - node.box.y0, 6) for node in plan.nodes.values()} == {
        round(node.size * 230 / n, 6) for node in plan.nodes.values()
    }
    assert str(n) in draw(figure, lang=lang).alt


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_sentences_name_routes_levels_and_gaps(found, lang):
    said = " ".join(s.text(lang) for s in sentences("problem_flow", found))
    assert LABELS["station"][lang] in said and "2017-04-30" in said and "40.0" in said
    gap = problem_flow(ledger(), totals={"received": 11, "station": 4, "network": 3, "department": 1})
    assert "8" in [s.text(lang) for s in sentences("problem_flow", gap)][-2]


def test_the_casebook_reads_a_ledger(tmp_path):
    book = tmp_path / "book"
    book.mkdir()
    heads = "问题编号,受理日期,问题类型,层级,去向,办结日期,办理结果,满意度,楼栋\n"
    rows = f"{heads}P1,2017-03-01,维修,1,station,2017/3/4,办结,4,3栋\nP2,2017-03-02,停车,2,,,,,\n"
    (book / "问题台账.csv").write_text(rows, encoding="utf-8")
    frame = read_casebook(book).ledger
    assert frame["date_out"].tolist()[0] == "2017-03-04" and frame["level"].tolist() == [1, 2]
    assert frame["楼栋"].notna().tolist() == [True, False]
    got = problem_flow(frame)
    assert [(g.value, g.n) for g in got.routes] == [("station", 1), ("", 1)]
    (book / "问题台账.csv").write_text(rows.replace("P2", "P1").replace("2017/3/4", "三月四日"), encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_casebook(book)
    assert {(p.code, p.at.cell) for p in raised.value.problems} == {("E2109", "A3"), ("E2114", "F2")}
