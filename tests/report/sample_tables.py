"""Realistic tables and a report in zh and en, to be printed by every writer. All numbers are invented."""

from __future__ import annotations

import math

import pandas as pd

from evalkit.contract import Cell, Drop, Head, Label, Note, Problem, Row, Table, result_id


def pair(zh: str, en: str) -> Label:
    return Label(zh=zh, en=en)


NAMES = [
    pair("政治引领", "Political guidance"),
    pair("价值整合", "Value integration"),
    pair("利益相关者张力", "Stakeholder tension"),
    pair("合作生产网络", "Co-production network"),
    pair("社区认同", "Community identity"),
    pair("改造支持意愿", "Renewal support"),
    pair("满意度", "Satisfaction"),
    pair("参与频率", "Participation"),
    pair("年龄", "Age"),
    pair("居住年限", "Years of residence"),
    pair("家庭月收入", "Household income"),
    pair("社区规模", "Community size"),
]


def profile_table() -> Table:
    blocks = [
        (pair("性别", "Gender"), [(pair("男", "Male"), 512), (pair("女", "Female"), 634)]),
        (
            pair("受教育程度", "Education"),
            [
                (pair("初中及以下", "Lower secondary or less"), 188),
                (pair("高中或中专", "Upper secondary or vocational"), 341),
                (pair("大专", "Junior college"), 287),
                (pair("本科及以上", "Bachelor's degree or higher"), 330),
            ],
        ),
        (pair("政治面貌", "Party membership"), [(pair("中共党员", "CPC member"), 304), (pair("群众", "None"), 842)]),
    ]
    rows = []
    for name, options in blocks:
        for i, (option, n) in enumerate(options):
            head = Cell(name if i == 0 else "", "label")
            rows.append(Row((head, Cell(option, "label"), Cell(n, "count"), Cell(100 * n / 1146, "percent"))))
    heads = (Head("variable"), Head("category"), Head("count"), Head("percent"))
    note = Note(
        "general", pair("N=1146；因四舍五入，各项之和可能不等于100%", "N = 1,146; rounding: sums may differ from 100")
    )
    return Table("profile", "T1", pair("样本基本特征", "Sample profile"), (heads,), tuple(rows), (note,))


def describe_table() -> Table:
    heads = tuple(Head(k) for k in ("variable", "n_valid", "min", "max", "mean", "sd", "skew", "kurtosis"))
    rows = []
    for i, name in enumerate(NAMES):
        sizes = (1146 - 7 * i, 1.0, 5.0 if i < 8 else 86.5, 3.125 + i / 9, 0.805 + i / 20)
        cells = [Cell(name, "label"), Cell(sizes[0], "n_obs"), Cell(sizes[1], "min"), Cell(sizes[2], "max")]
        cells += [
            Cell(sizes[3], "mean"),
            Cell(sizes[4], "sd"),
            Cell(-0.412 + i / 11, "skew"),
            Cell(i / 7 - 1, "kurtosis"),
        ]
        rows.append(Row(tuple(cells)))
    rows.append(
        Row(
            (
                Cell(pair("是否党员（无变异）", "Member (constant)"), "label"),
                Cell(1146, "n_obs"),
                Cell(1.0, "min"),
                Cell(1.0, "max"),
                Cell(1.0, "mean"),
                Cell(0.0, "sd"),
                Cell(math.nan, "skew", reason="drop.incomplete"),
                Cell(math.nan, "kurtosis", reason="drop.incomplete"),
            )
        )
    )
    note = Note("general", pair("量表题为五点计分", "Scale items have five points"))
    return Table("describe", "T4", pair("描述性统计", "Descriptive statistics"), (heads,), tuple(rows), (note,))


