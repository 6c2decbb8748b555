"""A small survey with its codebook: categories, kinds of missing answers, a multiple-response question, a scale."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evalkit.contract import Category, Codebook, ScaleEntry, Variable, attach
from evalkit.contract.words import has_text

NAN = float("nan")


def categories(*names):
    return tuple(Category(i + 1, zh, en) for i, (zh, en) in enumerate(names))


@pytest.fixture
def survey():
    """Eight respondents. need: 1 repair, 2 care, 3 none of these; the sixth ticked nothing, the last was not asked."""
    frame = pd.DataFrame(
        {
            "gender": [1, 2, 2, 1, 2, 2, NAN, 1],
            "age": [30, 41, 52, 63, 74, NAN, 27, 38],
            "SAT1": [1, 2, 3, 4, 5, 5, NAN, 3],
            "SAT2": [5, 4, 3, 2, 1, 1, 3, NAN],
            "SAT2_R": [1, 2, 3, 4, 5, 5, 3, NAN],
            "SAT": [1, 2, 3, 4, 5, 5, 3, 3],
            "need__1": [1, 1, 0, 1, 0, 0, 1, NAN],
            "need__2": [1, 1, 0, 0, 0, 0, 1, NAN],
            "need__3": [0, 0, 1, 0, 1, 0, 0, NAN],
            "remark": ["a", "b", "c", "d", "e", "f", "g", "h"],
        },
        index=[11, 12, 13, 14, 15, 16, 17, 18],
    )
    points = categories(("差", "bad"), ("较差", "poor"), ("一般", "fair"), ("较好", "good"), ("好", "very good"))
    options = (("修缮", "repair"), ("照料", "care"), ("都不是", "none"))
    variables = [
        Variable("gender", "nominal", "性别", "Gender", categories(("男", "male"), ("女", "female"), ("其他", "other")),
                 role="background"),
        Variable("age", "number", "年龄", "Age", unit="岁", role="background"),
        Variable("SAT1", "item", "满意1", "Satisfied 1", points, 1, 5),
        Variable("SAT2", "item", "满意2", "Satisfied 2", points, 1, 5),
        Variable("SAT2_R", "item", "满意2", "Satisfied 2", (), 1, 5, item="SAT2", reversed_from="SAT2"),
        Variable("SAT", "score", "满意度", "Satisfaction", (), 1, 5),
        *(Variable(f"need__{i + 1}", "option", *words, item="need") for i, words in enumerate(options)),
        Variable("remark", "text", "备注", "Remark"),
    ]  # fmt: skip
    missing = pd.DataFrame(0, index=frame.index, columns=[c for c in frame if c != "SAT"], dtype=np.int8)
    missing.loc[17, ["gender", "SAT1"]] = [5, 3]
    missing.loc[16, "age"] = 2
    missing.loc[18, ["SAT2", "need__1", "need__2", "need__3"]] = 1
    scale = ScaleEntry("SAT", ("SAT1", "SAT2_R"), role="outcome", zh="满意度", en="Satisfaction", low=1, high=5)
    book = Codebook(missing=missing).with_variables(variables).with_scales([scale])
    return attach(frame, book)


@pytest.fixture
def categorical(scored):
    """The reference residents with the codebook that the reference tables assume."""
    order = {
        "tenure": ["owner", "renter", "public"],
        "stratum": ["danwei", "commodity", "resettlement", "urban_village"],
    }
    names = [
        "gender",
        "education",
        "tenure",
        "stratum",
        "party_member",
        "renewal_support",
        "signed_agreement",
        "age_band",
    ]
    names += ["renter"]

    def known(name):
        codes = order.get(name) or sorted(scored[name].dropna().unique())
        return Variable(name, "nominal", categories=tuple(Category(c, str(c), str(c)) for c in codes))

    return attach(scored, Codebook().with_variables(known(n) for n in names))


def check_views(result):
    """Three views, the glossary's columns, one glance row, tables that span and whose words exist in zh and en."""
    from evalkit.contract import GLOSSARY, KEYS, VALUES, Label

    tidy = result.tidy()
    assert list(tidy.columns[: len(KEYS) + len(VALUES)]) == [*KEYS, *VALUES]
    assert set(tidy.columns) <= set(GLOSSARY)
    keys = tidy[list(KEYS)].fillna("").astype(str)
    assert not keys.duplicated().any()
    assert not keys.map(lambda v: " " in v).to_numpy().any()
    assert len(result.glance()) == 1
    assert set(result.glance().columns) <= set(GLOSSARY)
    for template in result.templates:
        table = result.table(template)
        texts = [table.title, *(n.label for n in table.notes)]
        texts += [h.label for row in table.header for h in row if h.label]
        for row in table.rows:
            assert len(row.cells) == table.n_columns or row.role == "section"
            texts += [c.value for c in row.cells if isinstance(c.value, Label)]
            assert all(c.kind in GLOSSARY for c in row.cells)
            assert all(c.reason is None or has_text(c.reason) for c in row.cells)
        for row in table.header:
            assert sum(h.span for h in row) == table.n_columns
        for text in texts:
            label = Label(text) if isinstance(text, str) else text
            assert label.text("zh") and label.text("en")
    return True


@pytest.fixture
def views():
    return check_views
