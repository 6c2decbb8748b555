"""The lines that tell what a questionnaire holds."""

from __future__ import annotations

from evalkit.instrument import load_instrument, summary


def test_the_overview_counts_scales_reverse_items_and_routing():
    inst = load_instrument("j-community-renovation")
    lines = summary(inst, "zh")
    assert lines[0] == "j-community-renovation 1.0 老旧小区综合整治居民问卷"
    assert lines[1] == "量表题 71 个（其中反向题 8 个），其他题 20 个；一阶量表 21 个，高阶或派生量表 4 个"
    assert "  mobilisation_function 组织动员：4 项（J_MF1–J_MF4）；取均值；至少 3 项有效；反向：J_MF4" in lines
    assert "注意力检测题：j_attn" in lines
    assert "  当 j_screen == 0 时结束：j_screen" in lines
    assert "  当 (j_screen == 1) and (j_screen_start == 1) 时才问：J_PV1、J_CM2" in lines


def test_the_overview_speaks_english_too():
    lines = summary(load_instrument("elevator-coproduction"), "en")
    assert lines[1].startswith("84 scale items (5 reverse-keyed), 29 other questions; 26 first-order scales, 13 ")
    assert (
        "  driving_factors Driving factors: 3 parts (public_efficacy + -power_imbalance + -policy_impasse); mean"
        in lines
    )
    assert any(line.startswith("  asked if e_screen == 1 and e_screen_owner == 1: e_consent") for line in lines)
