"""Agreement of coders against the reference numbers and the published tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import AnalysisError
from evalkit.qualitative.agreeing import agreement

CODERS = pd.read_csv(Path(__file__).parent.parent / "golden" / "coders.csv")
PAIRS = {"AB": ("A", "B"), "AC": ("A", "C"), "BC": ("B", "C")}
ALL = ("percent", "cohen", "scott", "gwet", "brennan_prediger", "krippendorff", "fleiss", "conger", "light", "holsti")


def found(columns, term, *, data=CODERS, level=None, outcome=None, group=None, **options):
    """One row of the tidy frame."""
    tidy = agreement(data, columns, methods=(term if term in ALL else "cohen"), **({"intervals": ()} | options)).tidy()
    keep = tidy["term"].eq(term)
    for name, value in (("level", level), ("outcome", outcome), ("group", group)):
        keep &= tidy[name].isna() if value is None else tidy[name].eq(value)
    assert keep.sum() == 1
    return tidy[keep].iloc[0]


def codes(pair):
    return [f"code_{c}" for c in PAIRS[pair]]


def ratings(pair):
    return [f"intensity_{c}" for c in PAIRS[pair]]


@pytest.mark.parametrize("pair", PAIRS)
class TestPairs:
    def test_percent(self, pair, golden):
        row = found(codes(pair), "percent")
        assert {"n": row["n_obs"], "agree": row["estimate"]} == golden(
            "agreement", f"percent_agreement.{pair}"
        ).approx()

    def test_cohen(self, pair, golden):
        row = found(codes(pair), "cohen", level="analytic", intervals="analytic")
        got = {
            "kappa": row["estimate"],
            "lower": row["conf_low"],
            "upper": row["conf_high"],
            "var": row["std_error"] ** 2,
        }
        assert got == golden("agreement", f"cohen_kappa.{pair}").approx()
        record = golden("agreement", f"cohen_kappa_formula.{pair}")
        assert {
            "po": row["observed"],
            "pe": row["expected"],
            "kappa": row["estimate"],
            "se": row["std_error"],
            "se_null": row["estimate"] / row["statistic"],
            "z_null": row["statistic"],
        } == record.approx()

    @pytest.mark.parametrize(
        ("record", "term"),
        [("scott_pi", "scott"), ("gwet_ac1", "gwet"), ("pabak_brennan_prediger", "brennan_prediger")],
    )
    def test_other_coefficients(self, pair, record, term, golden):
        part = CODERS.dropna(subset=codes(pair))
        assert found(codes(pair), term, data=part)["estimate"] == golden("agreement", f"{record}.{pair}").approx()

    def test_confusion(self, pair, golden):
        result = agreement(CODERS, codes(pair), methods="percent", intervals=())
        counts = pd.DataFrame(result.confusions[tuple(codes(pair))], result.categories, result.categories)
        assert counts == golden("agreement", f"confusion.{pair}").approx()

    def test_kappa_of_each_code(self, pair, golden):
        tidy = agreement(CODERS, codes(pair), methods="cohen", intervals=()).tidy()
        rows = tidy[tidy["outcome"].notna()].set_index("outcome")["estimate"]
        assert rows.to_dict() == golden("agreement", f"kappa_per_code.{pair}").approx()

    @pytest.mark.parametrize("weights", ["quadratic", "linear"])
    def test_weighted_kappa(self, pair, weights, golden):
        row = found(ratings(pair), "cohen", level="analytic", intervals="analytic", metric="ordinal", weights=weights)
        got = {"kappa": row["estimate"], "se": row["std_error"]}
        if weights == "quadratic":
            got |= {"lower": row["conf_low"], "upper": row["conf_high"], "n": row["n_obs"]}
            assert row["estimate"] == golden("agreement", f"weighted_kappa_quadratic_psych.{pair}").approx()
        assert got == golden("agreement", f"weighted_kappa_{weights}.{pair}").approx()

    def test_unweighted_kappa_of_ratings(self, pair, golden):
        row = found(ratings(pair), "cohen")
        assert row["estimate"] == golden("agreement", f"unweighted_kappa_intensity.{pair}").approx()


CODES3 = ["code_A", "code_B", "code_C"]
RATINGS3 = ["intensity_A", "intensity_B", "intensity_C"]


class TestThreeCoders:
    def test_counts(self, golden):
        missing = CODERS.isna().sum()
        assert missing.to_dict() == golden("agreement", "missing").approx()
        columns = {"codes": CODES3, "intensity": RATINGS3}
        got = {name: found(coders, "percent", rows="complete")["n_obs"] for name, coders in columns.items()}
        assert got == golden("agreement", "n_all_three").approx()

    def test_fleiss(self, golden):
        row = found(CODES3, "fleiss", rows="complete")
        assert {
            "kappa": row["estimate"],
            "Pbar": row["observed"],
            "Pe": row["expected"],
            "se_null": row["estimate"] / row["statistic"],
            "z": row["statistic"],
            "p": row["p_value"],
            "N": row["n_obs"],
        } == golden("agreement", "fleiss.kappa").approx()

    def test_fleiss_of_each_code(self, golden):
        tidy = agreement(CODERS, CODES3, methods="fleiss", rows="complete", intervals=()).tidy()
        rows = tidy[tidy["outcome"].notna() & tidy["group"].isna()].set_index("outcome")["estimate"]
        assert rows.to_dict() == golden("agreement", "fleiss.per_category").approx()

    @pytest.mark.parametrize(
        ("record", "term"), [("light_kappa", "light"), ("conger_kappa", "conger"), ("gwet_ac1.all", "gwet")]
    )
    def test_other_coefficients(self, record, term, golden):
        assert found(CODES3, term, rows="complete")["estimate"] == golden("agreement", record).approx()

    @pytest.mark.parametrize(
        ("record", "columns", "metric", "rows"),
        [
            ("codes_nominal", CODES3, "nominal", "available"),
            ("codes_nominal_complete_rows", CODES3, "nominal", "complete"),
            *((f"intensity_{m}", RATINGS3, m, "available") for m in ("nominal", "ordinal", "interval", "ratio")),
        ],
    )
    def test_alpha(self, record, columns, metric, rows, golden):
        reference = golden("agreement", f"krippendorff.{record}")
        assert found(columns, "krippendorff", metric=metric, rows=rows)["estimate"] == reference.approx("alpha")

    def test_coincidences(self, golden):
        from evalkit.qualitative.agreeing.coefficients import coincidences
        from evalkit.qualitative.agreeing.ratings import patterns_of

        names, codes = np.unique(CODERS[CODES3].fillna("").to_numpy(), return_inverse=True)
        p = patterns_of(codes.reshape(len(CODERS), 3) - 1, tuple(names[1:]))
        got = coincidences(p, p.counts[None])[0]
        assert pd.DataFrame(got, names[1:], names[1:]) == golden("agreement", "krippendorff.coincidence_codes").approx()
        assert got.sum() == golden("agreement", "krippendorff.codes_nominal").approx("pairable_values")

    def test_ratings_as_numbers(self, golden):
        result = agreement(CODERS, RATINGS3, methods="krippendorff", metric="interval", intervals=())
        everyone = {name: value for (places, name), value in result.numeric.items() if len(places) == 3}
        record = golden("agreement", "kendall_w.intensity")
        assert [everyone["kendall_w"], everyone["kendall_chi2"], everyone["kendall_p"]] == [
            record.approx("W"), record.approx("chisq"), record.approx("p")]  # fmt: skip
        pair = {name: value for (places, name), value in result.numeric.items() if places == (0, 1)}
        names = {"bias": "bias", "sd": "sd", "lower": "low", "upper": "high"}
        got = {field: pair[f"bland_altman_{name}"] for field, name in names.items()}
        assert got == golden("agreement", "bland_altman.AB").approx()
        assert pair["lin_ccc"] == golden("agreement", "lin_ccc.AB").approx()

    def test_largest_kappa(self, golden):
        assert found(codes("AB"), "kappa_maximum")["estimate"] == golden("agreement", "kappa_maximum.AB").approx()


def table(*lines):
    """Coders in lines, `.` for not coded."""
    rows = [[np.nan if v == "." else float(v) for v in line.split()] for line in lines]
    return pd.DataFrame(dict(zip("ABCD", rows, strict=False)))


KRIPPENDORFF = table(
    "1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3", ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 ."
)
# Gwet's table of four raters is Krippendorff's with the lone value of the last unit given by the third.
GWET = table("1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . .", ". 3 3 3 2 3 4 2 2 5 1 3", "1 2 3 3 2 4 4 1 2 5 1 .")


class TestPublished:
    @pytest.mark.parametrize(
        ("metric", "alpha"), [("nominal", 0.743421), ("ordinal", 0.815388), ("interval", 0.849107), ("ratio", 0.797403)]
    )
    def test_krippendorff_2011(self, metric, alpha):
        assert found(list("ABCD"), "krippendorff", data=KRIPPENDORFF, metric=metric)["estimate"] == pytest.approx(
            alpha, abs=5e-7
        )

    @pytest.mark.parametrize(
        ("first", "second", "alpha"),
        [("0100000010", "1110010000", 0.095238), ("aabbdcccedda", "babbbccceddd", 0.691964)],
    )
    def test_krippendorff_2011_two_coders(self, first, second, alpha):
        data = pd.DataFrame({"A": list(first), "B": list(second)})
        assert found(["A", "B"], "krippendorff", data=data)["estimate"] == pytest.approx(alpha, abs=5e-7)

    @pytest.mark.parametrize(
        ("term", "pe", "value", "error", "low"),
        [
            ("gwet", 0.19032, 0.77544, 0.14295, 0.461),
            ("fleiss", 0.23872, 0.76117, 0.15302, 0.424),
            ("conger", 0.23343, 0.76282, 0.14917, 0.435),
            ("brennan_prediger", 0.2, 0.77273, 0.14472, 0.454),
        ],
    )
    def test_gwet_2014(self, term, pe, value, error, low):
        row = found(list("ABCD"), term, data=GWET, level="analytic", intervals="analytic")
        assert row["observed"] == pytest.approx(0.81818, abs=5e-6)
        assert [row["expected"], row["estimate"], row["std_error"]] == pytest.approx([pe, value, error], abs=5.1e-6)
        assert [row["conf_low"], row["conf_high"]] == pytest.approx([low, 1], abs=5.1e-4)

    @pytest.mark.parametrize(("weights", "ac2"), [("quadratic", 0.91400), ("linear", 0.85874), ("ordinal", 0.89894)])
    def test_ac2(self, weights, ac2):
        row = found(list("ABCD"), "gwet", data=GWET, metric="ordinal", weights=weights)
        assert row["estimate"] == pytest.approx(ac2, abs=5e-6)

    def test_three_by_three_abstractors(self):
        counts = np.array([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
        cells = [(str(i), str(j)) for i in range(3) for j in range(3) for _ in range(counts[i, j])]
        data = pd.DataFrame(cells, columns=["A", "B"])
        got = {m: found(["A", "B"], m, data=data, level="analytic", intervals="analytic") for m in ALL[:5]}
        assert [got[m]["estimate"] for m in ("cohen", "scott", "gwet", "percent", "brennan_prediger")] == pytest.approx(
            [0.7964094, 0.7962397, 0.8493305, 0.89, 0.835], abs=5e-8
        )
        assert got["cohen"]["std_error"] == pytest.approx(0.05891, abs=5e-6)
        assert found(["A", "B"], "krippendorff", data=data)["estimate"] == pytest.approx(0.7972585, abs=5e-8)

    def test_high_agreement_and_no_kappa(self):
        data = pd.DataFrame({"A": ["x", "x", "x", "x"], "B": ["x", "x", "x", "y"]})
        got = [found(["A", "B"], m, data=data)["estimate"] for m in ("percent", "cohen", "brennan_prediger")]
        assert got == pytest.approx([0.75, 0, 0.5])

    def test_nvivo_example(self):
        """85 % agreement on 1,000 characters: kappa depends on the split of what only one coded."""
        for first, second, kappa in ((100, 50, 0.3182), (150, 0, 0.3478)):
            data = pd.DataFrame(
                {
                    "A": ["c"] * (50 + first) + ["-"] * (second + 800),
                    "B": ["c"] * 50 + ["-"] * first + ["c"] * second + ["-"] * 800,
                }
            )
            assert found(["A", "B"], "cohen", data=data)["estimate"] == pytest.approx(kappa, abs=5e-5)


class TestIntervals:
    def test_bootstrap_is_repeatable_and_near_the_published(self):
        """Unit bootstrap of alpha: research gives SE .146 and [.417, 1.000] with another generator."""
        options = {"level": "bootstrap", "intervals": "bootstrap", "resamples": 5000}
        first, second = (found(list("ABCD"), "krippendorff", data=KRIPPENDORFF, **options) for _ in range(2))
        assert first["std_error"] == second["std_error"] == pytest.approx(0.146, abs=0.01)
        assert [first["conf_low"], first["conf_high"]] == pytest.approx([0.417, 1.0], abs=0.03)

    @pytest.mark.parametrize("term", ["gwet", "fleiss", "conger", "krippendorff", "light"])
    def test_jackknife_is_leaving_out_each_unit(self, term):
        data = CODERS.head(16)
        row = found(CODES3, term, data=data, level="jackknife", intervals="jackknife", rows="complete")
        whole = data.dropna(subset=CODES3)
        # All categories stay known: a category that drops out would change the coefficient itself.
        parts = [whole.drop(index=i) for i in whole.index]
        each = np.array([found(CODES3, term, data=part, rows="complete")["estimate"] for part in parts])
        n = len(whole)
        assert row["std_error"] == pytest.approx(np.sqrt((n - 1) / n * ((each - each.mean()) ** 2).sum()), rel=1e-9)

    @pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval", "ratio"])
    def test_analytic_error_of_alpha_is_the_limit_of_the_jackknife(self, metric):
        data, columns = pd.concat([CODERS] * 20, ignore_index=True), CODES3 if metric == "nominal" else RATINGS3
        kinds = [
            found(columns, "krippendorff", data=data, level=kind, intervals=kind, metric=metric)["std_error"]
            for kind in ("analytic", "jackknife")
        ]
        assert kinds[0] == pytest.approx(kinds[1], rel=2e-3)

    def test_analytic_error_of_alpha_is_gwets(self):
        row = found(list("ABCD"), "krippendorff", data=KRIPPENDORFF, level="analytic", intervals="analytic")
        assert row["std_error"] == pytest.approx(0.14557, abs=5.1e-6)
        assert [row["conf_low"], row["conf_high"]] == pytest.approx([0.419, 1], abs=5.1e-4)


class TestBadInput:
    def test_one_value_only_is_undefined(self):
        data = pd.DataFrame({"A": ["x"] * 5, "B": ["x"] * 5})
        result = agreement(data, ["A", "B"])
        tidy = result.tidy()
        kappa = tidy[tidy["term"].isin(["cohen", "krippendorff", "gwet"])]
        assert kappa["estimate"].isna().all()
        assert set(kappa["reason"]) == {"agreement.reason_no_variation"}
        assert [p.code for p in result.notices] == ["W6423"]

    def test_no_unit_in_common(self):
        data = pd.DataFrame({"A": ["x", "y", None, None], "B": [None, None, "x", "y"]})
        result = agreement(data, ["A", "B"])
        assert result.tidy()["estimate"].isna().all()
        assert "W6424" in [p.code for p in result.notices]

    @pytest.mark.parametrize(
        ("columns", "options", "code"),
        [
            (["A"], {}, "E6420"),
            (["A", "A"], {}, "E6420"),
            (["A", "Z"], {}, "E600"),
            (["A", "N"], {}, "E6421"),
            (["A", "B"], {"metric": "ordinal"}, "E6422"),
            (["A", "B"], {"metric": "near"}, "E614"),
            (["A", "B"], {"methods": ["kappa"]}, "E614"),
            (["A", "B"], {"intervals": "wald"}, "E614"),
            (["A", "B"], {"conf_level": 95}, "E614"),
        ],
    )
    def test_calls_that_cannot_mean_anything(self, columns, options, code):
        data = pd.DataFrame({"A": ["x", "y"], "B": ["x", "y"], "N": [1, 2]})
        with pytest.raises(AnalysisError) as caught:
            agreement(data, columns, **options)
        assert [p.code for p in caught.value.problems] == [code]

    def test_rows_without_any_code_are_counted(self):
        data = pd.DataFrame({"A": ["x", "y", None], "B": ["x", "x", None]})
        result = agreement(data, ["A", "B"])
        assert result.n_obs == 2
        assert [(d.reason, d.n) for d in result.dropped] == [("drop.uncoded", 1)]


def test_tables_and_disputes():
    result = agreement(CODERS, CODES3, unit="segment_id", resamples=200)
    table = result.table("Q5")
    assert len(table.rows) == 6 + 1 + 3
    assert result.disputes[0].unit == "S001"
    assert result.disputes[0].values == ("mobilising", "embedding", "capability")
    assert len(result.table("disputes").rows) == min(60, len(result.disputes))
    assert result.table("confusion").n_columns == 7
    figure = result.figure()
    assert figure is not None
    assert len(figure.frame) == 7


def spans(*rows):
    return pd.DataFrame(rows, columns=["coder", "code_id", "start", "end"]).assign(source_id="S1")


# Two coders on a text of 100 characters (research, section 3.1).
TEXT = spans(("1", "T", 10, 30), ("1", "R", 50, 60), ("2", "T", 15, 30), ("2", "R", 50, 65), ("2", "T", 80, 85))
LENGTH = pd.DataFrame({"source_id": ["S1"], "n_chars": [100]})


class TestCodings:
    def test_characters(self):
        result = agreement(TEXT, by="characters", sources=LENGTH)
        alphas = {b.category: b.measure("krippendorff").estimate for b in result.blocks if not b.coders}
        assert alphas[None] == pytest.approx(0.694629, abs=5e-7)
        assert alphas["T"] == pytest.approx(0.689062, abs=5e-7)
        assert result.n_obs == 100
        assert result.disputes[0].unit == "S1[10:15]"
        assert result.disputes[0].values == ("T", "-")

    def test_characters_are_as_good_as_written_out(self):
        marks = pd.DataFrame({"1": ["-"] * 100, "2": ["-"] * 100})
        for coder, code, start, end, _ in TEXT.itertuples(index=False):
            marks.loc[start : end - 1, coder] = code
        long = agreement(marks, ["1", "2"], intervals=()).tidy().set_index(["term"])
        short = agreement(TEXT, by="characters", sources=LENGTH).tidy().set_index(["term"])
        long, short = (x[x["outcome"].isna()]["estimate"] for x in (long, short))
        assert short.to_dict() == pytest.approx(long.to_dict(), nan_ok=True)

    def test_units_and_several_codes_in_one(self):
        units = pd.DataFrame(
            {"unit_id": ["a", "b", "c", "d"], "source_id": "S1", "start": [0, 40, 62, 78], "end": [40, 62, 78, 100]}
        )
        result = agreement(TEXT, units=units, resamples=100)
        values = {d.unit: d.values for d in result.disputes}
        assert values == {"c": ("-", "R"), "d": ("-", "T")}
        assert result.blocks[0].measure("percent").estimate == 0.5
        wide = units.assign(start=[0, 20, 40, 60], end=[60, 40, 60, 100])
        pooled = agreement(TEXT, units=wide, resamples=100)
        assert [p.code for p in pooled.notices if p.code == "N6429"] == ["N6429"]
        assert pooled.n_obs == 8

    def test_a_coder_takes_part_where_she_codes(self):
        more = pd.concat([TEXT, TEXT[TEXT["coder"] == "1"].assign(source_id="S2")])
        result = agreement(more, by="sources", intervals=())
        assert result.blocks[0].measure("percent").n_units == 2  # two codes of the source that both read
        assert result.n_obs == 4

    def test_first_round_apart_from_consensus(self):
        rounds = pd.concat([TEXT.assign(round="1"), TEXT[TEXT["coder"] == "1"].assign(round="consensus")])
        first = agreement(rounds, by="characters", sources=LENGTH).blocks[0].measure("krippendorff").estimate
        assert first == pytest.approx(0.694629, abs=5e-7)
        with pytest.raises(AnalysisError, match="E6428"):
            agreement(rounds, by="characters", round="consensus")

    @pytest.mark.parametrize(
        ("options", "code"),
        [
            ({}, "E6426"),
            ({"by": "words"}, "E614"),
            ({"by": "sources", "metric": "ordinal"}, "E6422"),
            ({"units": pd.DataFrame({"unit_id": ["a"]})}, "E600"),
        ],
    )
    def test_calls_that_cannot_mean_anything(self, options, code):
        with pytest.raises(AnalysisError, match=code):
            agreement(TEXT, **options)

    def test_unknown_round(self):
        with pytest.raises(AnalysisError, match="E6427"):
            agreement(TEXT.assign(round=2), by="sources")


class TestSegments:
    """Unitising alpha; what is expected follows from the lengths by hand, by the formulas of the 2016 article."""

    def alphas(self, codings, **options):
        result = agreement(codings, by="segments", **options)
        return result, {(b.category, m.method): m.estimate for b in result.blocks if not b.coders for m in b.measures}

    def test_two_coders_on_one_text(self):
        # Gaps 70 + 65, T 20 + 15 + 5, R 10 + 15: 30 of 200 apart; a unit of l characters does not meet itself (l * l).
        result, found = self.alphas(TEXT, sources=LENGTH)
        alone = 20**2 + 15**2 + 5**2 + 10**2 + 15**2
        room = 200**2 - alone - 135
        expected = 200 * (1 - (135**2 + 40**2 + 25**2 - alone - 135) / room)
        assert found[None, "unitising"] == pytest.approx(1 - 30 / expected)
        assert found[None, "unitising"] == pytest.approx(0.701611, abs=5e-7)
        bounds = 200 * (1 - (135**2 + 65**2 - alone - 135) / room)
        assert found[None, "boundaries"] == pytest.approx(1 - 30 / bounds)
        ones = 200 * (1 - (160**2 + 40**2 - (400 + 225 + 25) - 160) / (200**2 - (400 + 225 + 25) - 160))
        assert found["T", "unitising"] == pytest.approx(1 - 20 / ones)
        assert result.blocks[0].measure("unitising").n_units == 5
        assert not result.blocks[0].measure("unitising").spreads

    def test_units_of_one_character_are_characters(self):
        """With a length of one the square is the length: the alpha of characters with its n - 1."""
        marks = spans(
            *((c, code, i, i + 1) for c, word in (("1", "TTRTR"), ("2", "TRRTT")) for i, code in enumerate(word))
        )
        length = LENGTH.assign(n_chars=9)
        _, found = self.alphas(marks, sources=length)
        other = agreement(marks, by="characters", sources=length).blocks[0].measure("krippendorff").estimate
        assert found[None, "unitising"] == pytest.approx(other)

    def test_the_same_units_agree_wholly_and_nothing_has_no_alpha(self):
        same = pd.concat([TEXT[TEXT["coder"] == "1"], TEXT[TEXT["coder"] == "1"].assign(coder="2")])
        assert self.alphas(same, sources=LENGTH)[1][None, "unitising"] == 1
        apart = TEXT.assign(source_id=["S1", "S1", "S2", "S2", "S2"])
        result, found = self.alphas(apart)
        assert np.isnan(found[None, "unitising"])
        assert result.blocks[0].measure("unitising").reason == "agreement.reason_no_pairs"

    def test_boundaries_leave_codes_aside(self):
        swapped = TEXT.assign(
            code_id=TEXT["code_id"].where(TEXT["coder"] == "1", TEXT["code_id"].map({"T": "R", "R": "T"}))
        )
        assert self.alphas(swapped)[1][None, "boundaries"] == pytest.approx(self.alphas(TEXT)[1][None, "boundaries"])
        assert self.alphas(swapped)[1][None, "unitising"] < 0.2

    def test_several_texts_give_an_interval(self):
        texts = pd.concat([TEXT.assign(source_id=f"S{i}", end=TEXT["end"] + i) for i in range(6)])
        result, _ = self.alphas(texts, intervals=("bootstrap", "jackknife"), resamples=200)
        bootstrap, jackknife = result.blocks[0].measure("unitising").spreads
        assert bootstrap.low < result.blocks[0].measure("unitising").estimate < bootstrap.high
        assert jackknife.std_error == pytest.approx(bootstrap.std_error, rel=0.5)
        assert result.table("Q5").n_columns == 5

    def test_codes_on_top_of_each_other_have_a_text_each(self):
        both = pd.concat([TEXT, TEXT[TEXT["code_id"] == "T"].assign(code_id="U")])
        result, found = self.alphas(both, sources=LENGTH)
        assert "N6429" in [p.code for p in result.notices]
        assert found["U", "unitising"] == pytest.approx(found["T", "unitising"])
        assert found["R", "unitising"] > found[None, "unitising"] > found["T", "unitising"]

    def test_pairs_of_three_coders(self):
        three = pd.concat([TEXT, TEXT[TEXT["coder"] == "1"].assign(coder="3")])
        result = agreement(three, by="segments", sources=LENGTH)
        pairs = {b.coders: b.measure("unitising").estimate for b in result.blocks if b.category is None}
        assert pairs["1", "3"] == 1
        assert pairs["1", "2"] == pytest.approx(0.701611, abs=5e-7)
        assert pairs["1", "2"] < pairs[()] < 1
