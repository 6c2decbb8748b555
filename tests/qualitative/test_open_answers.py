"""Open answers: cutting, found words, counts of respondents, intervals, tests, quotations and what may not be said."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evalkit.contract import AnalysisError, Category, Codebook, Variable, attach
from evalkit.contract.saying_nothing import NO_ANSWER, bare, says_nothing
from evalkit.contract.words import say
from evalkit.qualitative.answering import open_answers
from evalkit.qualitative.answering.cleaning import answers_of, searched
from evalkit.qualitative.answering.cutting import Cutter, folded_plurals, han_runs, tokens
from evalkit.qualitative.answering.discovery import new_words
from evalkit.qualitative.answering.lexicon import lexicon_of, listed
from evalkit.qualitative.answering.shares import holm, wilson
from evalkit.report.sentences import sentences
from evalkit.sampling import Design, estimates

EMPTY = pd.DataFrame({"q": ["x"]})
ANSWERS = [
    "停车位太少，晚上没地方停", "小区停车难", "希望加装电梯，老人上下楼不方便", "加装电梯！！", "物业费太高",
    "物业费高，服务差",
    "无", "没有。", "N/A", "。。", "不知道", None, "Parking is hard", "No parking; lifts needed", "楼道灯坏了没人修",
    "停车位被占用，停车位划线",
]  # fmt: skip


@pytest.fixture
def survey():
    area = ["东", "西"] * (len(ANSWERS) // 2)
    return pd.DataFrame(
        {"q": ANSWERS, "area": area, "w": np.linspace(0.5, 2.0, len(ANSWERS)), "n": range(len(ANSWERS))}
    )


def counts(result, level="word"):
    tidy = result.tidy()
    rows = tidy[(tidy["level"] == level) & tidy["group"].isna()]
    return dict(zip(rows["term"], rows["count"], strict=True))


class TestCutting:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("希望加装电梯老人上下楼不方便", ["希望", "加装电梯", "老人", "上下楼", "不方便"]),
            ("物业费太高服务态度差", ["物业费", "太", "高", "服务态度", "差"]),
            ("楼道灯坏了一直没人修", ["楼道灯", "坏", "了", "一直", "没人", "修"]),
            ("党员带头做得好", ["党员", "带头", "做", "得", "好"]),
            ("ＷｉＦｉ信号不好，５Ｇ也慢", ["wifi", "信号", "不好", "5g", "也", "慢"]),
            ("don’t park here😀 e-bikes", ["don't", "park", "here", "e-bikes"]),
        ],
    )
    def test_words(self, text, wanted):
        assert tokens([searched(text)], lexicon_of(EMPTY, [], [])) == [wanted]

    def test_dictionary_wins_over_the_list_and_may_mix_scripts(self):
        lexicon = lexicon_of(EMPTY, ["12345热线", "物业费太高", "Parking Lot", "适老化"], [])
        text = searched("物业费太高，拨12345热线，适老化改造，a parking lot")
        assert tokens([text], lexicon) == [
            ["物业费太高", "拨", "12345热线", "适老化", "改造", "a", "parking lot"]
        ]  # fmt: skip

    def test_words_of_the_questionnaire_are_words(self):
        asked = Variable("job", "nominal", categories=(Category(1.0, "螺蛳粉", "noodles"),), item="job")
        frame = attach(EMPTY, Codebook(variables={"job": asked}))
        assert "螺蛳粉" in lexicon_of(frame, [], []).known

    def test_the_list_is_of_words_each_once_in_use(self):
        words = listed("words.txt")
        assert len(set(words)) > 1700
        assert not [w for w in words if len(w) > 12]

    @given(st.lists(st.text("停车位小区电梯的了 abc，12", max_size=12), max_size=6))
    @settings(max_examples=50, deadline=None)
    def test_nothing_is_lost_or_added(self, texts):
        texts = [searched(t) for t in texts]
        for text, words in zip(texts, tokens(texts, lexicon_of(EMPTY, [], [])), strict=True):
            assert "".join(words) == "".join(c for c in text if c.isalnum())

    def test_frequencies_decide_where_two_cuts_are_as_long(self):
        lexicon = lexicon_of(EMPTY, [], []).with_words(["甲乙", "乙丙"])
        assert Cutter(lexicon, {"乙丙": 50})("甲乙丙") == ("甲", "乙丙")
        assert Cutter(lexicon, {"甲乙": 50})("甲乙丙") == ("甲乙", "丙")

    def test_plurals_fold_only_to_words_that_occur(self):
        fold = folded_plurals({"lift", "lifts", "body", "bodies", "glass", "news", "bus", "buses"})
        assert [fold(w) for w in ("lifts", "bodies", "glass", "news", "buses")] == [
            "lift", "body", "glass", "news", "bus",
        ]  # fmt: skip


class TestNewWords:
    def runs(self):
        rng = np.random.default_rng(3)
        before = ["这个", "那里的", "我家", "楼下", "门口", "院里", "昨天", "每天"]
        after = ["很危险", "要管", "没人理", "太多", "好吵", "得拆", "真烦", "不行"]
        return [f"{rng.choice(before)}飞线{rng.choice(after)}" for _ in range(60)] + ["小区环境很好", "电梯坏了"] * 5

    def test_a_string_that_coheres_and_stands_free_is_found(self):
        lexicon = lexicon_of(EMPTY, [], ["飞线"])
        without = type(lexicon)(
            lexicon.known - {"飞线"}, *[getattr(lexicon, f) for f in ("own", "mixed", "single", "stop")]
        )
        found = new_words(self.runs(), without, least=5)
        word = next(w for w in found if w.word == "飞线")
        assert word.count == 60
        n = sum(map(len, self.runs()))
        assert word.cohesion == pytest.approx(np.log(60 * n / 60**2) / np.log(n / 60))
        assert word.freedom > 2.5

    def test_a_part_that_only_occurs_within_a_word_is_none(self):
        runs = [f"{a}螺蛳粉{b}" for a in "甲乙丙丁戊己庚辛" for b in "子丑寅卯辰巳午未"]
        found = {w.word for w in new_words(runs, lexicon_of(EMPTY, [], []), least=5)}
        assert "螺蛳粉" in found and not found & {"螺蛳", "蛳粉"}

    def test_a_join_of_known_words_is_none(self):
        runs = [f"{a}小区停车{b}" for a in "甲乙丙丁戊己庚辛" for b in "子丑寅卯辰巳午未"]
        assert "小区停车" not in {w.word for w in new_words(runs, lexicon_of(EMPTY, [], []), least=5)}

    def test_none_in_nothing(self):
        assert new_words([], lexicon_of(EMPTY, [], []), least=5) == ()


class TestSayingNothing:
    @pytest.mark.parametrize(
        "text", ["无", " 没有。", "暂无", "不知道", "N/A", "none", "。", "…", "😀", "无！", "Ｎ／Ａ", "Don't know"]
    )
    def test_forms(self, text):
        assert says_nothing(text, {bare(form) for form in NO_ANSWER})

    @pytest.mark.parametrize("text", ["无障碍设施", "没有电梯", "none of the lifts work", "5", "不知道找谁"])
    def test_answers(self, text):
        assert not says_nothing(text, {bare(form) for form in NO_ANSWER})

    def test_they_are_counted_apart_and_printed(self, survey):
        result = open_answers(survey, "q")
        q = result.questions[0]
        assert (q.n_blank, q.n_silent, q.n_answered) == (1, 5, 10)
        assert dict(q.silent) == {"": 1, "n/a": 1, "无": 1, "没有": 1, "不知道": 1}
        notes = [n.text("zh") for n in result.table("answers").notes]
        assert any("没有（1）" in note and "只有标点（1）" in note for note in notes)
        assert any("没有" in say(p, "zh") for p in result.notices if p.code == "N6609")

    def test_blank_rows_by_kind(self, survey):
        kinds = pd.DataFrame({"q": [0] * 11 + [1] + [0] * 4}, index=survey.index, dtype="int8")
        data = attach(survey, Codebook(variables={"q": Variable("q", "text", item="q")}, missing=kinds))
        result = open_answers(data, "q")
        assert result.questions[0].missing == (("not_asked", 1),)
        assert result.table("answers").rows[0].cells[0].value.text("en") == "not asked"

    def test_the_list_can_be_replaced(self, survey):
        assert open_answers(survey, "q", no_answer=["没有"]).questions[0].n_answered == 13


class TestCounts:
    def test_respondents_not_tokens(self, survey):
        found = counts(open_answers(survey, "q"))
        assert (found["停车位"], found["加装电梯"], found["物业费"], found["parking"]) == (2, 2, 2, 2)

    def test_named_words_are_found_within_words_and_stand_first(self, survey):
        result = open_answers(survey, "q", words=["停车", "没有的词"])
        assert list(counts(result))[:2] == ["停车", "没有的词"]
        assert counts(result)["停车"] == 3 and counts(result)["没有的词"] == 0
        found = counts(open_answers(survey, "q", words=["lift", "lifts"]))
        assert (found["lift"], found["lifts"]) == (0, 1)

    def test_themes_by_words(self, survey):
        themes = {"停车问题": ["停车", "parking"], "电梯": ["电梯", "lifts"]}
        found = counts(open_answers(survey, "q", themes=themes), "theme")
        assert found == {"停车问题": 5, "电梯": 3}

    def test_themes_in_two_languages(self, survey):
        result = open_answers(survey, "q", themes={"停车 | Parking": ["停车"]})
        (theme,) = result.questions[0].themes
        assert (theme.id, theme.label.text("zh"), theme.label.text("en")) == ("停车", "停车", "Parking")

    def test_themes_coded_by_hand(self, survey):
        names = {"t__1": "停车", "t__2": "电梯"}
        survey = survey.assign(t__1=[1, 1] + [0] * 13 + [np.nan], t__2=[0, 0, 1] + [0] * 12 + [np.nan])
        book = Codebook(variables={n: Variable(n, "option", zh, zh, item="t") for n, zh in names.items()})
        q = open_answers(attach(survey, book), "q", themes="t").questions[0]
        assert [(m.id, m.share.count, m.share.n) for m in q.themes] == [("1", 2, 15), ("2", 1, 15)]

    def test_stop_words_most_and_least(self, survey):
        assert "物业费" not in counts(open_answers(survey, "q", stop_words=["物业费"]))
        assert len(counts(open_answers(survey, "q", most=1))) == 1
        assert set(counts(open_answers(survey, "q", least=1))) > set(counts(open_answers(survey, "q")))

    def test_plurals(self):
        data = pd.DataFrame({"q": ["lifts please", "a lift", "two lifts"]})
        assert counts(open_answers(data, "q"))["lifts"] == 2
        assert counts(open_answers(data, "q", fold_plurals=True)) == {"lift": 3}

    def test_new_words_are_found_and_told_unless_not_wanted(self):
        data = pd.DataFrame({"q": [f"{a}螺蛳粉{b}" for a in "甲乙丙丁戊己庚辛" for b in "子丑寅卯辰巳午未"]})
        result = open_answers(data, "q")
        assert counts(result)["螺蛳粉"] == 64
        assert "螺蛳粉" in say(next(p for p in result.notices if p.code == "N6611"))
        assert "螺蛳粉" not in counts(open_answers(data, "q", new_words=0))

    def test_a_question_stands_for_the_texts_beside_its_options(self, survey):
        names = {"need__1": "option", "need__9__text": "text", "home": "nominal", "home__3__text": "text"}
        known = {n: Variable(n, kind, item=n.split("__")[0]) for n, kind in names.items()}
        data = survey.assign(need__1=1.0, need__9__text=survey["q"], home=1.0, home__3__text=survey["q"])
        found = open_answers(attach(data, Codebook(variables=known)), ["need", "home", "need__9__text"])
        assert [q.name for q in found.questions] == ["need__9__text", "home__3__text"]

    def test_several_questions_stand_in_sections(self, survey):
        result = open_answers(survey.assign(r=survey["q"]), ["q", "r"])
        assert [row.role for row in result.table("words").rows].count("section") == 2
        assert result.n_obs == len(survey)


class TestShares:
    def test_wilson_of_published_cases(self):
        """Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3: 81/263, 15/148, 0/20, 1/29."""
        cases = {
            (81, 263): (0.2553, 0.3662),
            (15, 148): (0.0624, 0.1605),
            (0, 20): (0.0, 0.1611),
            (1, 29): (0.0061, 0.1718),
        }
        for (k, n), wanted in cases.items():
            low, high = wilson(np.array([k / n]), np.array([float(n)]), float(stats.norm.ppf(0.975)))
            assert (low[0], high[0]) == pytest.approx(wanted, abs=5e-5)

    def test_share_and_interval_are_of_those_who_answered(self, survey):
        tidy = open_answers(survey, "q", by="area").tidy().set_index(["term", "group"])
        row = tidy.loc[("停车位", "东")]
        assert (row["count"], row["n_obs"], row["estimate"]) == (1, 5, 20)

    def test_holm(self):
        assert holm(np.array([0.01, np.nan, 0.04, 0.03])) == pytest.approx([0.03, np.nan, 0.06, 0.06], nan_ok=True)

    def test_pearson_and_fisher(self):
        rng = np.random.default_rng(1)
        data = pd.DataFrame(
            {"q": np.where(rng.random(300) < 0.4, "停车", "电梯"), "g": rng.choice(["a", "b", "c"], 300)}
        )
        row = open_answers(data, "q", by="g", words=["停车"]).tidy().query("term == '停车' and group.isna()").iloc[0]
        expected = stats.chi2_contingency(pd.crosstab(data["q"], data["g"]), correction=False)
        assert (row["statistic"], row["df"], row["p_value"]) == pytest.approx(
            (expected.statistic, expected.dof, expected.pvalue)
        )
        small = pd.DataFrame({"q": ["停车"] * 4 + ["电梯"] * 6, "g": list("aaabbbbbba")})
        test = open_answers(small, "q", by="g").questions[0].words[0].difference
        assert test.method == "fisher"
        assert test.p_value == pytest.approx(stats.fisher_exact([[3, 1], [1, 5]]).pvalue)

    def test_small_expected_counts_of_three_groups_are_told(self):
        data = pd.DataFrame({"q": ["停车"] * 4 + ["电梯"] * 8, "g": list("abcabcabcabc")})
        assert "W6607" in [p.code for p in open_answers(data, "q", by="g").notices]

    def test_weights_are_honoured(self, survey):
        result = open_answers(survey, "q", words=["停车"], by="area", design=Design(weights="w"))
        said = survey["q"].fillna("").str.contains("停车")
        answered = survey["q"].notna() & ~survey["q"].isin(["无", "没有。", "N/A", "。。", "不知道"])
        w = survey["w"].where(answered, 0)
        share = result.questions[0].words[0].share
        assert share.percent == pytest.approx(100 * (w * said).sum() / w.sum())
        assert share.count == int(said.sum())
        assert any("加权" in n.text("zh") for n in result.table("words").notes)

    def test_intervals_rest_on_the_standard_error_of_the_design(self):
        rng = np.random.default_rng(8)
        n = 400
        data = pd.DataFrame({"q": np.where(rng.random(n) < 0.35, "停车", "电梯"), "w": rng.uniform(0.5, 3, n)})
        data = data.assign(c=rng.integers(0, 40, n)).assign(
            s=lambda d: d["c"] % 4, y=lambda d: 1.0 * (d["q"] == "停车")
        )
        design = Design(weights="w", strata="s", clusters="c")
        share = open_answers(data, "q", words=["停车"], design=design).questions[0].words[0].share
        line = estimates(data, ["y"], design=design).tidy().iloc[0]
        p, se = line["estimate"], line["std_error"]
        assert share.percent == pytest.approx(100 * p)
        low, high = wilson(np.array([p]), np.array([p * (1 - p) / se**2]), float(stats.t.ppf(0.975, 40 - 4)))
        assert (share.low, share.high) == pytest.approx((100 * low[0], 100 * high[0]))

    def test_words_absent_of_the_dictionary_are_told(self, survey):
        told = [p for p in open_answers(survey, "q", dictionary=["停车位", "没有的词"]).notices if p.code == "N6613"]
        assert told[0].params["words"] == ["没有的词"]
        many = [f"词{k}" for k in range(1001)]
        assert "N6613" not in [p.code for p in open_answers(survey, "q", dictionary=many).notices]

    def test_equal_weights_leave_the_share_and_nearly_the_interval(self):
        rng = np.random.default_rng(5)
        data = pd.DataFrame(
            {"q": np.where(rng.random(400) < 0.3, "停车", "电梯"), "w": 2.0, "g": rng.choice(["a", "b"], 400)}
        )
        plain = open_answers(data, "q", by="g").questions[0].words[0]
        weighted = open_answers(data, "q", by="g", design=Design(weights="w")).questions[0].words[0]
        assert weighted.share.percent == pytest.approx(plain.share.percent)
        assert (weighted.share.low, weighted.share.high) == pytest.approx((plain.share.low, plain.share.high), rel=0.01)
        assert weighted.difference.method == "wald"
        assert weighted.difference.p_value == pytest.approx(plain.difference.p_value, abs=0.01)


class TestQuotations:
    def test_context_without_personal_data(self):
        data = pd.DataFrame({"q": ["请找王主任，电话13812345678，停车难得很，在幸福路12号3栋", "停车 ok"]})
        result = open_answers(data, "q", keywords=["停车"])
        lines = result.questions[0].lines
        assert [(x.left, x.match, x.right) for x in lines] == [
            ("请找***主任，电话***，", "停车", "难得很，***"), ("", "停车", " ok")
        ]  # fmt: skip
        assert "N6610" in [p.code for p in result.notices]
        assert not open_answers(data, "q", keywords=["1381", "幸福"]).questions[0].lines

    def test_consent_is_obeyed(self, survey):
        data = survey.assign(quotable=[1, 0] + [np.nan] * 14)
        result = open_answers(data, "q", keywords=["停车"])
        assert [x.left + x.match + x.right for x in result.questions[0].lines] == ["停车位太少，晚上没地方停"]
        assert "N6612" in [p.code for p in result.notices]
        named = open_answers(data.rename(columns={"quotable": "ok"}), "q", keywords=["停车"], quotable="ok")
        assert len(named.questions[0].lines) == 1

    def test_lines_and_width(self, survey):
        result = open_answers(survey, "q", keywords=["停车"], lines=2, width=3, by="area")
        assert [x.right for x in result.questions[0].lines] == ["位太少…", "难"]
        assert len(result.table("concordance").header[0]) == 4


class TestBadInput:
    def test_unknown_and_closed_columns(self, survey):
        for name, code in (("nowhere", "E600"), ("n", "E6601"), ("w", "E6601")):
            with pytest.raises(AnalysisError) as error:
                open_answers(survey, name)
            assert error.value.problems[0].code == code
        asked = Codebook(variables={"q": Variable("q", "nominal", item="q")})
        with pytest.raises(AnalysisError, match="E6601"):
            open_answers(attach(survey, asked), "q")

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            ({"dictionary": "words.txt"}, "E6602"),
            ({"stop_words": "words.txt"}, "E6602"),
            ({"words": "停车"}, "E6602"),
            ({"keywords": [" "]}, "E6602"),
            ({"least": 0}, "E6603"),
            ({"most": -1}, "E6603"),
            ({"lines": 0}, "E6603"),
            ({"conf_level": 95}, "E6603"),
            ({"quotable": "n"}, "E6604"),
            ({"themes": {"空": []}}, "E6605"),
            ({"themes": {"空": "停车"}}, "E6605"),
            ({"themes": {" | x": ["停车"]}}, "E6605"),
            ({"themes": {"a": ["停车"], "a | b": ["停车"]}}, "E6605"),
            ({"themes": "area"}, "E6605"),
            ({"themes": "nowhere"}, "E600"),
            ({"by": "w"}, ""),
        ],
    )
    def test_arguments(self, survey, arguments, code):
        if not code:
            assert open_answers(survey, "q", **arguments).n_obs == len(survey)
            return
        with pytest.raises(AnalysisError) as error:
            open_answers(survey, "q", **arguments)
        assert error.value.problems[0].code == code

    def test_no_question(self, survey):
        with pytest.raises(AnalysisError, match="E6606"):
            open_answers(survey, [])

    def test_nobody_answered(self):
        for column in ([np.nan] * 4, ["无"] * 4, [None, "", "  ", "。"]):
            result = open_answers(pd.DataFrame({"q": column, "g": list("abab")}), "q", by="g", words=["停车"])
            assert result.questions[0].n_answered == 0
            assert "W6608" in [p.code for p in result.notices]
            assert np.isnan(result.questions[0].words[0].share.percent)
            assert all(result.table(t).rows for t in result.templates)
            assert sentences("open_answers", result)
        assert open_answers(pd.DataFrame({"q": pd.Series([], dtype=object)}), "q").n_obs == 0

    def test_one_answer(self):
        result = open_answers(pd.DataFrame({"q": ["停车难", np.nan]}), "q", least=1)
        assert counts(result)["停车难"] == 1

    def test_a_very_long_answer(self):
        text = "停车位太少，晚上没地方停；" * 3000
        result = open_answers(pd.DataFrame({"q": [text[:32767], "停车难"]}), "q", keywords=["停车"], least=1)
        assert len(result.questions[0].lines[0].right) == 21
        assert open_answers(pd.DataFrame({"q": ["。" * 5000]}), "q").questions[0].n_silent == 1
        assert open_answers(pd.DataFrame({"q": ["。" * 5000 + "难"]}), "q").questions[0].n_answered == 1

    def test_many_answers_take_seconds(self):
        rng = np.random.default_rng(2)
        parts = np.array(
            ["停车位太少了", "希望加装电梯", "物业费太高", "楼道灯坏了", "垃圾分类站太远", "绿化带被占用", "无"]
        )
        some = [f"{a}，{b}{k % 997}" for k, (a, b) in enumerate(rng.choice(parts, (100_000, 2)))]
        started = time.perf_counter()
        result = open_answers(pd.DataFrame({"q": some, "g": rng.choice(["a", "b"], len(some))}), "q", by="g")
        assert time.perf_counter() - started < 60
        assert result.questions[0].words[0].share.count > 20_000


class TestViews:
    def test_figure_and_sentences(self, survey):
        result = open_answers(survey, "q", by="area", themes={"停车": ["停车"], "电梯": ["电梯"]})
        figure = result.figure()
        assert set(figure.frame["group"]) == {"group.东", "group.西"}
        spoken = [s.text(lang) for s in sentences("open_answers", result) for lang in ("zh", "en")]
        assert any("停车" in s for s in spoken) and any("Holm" in s for s in spoken)

    def test_tables_by_many_groups_stay_narrow(self):
        data = pd.DataFrame({"q": ["停车难", "电梯坏"] * 50, "g": [f"g{k % 10}" for k in range(100)]})
        assert open_answers(data, "q", by="g").table("words").n_columns == 6
        data["g"] = [f"g{k % 6}" for k in range(100)]
        assert open_answers(data, "q", by="g").table("words").n_columns == 12

    def test_answers_are_cut_once_however_often_they_occur(self):
        answers = answers_of(pd.Series(["停车难", "停车难", "停车难！", 5.0]), NO_ANSWER)
        assert answers.texts == ("停车难", "停车难!", "5") and list(answers.at) == [0, 0, 1, 2]
        assert list(han_runs(answers.texts, lexicon_of(EMPTY, [], []))) == ["停车难", "停车难"]
