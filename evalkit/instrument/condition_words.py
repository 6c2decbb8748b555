"""A condition of an instrument in, the words that tell a reader when it holds out."""

from __future__ import annotations

from collections.abc import Callable

from evalkit.contract.words import text_of
from evalkit.formula.tree import Answered, Chosen, Column, Compare, Condition, Literal, Many, Member, Not, Value
from evalkit.instrument.definition import Instrument, Item

_SIGNS = {"==": "equals", "!=": "unequal", "<": "less", "<=": "most", ">": "more", ">=": "least"}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class ConditionWords:
    """Says conditions in one language.

    Parameters
    ----------
    instrument : Instrument
        Whose options give the codes their wordings.
    name : callable
        Item -> how the reader knows it: a number, an id.
    """

    def __init__(self, instrument: Instrument, lang: str, name: Callable[[Item], str]) -> None:
        self._items = {item.id: item for item in instrument.items}
        self._lang = lang
        self._name = name

    def say(self, condition: Condition) -> str:
        """The words for the tree of an expression."""
        match condition:
            case Not(Answered(name)):
                return self._said("blank", name)
            case Not(inner):
                return text_of("condition.not", self._lang, inner=self.say(inner))
            case Many(word, parts):
                return text_of(f"condition.{word}", self._lang).join(self._inside(part) for part in parts)
            case Answered(name):
                return self._said("answered", name)
            case Chosen(question, code):
                return self._said("chosen", question, self._shown(question, code))
            case Member(left, values):
                name = _name_of(left)
                quoted = [f"“{self._shown(name, value)}”" for value in values]
                return self._said("member", name, ("、" if self._lang == "zh" else ", ").join(quoted))
            case Compare(left, operator, right):
                if isinstance(left, Literal):
                    left, right, operator = right, left, _TURNED.get(operator, operator)
                name = _name_of(left)
                shown = self._shown(name, right.value) if isinstance(right, Literal) else self._called(_name_of(right))
                return self._said(_SIGNS[operator], name, shown)

    def _inside(self, condition: Condition) -> str:
        said = self.say(condition)
        brackets = "（{}）" if self._lang == "zh" else "({})"
        return brackets.format(said) if isinstance(condition, Many) else said

    def _said(self, kind: str, id: str, value: str = "") -> str:
        return text_of(f"condition.{kind}", self._lang, name=self._called(id), value=value)

    def _called(self, id: str) -> str:
        return self._name(self._items[id]) if id in self._items else id

    def _shown(self, id: str, code: float | str) -> str:
        item = self._items.get(id)
        option = next((o for o in item.options if o.code == code), None) if item is not None else None
        if option is not None:
            return option.text(self._lang)
        return code if isinstance(code, str) else f"{code:g}"


def _name_of(value: Value) -> str:
    return value.name if isinstance(value, Column) else str(value)
