"""An expert sheet (items in rows, experts in columns) in; content validity of items and scales out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.contract import (
    AnalysisError,
    Cell,
    Drop,
    Head,
    Label,
    Note,
    Problem,
    Row,
    Table,
    require_columns,
    tidy_frame,
)
from evalkit.moments import number_matrix

_NAN = float("nan")
_ITEM = ("i_cvi", "kappa", "aiken_v", "aiken_low", "aiken_high", "cvr")


@dataclass(frozen=True)
class ContentNorms:
    """Customary bounds; None for the I-CVI is Lynn's: 1.00 for up to five experts, 0.78 for more."""

    i_cvi: float | None = None
    s_cvi: float = 0.9
    kappa: float = 0.6

    def of_item(self, n_experts: float) -> float:
        """Least I-CVI for a number of experts: Lynn (1986), Nursing Research 35, 382-385."""
        return self.i_cvi if self.i_cvi is not None else (1.0 if n_experts <= 5 else 0.78)


@dataclass(frozen=True, eq=False)
class ContentValidityResult:
    """What experts think of items.

    Parameters
    ----------
    frame : DataFrame
        group term n_obs (experts) i_cvi kappa aiken_v aiken_low aiken_high cvr cvr_norm: one row an item.
    summary : DataFrame
        group (None for all items), s_cvi_ave, s_cvi_ua, n_items.
    agreement : float
        Fleiss' kappa of relevant against not, over the items that every expert rated.
    """

    frame: pd.DataFrame
    summary: pd.DataFrame
    agreement: float
    norms: ContentNorms
    relevant: float
    essential: float
    conf_level: float
    n_experts: int
    labels: Mapping[str, Label]
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()
    templates: ClassVar[tuple[str, ...]] = ("content_validity",)

    def tidy(self) -> pd.DataFrame:
        """Group = scale, term = item with `estimate` = I-CVI; `s_cvi_ave`, `s_cvi_ua` by scale; `model.` for all."""
        items = self.frame.to_dict("records")
        rows = [{**r, "estimate": r["i_cvi"]} for r in items]
        for r in self.summary.to_dict("records"):
            start = "" if r["group"] is not None else "model."
            rows += [
                {"group": r["group"], "term": start + name, "estimate": r[name], "n_items": r["n_items"],
                 "n_obs": self.n_experts}
                for name in ("s_cvi_ave", "s_cvi_ua")
            ]  # fmt: skip
        rows.append({"term": "model.fleiss", "estimate": self.agreement, "n_obs": self.n_experts})
        names = ("group", "term", "estimate", "n_obs", *_ITEM, "cvr_norm", "n_items")
        columns = {n: [r.get(n, None if n in ("group", "term") else _NAN) for r in rows] for n in names}
        return tidy_frame(n_rows=len(rows), **columns)

    def glance(self) -> pd.DataFrame:
        """One row: S-CVI/Ave, S-CVI/UA, Fleiss' kappa, items and experts."""
        whole = self.summary.iloc[-1]
        row = {"s_cvi_ave": whole["s_cvi_ave"], "s_cvi_ua": whole["s_cvi_ua"], "kappa": self.agreement}
        return pd.DataFrame([{**row, "n_items": len(self.frame), "n_obs": self.n_obs}])

    @property
    def weak(self) -> pd.DataFrame:
        """Items whose I-CVI is below the norm."""
        least = [self.norms.of_item(n) for n in self.frame["n_obs"]]
        return self.frame[self.frame["i_cvi"].to_numpy() < np.array(least) - 1e-12]

    def table(self, template: str = "content_validity") -> Table:
        """Items with experts, I-CVI, modified kappa, Aiken's V with interval and CVR; S-CVI below."""
        interval = Label("confidence_interval", level=f"{100 * self.conf_level:g}")
        heads = (Head("validation.item"), Head("validation.experts"), Head("validation.i_cvi"),
                 Head("validation.kappa"), Head("validation.aiken_v"), Head(interval),
                 Head("validation.cvr"))  # fmt: skip
        rows: list[Row] = []
        several = len(self.summary) > 1
        for group, part in self.frame.groupby("group", sort=False, dropna=False):
            if several:
                rows.append(Row((Cell(self.labels[str(group)], "label"),), role="section"))
            rows += [self._row(r, 1 if several else 0) for r in part.to_dict("records")]
        for r in self.summary.to_dict("records"):
            name = self.labels[r["group"]] if r["group"] is not None else Label("validation.all_items")
            for key in ("s_cvi_ave", "s_cvi_ua"):
                blank = [Cell(None, kind) for kind in ("kappa", "aiken_v", "interval", "cvr")]
                words = Label(f"validation.{key}", name=name)
                rows.append(Row((Cell(words, "label"), Cell(None, "count"), Cell(r[key], key), *blank), role="stat"))
        cells = [Cell(None, kind) for kind in ("aiken_v", "interval", "cvr")]
        kappa = Cell(self.agreement, "kappa", reason="validation.reason_agreement")
        first = (Cell(Label("validation.fleiss"), "label"), Cell(None, "count"), Cell(None, "i_cvi"))
        rows.append(Row((*first, kappa, *cells), role="stat"))
        title = Label("validation.content_validity")
        return Table("content_validity", template, title, (heads,), tuple(rows), self._notes())

    def _row(self, r: Mapping[str, float], indent: int) -> Row:
        why = "validation.reason_no_rating"
        cells = [Cell(self.labels[str(r["term"])], "label"), Cell(r["n_obs"], "count")]
        cells += [Cell(r[n], n, reason=why) for n in ("i_cvi", "kappa", "aiken_v")]
        cells += [Cell((r["aiken_low"], r["aiken_high"]), "interval", reason=why), Cell(r["cvr"], "cvr", reason=why)]
        return Row(tuple(cells), indent=indent)

    def _notes(self) -> tuple[Note, ...]:
        least = sorted({self.norms.of_item(n) for n in self.frame["n_obs"] if n > 0})
        cvr = sorted({v for v in self.frame["cvr_norm"] if v == v})
        labels = [
            Label("validation.note_content", relevant=f"{self.relevant:g}", essential=f"{self.essential:g}"),
            Label("validation.note_content_norms", i_cvi=", ".join(f"{v:.2f}" for v in least),
                  s_cvi=f"{self.norms.s_cvi:.2f}", kappa=f"{self.norms.kappa:.2f}",
                  cvr=", ".join(f"{v:.2f}" for v in cvr) or "—"),
        ]  # fmt: skip
        return tuple(Note("general", label) for label in labels)


