"""What drafting has found so far: blocks, ids already given, shared option lists and the evidence for each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from evalkit.contract import Label
from evalkit.ingest.draft.columns import Look
from evalkit.ingest.draft.options import OptionList
from evalkit.ingest.targets import choice_column, item_columns, option_column
from evalkit.ingest.wording import clean
from evalkit.instrument import Block, Option

_ID = re.compile(r"^[A-Za-z](?:_?[A-Za-z0-9])*$")


@dataclass
class Questions:
    """Blocks drafted so far; `comments` by id, `lists` by options, `ids` already given, `columns` by position."""

    mode: str
    blocks: list[Block] = field(default_factory=list)
    comments: dict[str, list[Label]] = field(default_factory=dict)
    lists: dict[tuple[Option, ...], str] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    guessed: list[str] = field(default_factory=list)
    columns: dict[int, str] = field(default_factory=dict)

    def id_for(self, header: str, number: int | None) -> str:
        """A free id: the header where it can be one, else the question number, else a running number."""
        own = clean(header)
        if _ID.match(own) and not own.endswith("_R") and own not in self.ids:
            chosen = own
        elif self.mode == "number" and number is not None and f"q{number}" not in self.ids:
            chosen = f"q{number}"
        else:
            letter = "q" if self.mode == "number" else "c"
            k = len(self.blocks) + 1
            while f"{letter}{k}" in self.ids:
                k += 1
            chosen = f"{letter}{k}"
        self.ids.add(chosen)
        return chosen

    def list_for(self, id: str, found: OptionList) -> str:
        """Name of an option list, shared by the questions that have the same options."""
        if found.options not in self.lists:
            self.lists[found.options] = f"{id}_options"
            self.comments.setdefault(f"{id}_options", []).append(found.evidence)
        return self.lists[found.options]

    def add(
        self, block: Block, looks: Sequence[Look], *comments: Label, guessed: bool = False, chosen: bool = False
    ) -> None:
        """Keep a block made of these columns, with the evidence for it; `chosen`: each names one option chosen."""
        rows = block.type == "matrix" or len(looks) == 1
        names = [item.id for item in block.items] if rows else item_columns(block.items[0])
        if not rows and block.type == "single":
            names = [option_column(block.id, option.code) for option in block.items[0].options]
        if chosen:
            names = [choice_column(block.id, k) for k in range(1, len(looks) + 1)]
        self.columns |= {look.column.position: name for look, name in zip(looks, names, strict=True)}
        self.blocks.append(block)
        self.comments.setdefault(block.id, []).extend(comments)
        if guessed:
            self.guessed.append(block.id)