def correlation_table(k: int = 6) -> Table:
    heads = (Head("variable"), Head("mean"), Head("sd"), *(Head(pair(str(i + 1), str(i + 1))) for i in range(k)))
    rows = []
    for i in range(k):
        name = pair(f"{i + 1} {NAMES[i].zh}", f"{i + 1} {NAMES[i].en}")
        cells = [Cell(name, "label"), Cell(3.2 + i / 10, "mean"), Cell(0.8 + i / 30, "sd")]
        for j in range(k):
            if j > i:
                cells.append(Cell("", "text"))
            elif j == i:
                cells.append(Cell(0.712 + i / 100, "correlation", bold=True))
            else:
                r = (-1) ** (i * j) * (0.61 - 0.05 * (i - j) - 0.01 * j)
                cells.append(Cell(r, "correlation", p=[0.0001, 0.004, 0.03, 0.2][(i + j) % 4]))
        rows.append(Row(tuple(cells)))
    notes = (
        Note("source", pair("数据来源：作者根据调查数据计算", "Source: computed by the authors from the survey")),
        Note(
            "general",
            pair(
                "对角线加粗数值为AVE的平方根，下三角为皮尔逊相关系数",
                "Bold diagonal: square root of AVE; below: Pearson r",
            ),
        ),
    )
    return Table(f"correlation{k}", "T9", pair("相关系数矩阵", "Correlation matrix"), (heads,), tuple(rows), notes)


def regression_table(models: int = 6) -> Table:
    half = models // 2
    heads = (
        (
            Head(""),
            Head(pair("被解释变量：利益相关者张力", "Outcome: stakeholder tension"), half),
            Head(pair("被解释变量：合作生产网络", "Outcome: co-production network"), models - half),
        ),
        (Head("variable"), *(Head(Label("model_n", n=m + 1)) for m in range(models))),
    )
    rows = []
    for i, name in enumerate([*NAMES[8:12], *NAMES[:3]]):
        first, second = [Cell(name, "label")], [Cell("", "text")]
        for m in range(models):
            if i > m + 3:
                first.append(Cell(None, "estimate"))
                second.append(Cell("", "text"))
                continue
            b = (0.4 - 0.07 * i) * (1 + m / 10)
            term_id = result_id("reg", {"model": str(m + 1), "term": f"x{i}"}, "estimate")
            first.append(Cell(b, "estimate", p=abs(0.2 - 0.05 * i) if i % 2 else 0.0002, id=term_id))
            second.append(Cell(0.031 + i / 100, "std_error", wrap="("))
        rows += [Row(tuple(first), indent=0), Row(tuple(second))]
    for key, kind, value in (
        ("R²", "r_squared", 0.312),
        ("ΔR²", "r_squared_change", 0.021),
        ("F", "f_statistic", 42.318),
        ("n", "n_obs", 1056),
    ):
        cells = [Cell(pair(key, key), "label")]
        cells += [
            Cell(None if kind == "r_squared_change" and m == 0 else value + (m / 50 if kind != "n_obs" else 0), kind)
            for m in range(models)
        ]
        rows.append(Row(tuple(cells), role="stat"))
    note = Note("general", pair("括号内为HC3稳健标准误", "HC3 robust standard errors in brackets"))
    title = pair("层级回归结果", "Hierarchical regression")
    return Table(f"regression{models}", "T13", title, heads, tuple(rows), (note,))


def mediation_table() -> Table:
    heads = (
        Head(pair("路径", "Path")),
        Head(pair("效应值", "Effect")),
        Head(pair("Boot SE", "Boot SE")),
        Head(Label("confidence_interval", level=95)),
        Head(pair("效应占比(%)", "Share (%)")),
    )
    rows = [Row((Cell(pair("模型：政治引领 → 合作生产网络", "Model: guidance → network"), "label"),), role="section")]
    for name, estimate, se, share in (
        (pair("总效应", "Total effect"), 0.352, 0.031, 100.0),
        (pair("直接效应", "Direct effect"), 0.268, 0.034, 76.136),
        (pair("间接效应：利益相关者张力", "Indirect: stakeholder tension"), 0.084, 0.024, 23.864),
        (pair("间接效应：价值整合", "Indirect: value integration"), -0.0001, 0.012, None),
    ):
        interval = (estimate - 1.96 * se, estimate + 1.96 * se)
        term_id = f"med/{name.en}#estimate".replace(" ", "_")
        cells = (
            Cell(name, "label"),
            Cell(estimate, "estimate", id=term_id),
            Cell(se, "boot_se"),
            Cell(interval, "interval"),
            Cell(share, "share"),
        )
        rows.append(Row(cells, indent=1))
    notes = (
        Note(
            "general",
            pair("Bootstrap重复抽样5000次，95%置信区间采用百分位法", "5,000 bootstrap draws, percentile interval"),
        ),
        Note("specific", pair("置信区间不包含0表示效应显著", "An interval without 0 means a significant effect")),
    )
    title = pair("中介效应的Bootstrap检验", "Bootstrap test of the mediation")
    return Table("mediation", "T14", title, (heads,), tuple(rows), notes)