def content_validity(
    data: pd.DataFrame,
    experts: Sequence[str],
    *,
    item: str | None = None,
    scale: str | None = None,
    low: float = 1,
    high: float = 4,
    relevant: float = 3,
    essential: float | None = None,
    i_cvi_norm: float | None = None,
    s_cvi_norm: float = 0.9,
    kappa_norm: float = 0.6,
    conf_level: float = 0.95,
) -> ContentValidityResult:
    """Content validity from an expert sheet: one row an item, one column an expert.

    Parameters
    ----------
    data : DataFrame
    experts : sequence of str
        Columns of ratings from `low` to `high`; nan where an expert left an item out.
    item, scale : str, optional
        Columns that name the items (by itself the row labels) and their scales.
    low, high : float
        Ends of the rating scale.
    relevant : float
        Ratings from here on count as relevant.
    essential : float, optional
        Ratings from here on count as essential (Lawshe); by itself the highest.
    i_cvi_norm, s_cvi_norm, kappa_norm : float, optional
        Bounds named in the notes; the I-CVI's own is Lynn's (1986): 1.00 up to five experts, 0.78 for more.
    conf_level : float
        Coverage of the interval of Aiken's V.

    Returns
    -------
    ContentValidityResult
        An item without ratings is nan (W774); items that some experts left out do not enter Fleiss' kappa (N775).

    Raises
    ------
    AnalysisError
        E600, E610, E611; E773 for fewer than two experts or one named twice; E776 for ratings outside `low` to `high`;
        E777 for items without a name or with the same; E614 for conf_level.

    Notes
    -----
    I-CVI, S-CVI/Ave and S-CVI/UA: Polit & Beck (2006), Research in Nursing & Health 29, 489-497. Modified kappa
    ``(I-CVI - pc) / (1 - pc)`` with ``pc = C(N, A) / 2^N``: Polit, Beck & Owen (2007), ibid. 30, 459-467.
    V: Aiken (1985), Educational and Psychological Measurement 45, 131-142, with the score interval of Penfield &
    Giacobbi (2004), Measurement in Physical Education and Exercise Science 8, 213-225. CVR: Lawshe (1975), Personnel
    Psychology 28, 563-575; its bound is the exact binomial one of Ayre & Scally (2014), Measurement and Evaluation in
    Counseling and Development 47, 79-86.
    """
    ratings = _ratings(data, list(experts), low, high, conf_level)
    names, labels = _names(data, item)
    groups = [None] * len(data) if scale is None else _groups(data, scale)
    labels |= {g: Label(zh=g, en=g) for g in groups if g is not None}
    top = high if essential is None else essential
    frame = pd.DataFrame({"group": groups, "term": names, **_items(ratings, low, high, relevant, top, conf_level)})
    frame["group"] = pd.Series(groups, dtype=object)
    empty = [names[i] for i in np.flatnonzero(~(frame["n_obs"].to_numpy() > 0))]
    whole = ~np.isnan(ratings).any(axis=1)
    notices = [Problem("W774", params={"items": empty})] if empty else []
    if not whole.all():
        notices.append(Problem("N775", params={"n": int((~whole).sum())}))
    return ContentValidityResult(
        frame, _summary(frame), fleiss(ratings[whole] >= relevant), ContentNorms(i_cvi_norm, s_cvi_norm, kappa_norm),
        relevant, top, conf_level, ratings.shape[1], labels, len(frame), (), tuple(notices),
    )  # fmt: skip


