"""Networks of some of the actors, what actors, groups and periods are called, and targets in common."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.cases.ties import network, qap
from evalkit.contract import AnalysisError, InputError
from evalkit.contract.words import say
from evalkit.ingest.casebook import read_casebook

ACTORS = pd.DataFrame(
    {
        "actor_id": ["P", "Q", "R", "S", "T", "M1", "M2"],
        "label": ["党委", "企业甲", "企业乙", "商户", "社团", "会一", "会二"],
        "label_en": ["Committee", "Firm A", "Firm B", "Shop", None, "Meeting 1", "Meeting 2"],
        "kind": ["party", "firm", "firm", "shop", "club", "meeting", "meeting"],
        "size": [3, 1, 2, 1, 1, 0, 0],
    }
)
TIES = pd.DataFrame(
    [
        ("P", "Q", "joint", "before"), ("P", "Q", "joint", "after"), ("P", "R", "joint", "after"),
        ("Q", "R", "joint", "after"), ("R", "S", "joint", "after"), ("P", "R", "favour", "after"),
        ("Q", "S", "favour", "after"), ("P", "M1", "attend", "after"), ("Q", "M1", "attend", "after"),
        ("R", "M1", "attend", "after"), ("P", "M2", "attend", "after"), ("Q", "M2", "attend", "after"),
    ],
    columns=["from", "to", "relation", "period"],
)  # fmt: skip
FIRMS = {"kind": ["party", "firm", "shop"]}
WORDS = {"firm": {"zh": "企业", "en": "Firm"}, "joint": {"zh": "联合活动", "en": "Joint action"},
         "after": {"zh": "成立后", "en": "after founding"}, "kind": {"zh": "类别", "en": "kind"}}  # fmt: skip


def joint(**more):
    given = {"periods": ["before", "after"], "permutations": 50} | more
    return network(TIES, relation="joint", directed=False, actors=ACTORS, **given)


def test_words_of_periods_are_in_the_order_that_is_given():
    right, wrong = joint(), joint(periods=())
    assert [(c.before, c.after, c.kept, c.new, c.lost) for c in right.changes] == [("before", "after", 1, 3, 0)]
    assert right.whole["ties"] == 4 and not right.notices[1:]
    assert [(c.before, c.after) for c in wrong.changes] == [("after", "before")]
    assert "N6753" in {p.code for p in wrong.notices}
    years = network(TIES.assign(period=TIES["period"].map({"before": 2019, "after": 2021})), relation="joint")
    assert [(c.before, c.after) for c in years.changes] == [("2019", "2021")]
    assert "N6753" not in {p.code for p in years.notices}
    spans = TIES.assign(period=TIES["period"].map({"before": "2012-2016", "after": "2017-2021"}))
    assert "N6753" not in {p.code for p in network(spans, relation="joint").notices}
    with pytest.raises(AnalysisError) as raised:
        joint(periods=["after"])
    assert raised.value.problems[0].code == "E6752"


def test_only_the_chosen_actors_and_the_ties_among_them():
    everyone, some = joint(), joint(among=FIRMS)
    assert everyone.whole["components.isolates"] == 3 and some.whole["components.isolates"] == 0
    assert some.graph.names == ("P", "Q", "R", "S") and some.whole["ties"] == everyone.whole["ties"] == 4
    two = joint(among={"kind": "firm"})
    assert two.graph.names == ("Q", "R") and two.whole["ties"] == 1
    assert {d.reason: d.n for d in two.dropped} == {"drop.outside": 11}
    by_number = network(TIES, relation="favour", actors=ACTORS, among={"size": 1})
    assert by_number.graph.names == ("Q", "S", "T") and by_number.whole["ties"] == 1


def test_in_two_modes_the_senders_are_chosen():
    attended = network(TIES, relation="attend", two_mode=True, actors=ACTORS, among={"kind": ["party", "firm"]})
    assert attended.graph.names == ("P", "Q", "R")
    assert attended.graph.weights.tolist() == [[0, 2, 1], [2, 0, 1], [1, 1, 0]]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_actors_groups_and_periods_have_words_in_both_languages(lang):
    found = joint(group="kind", among=FIRMS, labels=WORDS)
    firm = WORDS["firm"][lang]
    assert firm in [head.text(lang) for head in found.table("mixing").header[0]]
    assert WORDS["after"][lang] in found.table("change").rows[0].cells[0].value.text(lang)
    labels = found.figure().labels
    assert labels["kind:firm"].text(lang) == firm
    assert labels["Q"].text(lang) == {"zh": "企业甲", "en": "Firm A"}[lang]
    assert network(TIES, relation="joint", actors=ACTORS).labels["T"].text("en") == "社团"


def test_targets_in_common_predict_ties():
    found = qap(
        TIES[TIES["period"] == "after"], outcome="joint", predictors=["favour", "shared:attend", "same:kind"],
        directed=False, actors=ACTORS, among=FIRMS, labels=WORDS, permutations=200,
    )  # fmt: skip
    ties = np.array([[0, 1, 1, 0], [1, 0, 1, 0], [1, 1, 0, 1], [0, 0, 1, 0]], dtype=float)
    common = np.array([[0, 2, 1, 0], [2, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0]], dtype=float)
    off = np.triu_indices(4, 1)
    assert found.correlations[1].estimate == pytest.approx(np.corrcoef(ties[off], common[off])[0, 1])
    assert found.n_obs == 4 and {d.reason: d.n for d in found.dropped} == {"drop.outside": 5}
    favour = np.array([[0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]])
    assert found.overlaps[0] == (ties * favour).sum() / np.maximum(ties, favour).sum()
    assert np.isnan(found.overlaps[1:]).all()
    table = found.table("N3")
    assert [row.cells[3].value for row in table.rows] == [found.overlaps[0], None, None]
    assert found.tidy().query("model == 'overlap'")["estimate"].iloc[0] == found.overlaps[0]
    assert table.title.text("en").endswith("Joint action")
    assert [row.cells[0].value.text("zh") for row in table.rows] == ["favour", "共同的attend", "类别相同"]


FAULTS = {
    "no list of actors": ({"actors": None, "among": FIRMS}, "E6750", "kind"),
    "no such value": ({"among": {"kind": "bank"}}, "E6751", "bank"),
    "no such column": ({"among": {"sort": "firm"}}, "E600", "sort"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_named(name):
    options, code, said = FAULTS[name]
    for call in (
        lambda given: network(TIES, relation="joint", **given),
        lambda given: qap(TIES, outcome="joint", predictors=["favour"], **given),
    ):
        with pytest.raises(AnalysisError) as raised:
            call({"actors": ACTORS, **options})
        (problem,) = raised.value.problems
        assert problem.code == code and all(said in say(problem, lang) for lang in ("zh", "en"))


def test_a_common_target_of_no_relation_is_a_fault():
    with pytest.raises(AnalysisError) as raised:
        qap(TIES, outcome="joint", predictors=["shared:visit"], actors=ACTORS)
    assert raised.value.problems[0].code == "E6495"


class TestBadInput:
    """What a user sees: each message says what, where and what to do, in both languages."""

    def book(self, folder, actors=None, ties=None):
        (folder / "actors.csv").write_text(actors or "actor_id,label\nP,党委\nQ,企业\nR,商户\n", encoding="utf-8")
        (folder / "ties.csv").write_text(ties or "from,to\nP,Q\n", encoding="utf-8")
        return folder

    def test_an_isolate_has_no_closeness_and_is_named(self, tmp_path):
        casebook = read_casebook(self.book(tmp_path))
        found = network(casebook.ties, actors=casebook.actors)
        place = found.graph.names.index("R")
        assert np.isnan(found.nodes["closeness"][place])
        (notice,) = (p for p in found.notices if p.code == "N6501")
        assert "商户" in say(notice, "zh") and "商户" in say(notice, "en")
        last = found.table("N2").rows[-1].cells
        assert np.isnan(last[4].value) and last[4].reason == "network.reason_isolate"

    def test_a_self_tie_has_an_address_and_a_remedy(self, tmp_path):
        with pytest.raises(InputError) as raised:
            read_casebook(self.book(tmp_path, ties="from,to\nP,Q\nQ,Q\n"))
        (problem,) = raised.value.problems
        assert (problem.code, problem.at.cell) == ("E2122", "B3")
        assert "ties.csv" in say(problem, "zh") and "删去" in say(problem, "zh") and "delete" in say(problem, "en")
        plain = network(pd.DataFrame({"from": ["P", "Q"], "to": ["Q", "Q"]}))
        assert [p.code for p in plain.notices] == ["W6499"] and plain.whole["ties"] == 1

    def test_a_tie_to_an_unknown_actor_has_an_address_and_the_nearest_name(self, tmp_path):
        with pytest.raises(InputError) as raised:
            read_casebook(self.book(tmp_path, ties="from,to\nP,Q\nP,Q2\n"))
        (problem,) = raised.value.problems
        assert (problem.code, problem.at.cell) == ("E2115", "B3") and problem.params["near"] == ["Q"]
        with pytest.raises(AnalysisError) as raised:
            network(pd.DataFrame({"from": ["P"], "to": ["X"]}), actors=ACTORS)
        assert raised.value.problems[0].code == "E6490" and "X" in say(raised.value.problems[0], "en")


def test_a_tie_within_a_group_counts_once_without_directions():
    found = joint(group="kind", among=FIRMS)
    cells = {row.cells[0].value.text("en"): row.cells for row in found.table("mixing").rows}
    assert cells["firm"][2].value == "1 (1.00)" and cells["firm"][3].value == "2 (1.00)"
    assert "send" not in found.table("mixing").notes[0].text("en")
    arrows = network(TIES, relation="joint", periods=["before", "after"], actors=ACTORS, among=FIRMS, group="kind")
    assert arrows.table("mixing").rows[0].cells[2].value == "1 (0.50)"
    assert "send" in arrows.table("mixing").notes[0].text("en")


def test_an_actor_may_have_the_name_of_a_kind():
    renamed = ACTORS.replace({"actor_id": {"S": "shop"}})
    ties = TIES.replace({"from": {"S": "shop"}, "to": {"S": "shop"}})
    labels = network(
        ties, relation="joint", actors=renamed, group="kind", labels={"shop": {"zh": "商户类", "en": "Shops"}}
    )
    figure = labels.figure()
    assert figure.labels["shop"].text("zh") == "商户" and figure.labels["kind:shop"].text("zh") == "商户类"


def test_names_stand_on_a_ground_above_the_ties():
    from evalkit.report.figures import network as drawing
    from evalkit.report.figures import palette
    from evalkit.report.figures.canvas import Line
    from evalkit.report.figures.wording import Wording
    from evalkit.report.styles import load_style

    canvas = drawing.draw(Wording(joint(among=FIRMS).figure(), "zh", load_style("cn")))
    names = [i for i, s in enumerate(canvas.shapes) if isinstance(s, Line) and s.text in set(ACTORS["label"])]
    assert len(names) == 4
    for i in names:
        under = canvas.shapes[i - 1]
        assert under.fill == palette.PAPER and under.points[0][0] < canvas.shapes[i].box.x0
    last_tie = max(i for i, s in enumerate(canvas.shapes) if not isinstance(s, Line) and s.fill is None)
    assert last_tie < min(names)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_boundaries_are_set_beside_chance(lang):
    from evalkit.report.sentences import sentences

    rng = np.random.default_rng(3)
    actors = pd.DataFrame({"actor_id": [f"a{i}" for i in range(20)], "region": ["N", "S"] * 10, "sort": "one"})
    pairs = [(i, j) for i in range(20) for j in range(i + 1, 20) if rng.random() < (0.5 if (i + j) % 2 == 0 else 0.05)]
    ties = pd.DataFrame([(f"a{i}", f"a{j}") for i, j in pairs], columns=["from", "to"])
    words = {"region": {"zh": "区域", "en": "region"}}
    found = network(ties, directed=False, actors=actors, boundaries=["region", "sort"], labels=words, permutations=200)
    region, sort = found.boundaries
    across = sum((i + j) % 2 for i, j in pairs)
    assert (region.across, region.within) == (across, len(pairs) - across)
    assert region.ei == pytest.approx((2 * across - len(pairs)) / len(pairs))
    assert region.expected == pytest.approx((100 - 90) / 190) and region.blau == 0.5
    assert region.ei < region.expected and region.p_value == pytest.approx(1 / 201)
    assert sort.blau == 0 and np.isnan(sort.p_value) and sort.ei == -1
    table = found.table("boundaries")
    assert table.rows[0].cells[0].value.text(lang) == words["region"][lang]
    said = [s.text(lang) for s in sentences("network", found)]
    assert sum(words["region"][lang] in s for s in said) == 1
    tidy = found.tidy().query("group == 'boundary' and term == 'ei'")
    assert tidy["level"].tolist() == ["region", "sort"]
    with pytest.raises(AnalysisError) as raised:
        network(ties, actors=actors, boundaries=["sector"])
    assert raised.value.problems[0].code == "E600"
