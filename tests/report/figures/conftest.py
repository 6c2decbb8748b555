"""Figures of a size and wording met in practice, one or more a kind."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import Figure, Label

_WORDINGS = tomllib.loads((Path(__file__).parent / "wordings.toml").read_text(encoding="utf-8"))
AGREEMENT, ITEMS, SCALES, NEEDS = (
    {name: Label(**pair) for name, pair in _WORDINGS[part].items()}
    for part in ("agreement", "items", "scales", "needs")
)


def likert(n_items: int = 12, levels: int = 5) -> Figure:
    rng = np.random.default_rng(7)
    rows = []
    for i, name in enumerate(list(ITEMS)[:n_items]):
        weights = np.exp(-((np.arange(levels) - (0.3 + 0.28 * i)) ** 2) / 2.5) + 0.02
        counts = rng.multinomial(1146 - 7 * i, weights / weights.sum())
        mean = float((counts * np.arange(1, levels + 1)).sum() / counts.sum())
        for code, count in enumerate(counts, start=1):
            rows.append((name, float(code), code, 100 * count / counts.sum(), counts.sum(), mean, 0.5 + 0.9 * i))
    frame = pd.DataFrame(rows, columns=["item", "code", "level", "percent", "n_obs", "mean", "missing_share"])
    labels = ITEMS | AGREEMENT | {"missing_share": Label(zh="不清楚", en="Don't know")}
    return Figure("t1-likert", "likert", Label(zh="回答分布", en="Answers"), frame, labels)


def multiple(groups: bool = False) -> Figure:
    rng = np.random.default_rng(3)
    shares = [0.31, 0.27, 0.62, 0.71, 0.44, 0.58, 0.35, 0.12, 0.06, 0.03]
    rows = []
    for group, n in [("party", 312), ("others", 834)] if groups else [(None, 1146)]:
        for name, share in zip(NEEDS, shares, strict=True):
            count = int(rng.binomial(n, share))
            rows.append((name, group, count, 100 * count / n, n))
    frame = pd.DataFrame(rows, columns=["option", "group", "count", "percent_cases", "n_obs"])
    labels = NEEDS | {"party": Label(zh="中共党员", en="CPC members"), "others": Label(zh="非党员", en="Others")}
    return Figure("needs", "multiple_response", Label(zh="最需要解决的问题", en="Needs"), frame, labels)


def heatmap(n: int = 12) -> Figure:
    rng = np.random.default_rng(11)
    names = list(SCALES)
    loadings = rng.uniform(0.1, 0.85, n)
    loadings[n // 2 :: 3] *= -1
    rows = []
    for i in range(n):
        for j in range(i):
            r = float(loadings[i] * loadings[j] + rng.normal(0, 0.03))
            rows.append((names[i], names[j], r, float(np.exp(-abs(r) * 40))))
    frame = pd.DataFrame(rows, columns=["row", "column", "estimate", "p_value"])
    note = Label(zh="皮尔逊相关系数，n = 1128", en="Pearson correlations, n = 1128")
    return Figure("cor", "heatmap", Label(zh="相关", en="Correlations"), frame, SCALES, (note,))


def coefficients(models: int = 3) -> Figure:
    rng = np.random.default_rng(5)
    terms = {
        "age": Label(zh="年龄（周岁）", en="Age in years"),
        "gender.2": Label(zh="性别：女（参照：男）", en="Gender: female (reference: male)"),
        "education": Label(zh="受教育程度", en="Education"),
        "j_party.1": Label(zh="中共党员（参照：非党员）", en="CPC member (reference: not)"),
        **dict(list(SCALES.items())[:4]),
    }
    rows = []
    for model in range(1, models + 1):
        for i, term in enumerate(terms):
            if i < 4 or model > 1:
                b, se = 0.09 * (i - 2.5) + rng.normal(0, 0.03), 0.03 + 0.012 * ((i * 5) % 4)
                p = float(np.exp(-0.717 * abs(b / se) - 0.416 * (b / se) ** 2))
                rows.append((str(model), term, b, b - 1.96 * se, b + 1.96 * se, p))
    frame = pd.DataFrame(rows, columns=["model", "term", "estimate", "conf_low", "conf_high", "p_value"])
    note = Label(
        zh="被解释变量：整治满意度；95%置信区间", en="Outcome: satisfaction with the renovation; 95% intervals"
    )
    return Figure("reg", "coefficients", Label(zh="系数", en="Coefficients"), frame, terms, (note,))


def path(kind: str = "simple", k: int = 1) -> Figure:
    m = [name for name in list(SCALES)[4:] if name != "coproduction_network"][:k]
    x, y = "party_core_function", "coproduction_network"
    edges = [(x, node, 0.412 - 0.07 * i, 0.0001, "a") for i, node in enumerate(m)]
    if kind == "serial":
        chain = [(i, j) for j in range(k) for i in range(j)]
        edges += [(m[i], m[j], 0.387 - 0.1 * (j - i), 0.0002 if j - i == 1 else 0.21, "d") for i, j in chain]
    edges += [(node, y, -0.098 + 0.11 * i, 0.3 if i == 1 else 0.004, "b") for i, node in enumerate(m)]
    edges += [(x, y, 0.064, 0.08, "direct"), (x, y, 0.352, 0.0001, "total")]
    frame = pd.DataFrame(edges, columns=["from", "to", "estimate", "p_value", "role"])
    labels = SCALES | {x: Label(zh="一核引领（党组织功能）", en="Core function of the Party organisation")}
    notes = (
        Label(zh="总效应 = 0.352，95%置信区间 [0.291, 0.413]", en="Total effect = 0.352, 95% CI [0.291, 0.413]"),
        Label(zh="间接效应 = 0.288，95%置信区间 [0.233, 0.344]", en="Indirect effect = 0.288, 95% CI [0.233, 0.344]"),
    )
    return Figure(f"med-{kind}-{k}", "path", Label(zh="中介模型", en="Mediation"), frame, labels, notes)


def upset(n_items: int = 6) -> Figure:
    names = list(ITEMS)[:n_items]
    lacking = [names[:1], names[1:2], names[:2], [names[0], names[-1]], names[2:5], names]
    totals = {name: sum(40 - 7 * k for k, gaps in enumerate(lacking) if name in gaps) for name in names}
    rows = [
        (f"p{k}", 40 - 7 * k, name, totals[name], float(name in gaps))
        for k, gaps in enumerate(lacking)
        for name in sorted(names, key=lambda name: -totals[name])
    ]
    frame = pd.DataFrame(rows, columns=["pattern", "count", "item", "n_missing", "missing"])
    note = Label(zh="1146份答卷中1011份无缺失", en="1011 of 1146 respondents lack nothing")
    return Figure("missing", "upset", Label(zh="缺失模式", en="Patterns of missing answers"), frame, ITEMS, (note,))


def scree(n: int = 12) -> Figure:
    k = np.arange(n)
    rows = []
    for basis, lift in (("components", 0.0), ("factors", -0.7)):
        own = np.concatenate([[0.3 * n, 0.16 * n, 0.13 * n], np.linspace(0.7, 0.4, n - 3)]) + lift
        rows += list(zip([basis] * n, k + 1, own, 1.25 - 0.4 * k / n + lift, strict=True))
    frame = pd.DataFrame(rows, columns=["basis", "number", "estimate", "reference"])
    labels = {
        "components": Label(zh="主成分", en="Components"),
        "factors": Label(zh="公因子", en="Factors"),
        "reference": Label(zh="随机数据：1000组", en="Random data: 1,000 sets"),
    }
    return Figure("efa", "scree", Label(zh="碎石图", en="Scree"), frame, labels)


def _item_curves(n: int, levels: int) -> tuple[np.ndarray, list[tuple[str, np.ndarray]]]:
    """Places, and for each item the chances of its answers, shape (levels, places)."""
    theta = np.round(np.arange(-5, 5.01, 0.2), 10)
    found = []
    for i, name in enumerate((list(ITEMS) * 2)[:n]):
        above = 1 / (1 + np.exp(-(0.8 + 0.15 * i) * (theta - np.linspace(-2 + 0.1 * i, 2, levels - 1)[:, None])))
        bounds = np.vstack([np.ones(len(theta)), above, np.zeros(len(theta))])
        found.append((name if i < len(ITEMS) else f"{name}_again", -np.diff(bounds, axis=0)))
    return theta, found


def category_curves(n: int = 6, levels: int = 5) -> Figure:
    theta, found = _item_curves(n, levels)
    rows = [(name, float(k), t, p) for name, chances in found for k, line in enumerate(chances, start=1)
            for t, p in zip(theta, line, strict=True)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["item", "code", "theta", "estimate"])
    note = Label(zh="等级反应模型", en="Graded response model")
    return Figure("icc", "category_curves", Label(zh="曲线", en="Curves"), frame, ITEMS | AGREEMENT, (note,))


def residuals(n: int = 300) -> Figure:
    rng = np.random.default_rng(5)
    y, x = np.sort(rng.normal(size=n)), rng.normal(size=n)
    y[-1] = 3.4
    parts = [("fitted", 3 + 0.4 * x), ("normal", np.sort(x))]
    frame = pd.concat([pd.DataFrame({"part": name, "x": at, "y": y}) for name, at in parts])
    label = Label(zh="满意度", en="Satisfaction")
    return Figure("check", "residuals", Label(zh="残差", en="Residuals"), frame, {"outcome": label})


def information(n: int = 6) -> Figure:
    theta, found = _item_curves(n, 5)
    each = [(name, np.sum(np.gradient(chances, 0.2, axis=1) ** 2 / chances, axis=0)) for name, chances in found]
    whole = np.sum([line for _, line in each], axis=0)
    parts = [("test", None, whole), ("error", None, whole**-0.5), *(("item", name, line) for name, line in each)]
    rows = [(part, name, t, v) for part, name, line in parts for t, v in zip(theta, line, strict=True)]
    frame = pd.DataFrame(rows, columns=["part", "item", "theta", "estimate"])
    labels = ITEMS | {"test": Label(zh="测验信息量", en="Test"), "error": Label(zh="标准误", en="Standard error")}
    return Figure("info", "information", Label(zh="信息量", en="Information"), frame, labels)


def structural(kind: str = "factors", k: int = 3) -> Figure:
    names, rows = list(SCALES)[:k], []
    items = (list(ITEMS) * 2)[: 3 * k]
    for i, item in enumerate(dict.fromkeys(items)):
        rows.append((names[i // 3 % k], item, 0.81 - 0.02 * i, np.nan if i % 3 == 0 else 0.0001, "loading"))
    if kind == "second":
        rows += [("all", name, 0.7 - 0.1 * i, 0.0001, "loading") for i, name in enumerate(names)]
    elif kind == "factors":
        rows += [(a, b, 0.4 - 0.05 * i, 0.002 + 0.05 * i, "covariance")
                 for i, a in enumerate(names) for b in names[:i]]  # fmt: skip
    else:
        rows = [(a, b, 0.31 - 0.06 * j, 0.0001 if (i + j) % 3 else 0.21, "path")
                for j, b in enumerate(names) for i, a in enumerate(names[:j])]  # fmt: skip
        rows.append(("age", names[-1], 0.02, 0.6, "path"))
    frame = pd.DataFrame(rows, columns=["from", "to", "estimate", "p_value", "role"])
    factors = {*names, "all"}
    for end in ("from", "to"):
        frame[f"{end}_shape"] = ["factor" if name in factors else "item" for name in frame[end]]
    labels = ITEMS | SCALES | {"all": Label(zh="一核引领", en="Core leadership"), "age": Label(zh="年龄", en="Age")}
    note = Label(zh="图中为标准化估计", en="Standardised estimates")
    return Figure(f"sem-{kind}-{k}", "structural", Label(zh="路径图", en="Diagram"), frame, labels, (note,))


def balance(n: int = 5) -> Figure:
    rows = [(name, stage, (0.42 - 0.05 * i) * share) for i, name in enumerate(list(ITEMS)[:n])
            for stage, share in (("before", 1.0), ("weighted", 0.1), ("matched", 0.2))]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["term", "stage", "estimate"])
    frame.loc[0, "estimate"] = np.nan
    labels = ITEMS | {"before": Label(zh="调整前", en="before"), "weighted": Label(zh="加权后", en="weighted"),
                      "matched": Label(zh="匹配后", en="matched")}  # fmt: skip
    return Figure("ps", "balance", Label(zh="平衡", en="Balance"), frame, labels)


def interrupted(control: bool = False) -> Figure:
    rows = []
    for series in (1.0, 0.0) if control else (1.0,):
        for t in range(2001, 2025):
            base = 30 + 0.8 * (t - 2000) - 8 * (1 - series)
            after = series * (t >= 2013)
            rows.append((t, series, base + 6 * after + np.sin(3 * t), base + 6 * after, base if after else np.nan))
    frame = pd.DataFrame(rows, columns=["time", "series", "observed", "fitted", "without"]).assign(start=2013.0)
    labels = {"outcome": Label(zh="办结率", en="Cases closed"), "time": Label(zh="年份", en="Year")}
    labels |= {"1": Label(zh="中断序列", en="Interrupted"), "0": Label(zh="对照序列", en="Control")}
    return Figure("its", "interrupted_series", Label(zh="中断时间序列", en="Interrupted series"), frame, labels)


def event_study(before: int = 4, after: int = 5) -> Figure:
    rows = [(float(e), 0.02 * e, 0.02 * e - 0.3, 0.02 * e + 0.3) for e in range(-before, -1)]
    rows += [(float(e), 0.9 + 0.1 * e, 0.4 + 0.05 * e, 1.4 + 0.15 * e) for e in range(after)]
    frame = pd.DataFrame([*rows, (-1.0, 0.0, 0.0, 0.0)], columns=["time", "estimate", "conf_low", "conf_high"])
    note = Label(zh="置信水平95%", en="Confidence level 95%")
    return Figure("did", "event_study", Label(zh="事件研究", en="Event study"), frame, {}, (note,))


def caterpillar(groups: int = 40, effects: int = 2) -> Figure:
    rng = np.random.default_rng(17)
    rows = []
    for effect in ("intercept", "embedding")[:effects]:
        for i, value in enumerate(rng.normal(0, 0.2, groups)):
            rows.append((effect, f"c{i}", value, value - 0.2, value + 0.2))
    frame = pd.DataFrame(rows, columns=["effect", "unit", "estimate", "conf_low", "conf_high"])
    labels = {f"c{i}": Label(zh=f"幸福里第{i}社区", en=f"Community of Happiness {i}") for i in range(groups)}
    labels |= {"intercept": Label(zh="截距", en="intercept"), "embedding": Label(zh="组织嵌入", en="Embedding")}
    return Figure("groups", "caterpillar", Label(zh="各社区的随机效应", en="Effects of communities"), frame, labels)


def cross_level(lines: int = 3) -> Figure:
    rows = []
    for i, level in enumerate(("low", "mean", "high")[:lines]):
        for x in np.linspace(-1.2, 1.3, 21):
            value = 3.2 + (0.2 + 0.15 * i) * x + 0.1 * i
            rows.append((level, x, value, value - 0.1 - 0.05 * abs(x), value + 0.1 + 0.05 * abs(x)))
    frame = pd.DataFrame(rows, columns=["level", "x", "estimate", "conf_low", "conf_high"])
    labels = {"low": Label(zh="低（M-1SD）", en="Low (M - 1 SD)"), "mean": Label(zh="均值", en="Mean")}
    labels |= {"high": Label(zh="高（M+1SD）", en="High (M + 1 SD)"), "x": SCALES["political_guidance"]}
    labels |= {
        "w": Label(zh="社区党建联盟强度", en="Strength of the alliance"),
        "outcome": Label(zh="满意度", en="Satisfaction"),
    }
    return Figure("slopes", "cross_level", Label(zh="跨层调节", en="Cross-level moderation"), frame, labels)


def accumulation(n_levels: int = 3, n: int = 24) -> Figure:
    rng = np.random.default_rng(5)
    names = [("concept", "概念", 45), ("subcategory", "副范畴", 24), ("category", "主范畴", 10)][:n_levels]
    parts = []
    for name, _, most in names:
        k = np.arange(1, n + 1)
        expected = most * (1 - np.exp(-k / 6))
        total = np.maximum.accumulate(np.round(expected + rng.normal(0, 0.8, n)).clip(1, most))
        parts.append(pd.DataFrame({"level": name, "number": k, "estimate": total, "expected": expected,
                                   "conf_low": expected - 2, "conf_high": expected + 2}))  # fmt: skip
    labels = {name: Label(zh=zh, en=name) for name, zh, _ in names}
    return Figure("saturation", "accumulation", Label(zh="累积曲线", en="Accumulation"), pd.concat(parts), labels)


def power_curve(n_series: int = 3, simulated: bool = False) -> Figure:
    n = np.linspace(20, 400, 8 if simulated else 60).round()
    parts, labels = [], {}
    for i in range(n_series):
        power = 1 - np.exp(-n * (i + 1) / 200)
        edge = 0.03 if simulated else np.nan
        parts.append(pd.DataFrame({"series": f"{i}", "n": n, "power": power, "conf_low": power - edge,
                                   "conf_high": np.minimum(power + edge, 1), "target": 0.8}))  # fmt: skip
        labels[f"{i}"] = Label(zh=f"d=0.{i + 2}", en=f"d = 0.{i + 2}")
    return Figure("power", "power_curve", Label(zh="检验力曲线", en="Power curve"), pd.concat(parts), labels)


def interaction(panels: int = 1, categories: int = 0) -> Figure:
    x = np.arange(categories) if categories else np.linspace(1, 5, 9)
    rows = []
    for p in range(panels):
        for i, line in enumerate(("low", "mean", "high")):
            for at in x:
                value = 2.6 + 0.1 * p + (0.1 + 0.12 * i) * at
                half = 0.12 + 0.03 * abs(at - 3)
                rows.append((f"z{p}" if panels > 1 else "", line, "line", at, value, value - half, value + half))
    rows += [] if categories else [("", "", "rug", v, 5.0 + v, np.nan, np.nan) for v in x]
    frame = pd.DataFrame(rows, columns=["panel", "line", "role", "x", "estimate", "conf_low", "conf_high"])
    labels = {"low": Label(zh="低（M-1SD）", en="low (M - 1 SD)"), "mean": Label(zh="均值", en="mean")}
    labels |= {"high": Label(zh="高（M+1SD）", en="high (M + 1 SD)"), "axis": SCALES["political_guidance"]}
    labels |= {
        "line": Label(zh="联盟强度", en="Strength of the alliance"),
        "outcome": Label(zh="满意度", en="Satisfaction"),
    }
    labels |= {f"panel.z{p}": Label(zh=f"住房性质：第{p}类", en=f"Tenure: kind {p}") for p in range(panels)}
    labels |= {f"tick.{i}": Label(zh=f"第{i}类家庭户", en=f"household of kind {i}") for i in range(categories)}
    note = Label(zh="带为95%置信区间", en="Bands: 95% confidence intervals")
    return Figure("mod", "interaction", Label(zh="调节作用", en="Moderation"), frame, labels, (note,))


def johnson_neyman(panels: int = 1, bounds: int = 2) -> Figure:
    at = np.linspace(1, 5, 41)
    rows = []
    for p in range(panels):
        name = f"z{p}" if panels > 1 else ""
        for v in at:
            slope, half = 0.2 * (v - 3), 0.15 + 0.08 * abs(v - 3)
            rows.append((name, "line", v, slope, slope - half, slope + half))
        rows += [(name, "bound", v, np.nan, np.nan, np.nan) for v in (1.75, 4.25)[:bounds]]
    rows += [("", "rug", v, 3.0, np.nan, np.nan) for v in at[::4]]
    frame = pd.DataFrame(rows, columns=["panel", "role", "at", "estimate", "conf_low", "conf_high"])
    labels = {"axis": SCALES["political_guidance"], "outcome": Label(zh="组织嵌入的斜率", en="Slope of embedding")}
    labels |= {f"panel.z{p}": Label(zh=f"住房性质：第{p}类", en=f"Tenure: kind {p}") for p in range(panels)}
    note = Label(zh="双尾检验", en="Two-tailed tests")
    return Figure("jn", "johnson_neyman", Label(zh="斜率", en="Slope"), frame, labels, (note,))


def response_surface(bend: float = 0.2) -> Figure:
    at = np.linspace(1, 5, 21)
    x, z = (part.ravel() for part in np.meshgrid(at, at))
    height = 3.2 + 0.3 * (x - 3) + 0.1 * (z - 3) - bend * (x - z) ** 2
    rows = [("surface", a, b, h) for a, b, h in zip(x, z, height, strict=True)]
    rows += [("congruence", v, v, np.nan) for v in (1, 5)] + [("incongruence", v, 6 - v, np.nan) for v in (1, 5)]
    rows += [("hull", a, b, np.nan) for a, b in ((1, 1), (4, 1.5), (5, 5), (2, 4))] + [("stationary", 3.5, 4, np.nan)]
    frame = pd.DataFrame(rows, columns=["role", "x", "z", "estimate"])
    labels = {"x": Label(zh="期望的参与", en="Wanted participation"), "z": Label(zh="实际的参与", en="Participation")}
    note = Label(zh="颜色越深，预测值越高", en="The darker, the higher")
    return Figure(
        "rs", "response_surface", Label(zh="响应面", en="Surface"), frame, labels | {"y": labels["z"]}, (note,)
    )


def radar(n_paths: int = 2, n_conditions: int = 4) -> Figure:
    rng = np.random.default_rng(4)
    conditions = [f"c{i}" for i in range(n_conditions)]
    rows = [
        {"path": f"p{i}", "condition": c, "estimate": v, "core": float(rng.integers(2))}
        for i in range(n_paths)
        for c, v in zip(conditions, rng.choice([0.0, 0.5, 1.0], n_conditions), strict=True)
    ]
    said = ["正式领导力工具", "非正式领导力", "补偿", "细则", "党员示范带动作用", "反对"]
    told = ["Formal tools", "Informal leadership", "Compensation", "Rules", "Members set an example", "Objection"]
    labels = {c: Label(zh=said[i % 6], en=told[i % 6]) for i, c in enumerate(conditions)}
    labels |= {
        f"p{i}": Label(zh=f"路径{i + 1}：FORMAL*INFORM", en=f"Path {i + 1}: FORMAL*INFORM") for i in range(n_paths)
    }
    return Figure("radar", "radar", Label(zh="雷达图", en="Radars"), pd.DataFrame(rows), labels)


def xy_plot(n: int = 18) -> Figure:
    rng = np.random.default_rng(2)
    x = rng.beta(0.7, 0.7, n)
    y = np.clip(x + rng.normal(0.1, 0.15, n), 0, 1)
    kinds = np.where(x > 0.5, np.where(y > 0.5, "typical", "deviant"), "irrelevant")
    names = [f"case{i}" for i in range(n)]
    frame = pd.DataFrame({"case": names, "x": x, "y": y, "kind": kinds})
    labels = {name: Label(zh=f"小区{i}", en=f"Estate {i}") for i, name in enumerate(names)}
    labels |= {"typical": Label(zh="典型", en="typical"), "deviant": Label(zh="偏离", en="deviant")}
    labels |= {"irrelevant": Label(zh="无关", en="irrelevant"), "x": Label(zh="解的隶属度", en="In the solution")}
    labels |= {"y": Label(zh="加装成功", en="Lift installed")}
    return Figure("xy", "xy_plot", Label(zh="XY图", en="XY plot"), frame, labels)


def calibration(n_sets: int = 5, n: int = 40) -> Figure:
    rng = np.random.default_rng(4)
    names = list(SCALES)[:n_sets]
    parts = []
    for name in names:
        x = rng.normal(3.2, 0.4, n)
        parts.append(pd.DataFrame({"set": name, "x": x, "y": 1 / (1 + np.exp(-5 * (x - 3.2))), "middle": 3.2}))
    return Figure("calibration", "calibration", Label(zh="校准", en="Calibration"), pd.concat(parts), SCALES)


def specification_curve(n: int = 24) -> Figure:
    rows = []
    for i in range(n):
        b = -0.05 + 0.02 * i
        numbers = {"estimate": b, "conf_low": b - 0.1, "conf_high": b + 0.1, "p_value": 0.2 if b < 0.1 else 0.01}
        for panel, choice in (("outcome", f"o{i % 2}"), ("estimator", f"e{i % 3}")):
            rows.append({"position": i + 1, "base": i == 9, "panel": panel, "choice": choice, **numbers})
    words = {"o0": ("参与", "Participation"), "o1": ("满意度", "Satisfaction"), "e0": ("普通", "Classical")}
    words |= {"e1": ("稳健", "Robust"), "e2": ("有序", "Ordered"), "outcome": ("结果", "Outcome")}
    labels = {name: Label(zh=zh, en=en) for name, (zh, en) in (words | {"estimator": ("估计", "Estimator")}).items()}
    return Figure("sc", "specification_curve", Label(zh="设定曲线", en="Curve"), pd.DataFrame(rows), labels)


def framework(k: int = 3) -> Figure:
    names = list(SCALES)[: k + 3]
    x, *m, w, y = names
    rows = [(x, one, "", "+", f"H{i}") for i, one in enumerate(m, 1)] + [(one, y, "", "-", "H7") for one in m]
    rows += [(x, y, "", "", "H8"), (w, y, m[0], "+", "H9")]
    frame = pd.DataFrame(rows, columns=["from", "to", "on", "sign", "hypothesis"])
    note = Label(zh="箭头上为假设编号", en="Numbers of the hypotheses")
    return Figure("g1", "framework", Label(zh="理论框架", en="Framework"), frame, SCALES, (note,))


def network(n: int = 24, kinds: int = 4) -> Figure:
    rng = np.random.default_rng(6)
    turn = 2 * np.pi * np.arange(n) / n
    size = rng.integers(1, 12, n)
    names = [f"org{i}" for i in range(n)]
    x, y = 0.5 + 0.5 * np.cos(turn), 0.5 + 0.5 * np.sin(turn)
    kind = [f"k{i % kinds}" if kinds else "" for i in range(n)]
    actor = pd.DataFrame({"part": "actor", "a": names, "b": "", "x": x, "y": y, "size": size, "kind": kind})
    ends = [(i, j) for i in range(n) for j in range(i + 1, n) if rng.random() < 0.15]
    tie = pd.DataFrame({"part": "tie", "a": [names[i] for i, _ in ends], "b": [names[j] for _, j in ends],
                        "size": 1.0, "kind": ["both" if i % 2 else "one" for i, _ in ends]})  # fmt: skip
    labels = {name: Label(zh=f"第{i}社区党委", en=f"Party committee {i}") for i, name in enumerate(names)}
    labels |= {f"k{i}": Label(zh=f"类别{i}", en=f"Kind {i}") for i in range(kinds)}
    return Figure("map", "network", Label(zh="网络图", en="Network"), pd.concat([actor, tie]), labels)


def flow(levels: int = 3, share_open: float = 0.1) -> Figure:
    """So many levels with a route each, some problems open at every level, two without a route."""
    heads = [f"level:{i}" for i in range(levels)] or ["received"]
    settled = [round(1600 / (i + 1) ** 2) for i in range(len(heads))]
    still = [round(share_open * n) for n in settled]
    reached = [sum(settled[i:]) + sum(still[i:]) for i in range(len(heads))]
    reached[0] += 2
    nodes = [(name, "", float(i), reached[i], "stage") for i, name in enumerate(heads)]
    nodes += [(f"route:{i}", "", float(len(heads)), n, "route") for i, n in enumerate(settled)]
    nodes += [("open", "", float(len(heads)), sum(still), "open")] if sum(still) else []
    nodes += [("without_route", "", float(len(heads)), 2, "none")]
    bands = [(a, b, np.nan, n, "on") for a, b, n in zip(heads, heads[1:], reached[1:], strict=False)]
    bands += [(head, f"route:{i}", np.nan, settled[i], "route") for i, head in enumerate(heads)]
    bands += [(head, "open", np.nan, still[i], "open") for i, head in enumerate(heads) if still[i]]
    bands += [(heads[0], "without_route", np.nan, 2, "none")]
    frame = pd.DataFrame(nodes + bands, columns=["a", "b", "column", "size", "kind"])
    frame.insert(0, "part", ["node"] * len(nodes) + ["band"] * len(bands))
    labels = {
        name: Label(zh=f"第{i + 1}级：居民自议", en=f"Level {i + 1}: self-deliberation") for i, name in enumerate(heads)
    }
    labels |= {
        f"route:{i}": Label(zh="由互助站自行处置的问题", en="Handed to the community or a department")
        for i in range(len(heads))
    }
    labels |= {"open": Label(zh="未办结", en="Open"), "without_route": Label(zh="无流转途径", en="Without a route")}
    return Figure("flow", "flow", Label(zh="问题流转图", en="Flow of problems"), frame, labels)


def code_tree(concepts: int = 45) -> Figure:
    rows = [("K", "", 0, "core", concepts)]
    rows += [(f"E{i}", "K", 1, "category", 9) for i in range(10)]
    rows += [(f"S{i}", f"E{i % 10}", 2, "subcategory", 4) for i in range(24)]
    rows += [(f"C{i}", f"S{i % 24}", 3, "concept", i % 7) for i in range(concepts)]
    frame = pd.DataFrame(rows, columns=["code", "parent", "depth", "level", "count"])
    order = {row[0]: row[0] if not row[1] else None for row in rows}
    for code, parent in zip(frame["code"], frame["parent"], strict=True):
        order[code] = f"{order[parent]}/{code}" if parent else code
    frame = frame.assign(place=frame["code"].map(order)).sort_values("place", kind="stable")
    names = {"K": "党建引领促进合作生产", "E": "多方关系协调者", "S": "嵌入式引领与动员", "C": "楼长挨家挨户动员"}
    labels = {code: Label(zh=names[code[0]], en=f"Code of the Party group {code}") for code in frame["code"]}
    labels |= {"concept": Label(zh="概念", en="concepts"), "subcategory": Label(zh="副范畴", en="subcategories")}
    labels |= {"category": Label(zh="主范畴", en="categories"), "core": Label(zh="核心范畴", en="core categories")}
    return Figure("codes", "code_tree", Label(zh="编码结构图", en="Code tree"), frame, labels)


def traces(n: int = 6, chains: int = 5) -> Figure:
    rng = np.random.default_rng(12)
    names = list(SCALES)[:n]
    rows = [(v, c, i, rng.normal(0.1, 0.2)) for v in names for c in range(chains) for i in range(1, 11)]
    frame = pd.DataFrame(rows, columns=["variable", "imputation", "iteration", "estimate"])
    return Figure("traces", "traces", Label(zh="插补轨迹", en="Traces"), frame, SCALES)


def imputed_density(n: int = 6) -> Figure:
    at = np.linspace(-3, 3, 41)
    rows = [
        (v, part, x, np.exp(-((x - shift) ** 2) / 2))
        for v in list(SCALES)[:n]
        for part, shift in (("answers", 0.0), ("imputed", 0.3))
        for x in at
    ]
    frame = pd.DataFrame(rows, columns=["variable", "part", "place", "estimate"])
    labels = SCALES | {"answers": Label(zh="原有答案", en="answers"), "imputed": Label(zh="插补值", en="imputed")}
    return Figure("density", "imputed_density", Label(zh="插补值的分布", en="Imputed values"), frame, labels)


def conditional_effects(effects: int = 2) -> Figure:
    x, m1, m2, y, w = list(SCALES)[:5]
    at = np.linspace(2, 5, 15)
    parts = [
        pd.DataFrame({"from": x, "to": y, "by": by, "moderator": w, "theta": at, "estimate": 0.1 * at - 0.2,
                      "conf_low": 0.1 * at - 0.3, "conf_high": 0.1 * at - 0.05})
        for by in (m1, m2)[:effects]
    ]  # fmt: skip
    title = Label(zh="条件间接效应", en="Conditional indirect effects")
    return Figure("conditional", "conditional_effects", title, pd.concat(parts), SCALES)


def case_order(n: int = 12, roles: bool = True) -> Figure:
    rng = np.random.default_rng(9)
    at = np.sort(rng.uniform(2, 4.6, n))[::-1]
    half = rng.uniform(0.1, 0.6, n)
    kinds = ["typical", "deviant_coverage", "irrelevant"]
    frame = pd.DataFrame({
        "case": [f"E{i:02d}" for i in range(n)], "estimate": at, "conf_low": at - half, "conf_high": at + half,
        "role": [kinds[i % 3] if roles else "" for i in range(n)],
        "outcome": ["成功" if i < n / 2 else "失败" for i in range(n)] if roles else "",
    })  # fmt: skip
    labels = {c: Label(zh=f"{c} 幸福里小区", en=f"{c} Xingfuli estate") for c in frame["case"]}
    labels |= {kind: Label(f"qca.type.{kind}") for kind in kinds}
    labels |= {"axis": Label(zh="信任", en="Trust"), "outcome_head": Label("displays.outcome")}
    return Figure("order", "case_order", Label(zh="案例的信任", en="Trust of the cases"), frame, labels)


SAMPLES = {
    "case-order": case_order,
    "case-order-80": lambda: case_order(80, False),
    "traces": traces,
    "traces-2": lambda: traces(2, 3),
    "imputed-density": imputed_density,
    "code-tree": code_tree,
    "code-tree-200": lambda: code_tree(200),
    "network": network,
    "network-6": lambda: network(6, 0),
    "flow": flow,
    "flow-0": lambda: flow(0, 0.0),
    "flow-5": lambda: flow(5, 0.4),
    "calibration": calibration,
    "calibration-1": lambda: calibration(1, 12),
    "radar": radar,
    "radar-7": lambda: radar(7, 6),
    "xy-plot": xy_plot,
    "xy-plot-80": lambda: xy_plot(80),
    "response-surface": response_surface,
    "response-surface-plane": lambda: response_surface(0.0),
    "interaction": interaction,
    "interaction-panels": lambda: interaction(4),
    "interaction-categories": lambda: interaction(3, 3),
    "johnson-neyman": johnson_neyman,
    "johnson-neyman-panels": lambda: johnson_neyman(3, 0),
    "power-curve": power_curve,
    "power-curve-simulated": lambda: power_curve(1, True),
    "accumulation": accumulation,
    "specification-curve": specification_curve,
    "specification-curve-200": lambda: specification_curve(200),
    "framework": framework,
    "framework-1": lambda: framework(1),
    "accumulation-1": lambda: accumulation(1, 6),
    "likert": likert,
    "likert-4": lambda: likert(5, 4),
    "multiple": multiple,
    "multiple-groups": lambda: multiple(True),
    "heatmap": heatmap,
    "heatmap-4": lambda: heatmap(4),
    "coefficients": coefficients,
    "coefficients-1": lambda: coefficients(1),
    "upset": upset,
    "upset-2": lambda: upset(2),
    "scree": scree,
    "scree-40": lambda: scree(40),
    "category-curves": category_curves,
    "category-curves-20": lambda: category_curves(20, 7),
    "category-curves-3": lambda: category_curves(3, 2),
    "information": information,
    "information-16": lambda: information(16),
    "caterpillar": caterpillar,
    "caterpillar-80": lambda: caterpillar(80, 1),
    "cross-level": cross_level,
    "cross-level-2": lambda: cross_level(2),
    "residuals": residuals,
    "residuals-4": lambda: residuals(4),
    "event-study": event_study,
    "conditional-effects": conditional_effects,
    "conditional-effects-1": lambda: conditional_effects(1),
    "interrupted": interrupted,
    "interrupted-control": lambda: interrupted(True),
    "balance": balance,
    "balance-1": lambda: balance(1),
    "event-study-1": lambda: event_study(1, 1),
    "structural": structural,
    "structural-1": lambda: structural("factors", 1),
    "structural-4": lambda: structural("factors", 4),
    "structural-second": lambda: structural("second", 3),
    "structural-paths": lambda: structural("paths", 3),
    "structural-paths-4": lambda: structural("paths", 4),
    "path-direct": lambda: path("simple", 0),
    "path-simple": path,
    "path-parallel-2": lambda: path("parallel", 2),
    "path-parallel-4": lambda: path("parallel", 4),
    "path-serial-2": lambda: path("serial", 2),
    "path-serial-3": lambda: path("serial", 3),
}


@pytest.fixture(params=SAMPLES)
def sample(request: pytest.FixtureRequest) -> Figure:
    """Each sample figure in turn."""
    return SAMPLES[request.param]()


@pytest.fixture
def samples() -> dict[str, object]:
    """The makers of the samples, by name."""
    return {
        "likert": likert,
        "multiple": multiple,
        "heatmap": heatmap,
        "coefficients": coefficients,
        "path": path,
        "upset": upset,
        "accumulation": accumulation,
        "case_order": case_order,
        "power_curve": power_curve,
        "xy_plot": xy_plot,
        "radar": radar,
        "flow": flow,
        "network": network,
        "code_tree": code_tree,
        "traces": traces,
        "imputed_density": imputed_density,
        "conditional_effects": conditional_effects,
        "calibration": calibration,
        "residuals": residuals,
        "caterpillar": caterpillar,
        "cross_level": cross_level,
        "interaction": interaction,
        "johnson_neyman": johnson_neyman,
        "response_surface": response_surface,
        "scree": scree,
        "category_curves": category_curves,
        "information": information,
        "structural": structural,
        "event_study": event_study,
        "balance": balance,
        "specification_curve": specification_curve,
        "framework": framework,
        "interrupted_series": interrupted,
    }


@pytest.fixture(params=["zh", "en"])
def lang(request: pytest.FixtureRequest) -> str:
    """Both languages."""
    return request.param