def hostile_table() -> Table:
    evil = [
        '<script>alert("x")</script>',
        '=HYPERLINK("http://example.org","click")',
        "+1+1",
        "@SUM(A1)",
        "-2+3",
        "bell\x07 and nul\x00 and \x1b[31m",
        "a|b*c_d`e",
        "line one\nline two",
        "{{ 7 * 7 }} {n}",
        "]]> &amp; <b>",
        "＝1+1",
    ]
    rows = tuple(Row((Cell(Label(zh=t, en=t), "label"), Cell(t, "text"), Cell(1.5, "mean"))) for t in evil)
    heads = ((Head(pair(evil[0], evil[0])), Head(pair(evil[1], evil[1])), Head("mean")),)
    return Table("hostile", "T0", pair(evil[0], evil[0]), heads, rows, (Note("general", pair(evil[0], evil[0])),))


def all_tables() -> tuple[Table, ...]:
    return (
        profile_table(),
        describe_table(),
        correlation_table(6),
        correlation_table(12),
        regression_table(6),
        mediation_table(),
    )


def results_frame() -> pd.DataFrame:
    columns = (
        "id",
        "model",
        "outcome",
        "group",
        "term",
        "level",
        "statistic",
        "value",
        "reason",
        "df",
        "method",
        "n_obs",
    )
    rows = [
        ("med/total#estimate", None, None, None, "total", None, "estimate", 0.35187, None, None, "OLS", 1056),
        ("med/total#std_error", None, None, None, "total", None, "std_error", 0.03101, None, None, "OLS", 1056),
        (
            "med/share#share",
            None,
            None,
            None,
            "=cmd|' /C calc'!A0",
            None,
            "share",
            None,
            "signs differ",
            None,
            "OLS",
            1056,
        ),
    ]
    return pd.DataFrame(rows, columns=list(columns))


DROPS = (Drop("drop.incomplete", 90),)
NOTICES = (Problem("E706"),)


def sample_report(languages: tuple[str, ...] = ("zh", "en"), tables: tuple[Table, ...] | None = None):
    from evalkit.report.document import Report, Section

    tables = all_tables() if tables is None else tables
    sections = []
    for i, table in enumerate(tables):
        sections.append(
            Section(
                id=f"s{i}",
                title=table.title,
                tables=(table,),
                sentences=(
                    pair(
                        "间接效应值为0.084，95%置信区间为[0.037, 0.131]，不包含0。",
                        "The indirect effect is 0.084, 95% CI [0.037, 0.131]; the interval does not contain 0.",
                    ),
                    Label("n", n=1056, ref="med/Total_effect#estimate"),
                ),
                notices=NOTICES if i == 1 else (),
                provenance=(
                    pair("使用1056行，剔除90行（答案不完整）", "1,056 rows used, 90 dropped (incomplete answers)"),
                ),
            )
        )
    return Report(
        title=pair("社区更新满意度调查报告", "Community renewal survey"),
        sections=tuple(sections),
        languages=languages,
        facts=(pair("有效样本1146份，来自12个社区", "1,146 valid answers from 12 communities"),),
        simulated=True,
        results=results_frame(),
        plan_hash="0" * 64,
    )