def fleiss(yes: np.ndarray) -> float:
    """Fleiss' kappa of two categories, shape (n_items, n_raters); nan for no item or where all say the same.

    Fleiss (1971), Psychological Bulletin 76, 378-382.
    """
    n_items, n = yes.shape
    if n_items == 0 or n < 2:
        return _NAN
    count = yes.sum(axis=1)
    within = np.mean((count**2 + (n - count) ** 2 - n) / (n * (n - 1)))
    share = count.sum() / (n_items * n)
    chance = share**2 + (1 - share) ** 2
    return float((within - chance) / (1 - chance)) if chance < 1 else _NAN


def cvr_bound(n: int, alpha: float = 0.05) -> float:
    """Least CVR that chance (each says `essential` with 1/2) reaches in at most `alpha` of panels of `n`."""
    needed = next((k for k in range(n + 1) if stats.binom.sf(k - 1, n, 0.5) <= alpha), None)
    return _NAN if needed is None else 2 * needed / n - 1


def _ratings(data: pd.DataFrame, experts: list[str], low: float, high: float, conf_level: float) -> np.ndarray:
    if not 0 < conf_level < 1:
        raise AnalysisError(Problem("E614", params={"option": "conf_level", "value": conf_level}))
    if len(experts) < 2 or len(set(experts)) < len(experts):
        raise AnalysisError(Problem("E773", params={"n": len(set(experts))}))
    ratings = number_matrix(data, experts)
    outside = [e for e, column in zip(experts, ratings.T, strict=True) if ((column < low) | (column > high)).any()]
    if outside or not low < high:
        raise AnalysisError(Problem("E776", params={"experts": outside, "low": f"{low:g}", "high": f"{high:g}"}))
    return ratings


def _names(data: pd.DataFrame, item: str | None) -> tuple[list[str], dict[str, Label]]:
    if item is not None:
        require_columns(data, [item])
    found = data.index if item is None else data[item]
    words = [str(v).strip() if v is not None and v == v else "" for v in found]
    if not all(words) or len(set(words)) < len(words):
        twice = sorted({w for w in words if words.count(w) > 1})
        raise AnalysisError(Problem("E777", params={"names": twice[:5]}))
    ids = [w if not any(c.isspace() for c in w) else f"item{i}" for i, w in enumerate(words, 1)]
    return ids, {id: Label(zh=w, en=w) for id, w in zip(ids, words, strict=True)}


def _groups(data: pd.DataFrame, scale: str) -> list[str]:
    require_columns(data, [scale])
    return [str(v).strip().replace(" ", "_") if v is not None and v == v else "-" for v in data[scale]]


def _items(
    ratings: np.ndarray, low: float, high: float, relevant: float, essential: float, level: float
) -> dict[str, np.ndarray]:
    n = (~np.isnan(ratings)).sum(axis=1).astype(float)
    known = np.where(n > 0, n, np.nan)
    agree, ne = (ratings >= relevant).sum(axis=1), (ratings >= essential).sum(axis=1)
    share = agree / known
    chance = stats.binom.pmf(agree, known, 0.5)
    span = high - low
    v = (np.nansum(ratings, axis=1) / known - low) / span
    z2 = stats.norm.ppf((1 + level) / 2) ** 2
    nk = known * span
    half = np.sqrt(z2) * np.sqrt(4 * nk * v * (1 - v) + z2)
    return {
        "n_obs": n, "i_cvi": share, "kappa": (share - chance) / (1 - chance), "aiken_v": v,
        "aiken_low": (2 * nk * v + z2 - half) / (2 * (nk + z2)),
        "aiken_high": (2 * nk * v + z2 + half) / (2 * (nk + z2)),
        "cvr": (ne - known / 2) / (known / 2),
        "cvr_norm": np.array([cvr_bound(int(m)) if m > 0 else _NAN for m in n]),
    }  # fmt: skip


def _summary(frame: pd.DataFrame) -> pd.DataFrame:
    parts = [(g, part) for g, part in frame.groupby("group", sort=False)] + [(None, frame)]
    rows = [
        {"group": g, "s_cvi_ave": part["i_cvi"].mean(), "s_cvi_ua": _universal(part["i_cvi"]), "n_items": len(part)}
        for g, part in parts
    ]
    return pd.DataFrame(rows).astype({"group": object}).where(lambda f: f.notna() | (f.columns != "group"), None)


def _universal(share: pd.Series) -> float:
    known = share.dropna()
    return float((known == 1).mean()) if len(known) else _NAN
