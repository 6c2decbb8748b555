"""A dossier of scales, computed; its tidy rows and tables out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evalkit.contract import KEYS, Drop, Label, Problem, Result, Table, tidy_frame
from evalkit.studies.dossier.judgements import Judgement
from evalkit.studies.dossier.parts import Part
from evalkit.studies.dossier.rules import Rule


@dataclass(frozen=True)
class Finished:
    """One part with its result, or with the problems that kept it from one."""

    part: Part
    result: Result | None
    problems: tuple[Problem, ...] = ()

    def has(self, template: str) -> bool:
        """Whether the result has such a table: a single factor has no correlations."""
        if self.result is None:
            return False
        return self.part.only_appendix or template in self.result.templates


@dataclass(frozen=True, eq=False)
class ScaleDossier:
    """Everything a reviewer asks about the scales.

    Parameters
    ----------
    parts : tuple of Finished
        Those that apply; `dossier["reliability"]` is the result of one.
    judgements : tuple of Judgement
    rules : mapping
        Rules in force, by id.
    labels : mapping
        Wordings of what is judged.
    appendix : bool
        Whether the tables of the appendix are printed too.
    """

    parts: tuple[Finished, ...]
    judgements: tuple[Judgement, ...]
    rules: Mapping[str, Rule]
    labels: Mapping[str, Label]
    conf_level: float
    appendix: bool
    n_obs: int
    dropped: tuple[Drop, ...] = ()
    notices: tuple[Problem, ...] = ()

    def __getitem__(self, part: str) -> Result:
        """The result of a part; KeyError where there is none."""
        return {f.part.id: f.result for f in self.parts if f.result is not None}[part]

    @property
    def failed(self) -> tuple[Finished, ...]:
        """Parts that could not be computed."""
        return tuple(f for f in self.parts if f.result is None)

    @property
    def templates(self) -> tuple[str, ...]:
        """Tables printed: the judgements, those of the parts, and with `appendix` the others."""
        printed = [t for f in self.parts for t, inner in f.part.printed.items() if f.has(inner)]
        more = [t for f in self.parts for t, inner in f.part.appendix.items() if f.has(inner)] if self.appendix else []
        return ("judgements", *printed, *(["judged_values"] if self.appendix else []), *more)

    def tidy(self) -> pd.DataFrame:
        """Rows of every part (model = part), then each judgement (term = rule, group = what is judged).

        Agreement in every single group stands there with the appendix only. Of a judgement `estimate` is the value,
        `reference` the bound and `level` `met`, `not_met` or `not_judged`.
        """
        frames = [
            _under(f.part.id, _kept(f.result.tidy(), self.appendix or not f.part.by_group))
            for f in self.parts
            if f.result is not None
        ]
        levels = {True: "met", False: "not_met", None: "not_judged"}
        own = self.judgements
        frames.append(
            tidy_frame(
                n_rows=len(own),
                model="judgement",
                group=[j.about for j in own],
                term=[j.rule.id for j in own],
                level=[levels[j.met] for j in own],
                estimate=[j.value for j in own],
                reference=[j.rule.at for j in own],
            )
        )
        return pd.concat([f.dropna(axis=1, how="all") for f in frames], ignore_index=True).reindex(
            columns=list(dict.fromkeys(c for f in frames for c in f.columns))
        )

    def glance(self) -> pd.DataFrame:
        """One row: scales and items, how many judgements are met (`count`) and how many not (`n_failed`)."""
        met = [j.met for j in self.judgements]
        row = {"count": met.count(True), "n_failed": met.count(False), "n_missing": met.count(None)}
        return pd.DataFrame([row | {"n_obs": self.n_obs}]).astype(float)

    def table(self, template: str = "judgements") -> Table:
        """`judgements`: rules and what keeps them; `judged_values`: each value; else a table of one of the parts.

        Those of the appendix can be had whether they are printed or not.
        """
        from evalkit.studies.dossier.tables import judgement_table, value_table

        if template == "judgements":
            return judgement_table(self)
        if template == "judged_values":
            return value_table(self)
        for finished in self.parts:
            inner = {**finished.part.printed, **finished.part.appendix}.get(template)
            if inner is not None and finished.result is not None and finished.has(inner):
                return finished.result.table(inner)
        raise KeyError(template)


def _kept(frame: pd.DataFrame, everything: bool) -> pd.DataFrame:
    return frame if everything else frame[frame["group"].isna()].reset_index(drop=True)


def _under(part: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of a part with its id as (the first half of) the model key."""
    inner = frame["model"].to_numpy(object)
    model = [part if m is None or m != m else f"{part}.{m}" for m in inner]
    text = {key: frame[key].astype(object).where(frame[key].notna(), None) for key in KEYS[1:]}
    return frame.assign(model=np.array(model, dtype=object), **text)
