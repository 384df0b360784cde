"""A filter as a condition in SQL."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..filter import values
from ..filter.syntax import (
    And,
    Compare,
    Filter,
    Flag,
    In,
    Missing,
    Name,
    Not,
    Operator,
    Or,
    Tag,
    Text,
    Value,
    mistake,
)
from . import front
from .operands import Operand, Resolver
from .statement import Statement, stored

WIDE = 30  # conditions side by side
_SIGNS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class Condition:
    """Makes the condition of one filter."""

    def __init__(self, statement: Statement, names: Resolver) -> None:
        self.statement, self.names = statement, names
        self.words, self.bind = statement.words, statement.bind

    def where(self, filter: Filter) -> str:
        """The condition for WHERE, which takes NULL for false: databases find their ways better.

        Raises:
            InvalidValueError: there is no such name, or its values cannot be compared like this.
        """
        match filter:
            case And(parts):
                # Databases test from left to right, and what is long to say takes long.
                return joined(" AND ", sorted([self.where(part) for part in parts], key=len))
            case Or(parts):
                return joined(" OR ", [self.where(part) for part in parts])
            case Not(part):
                return f"NOT ({self.of(part)})"
        return self.leaf(filter)

    def of(self, filter: Filter) -> str:
        """The same, never NULL, as NOT needs it."""
        match filter:
            case And() | Or():
                joint = " AND " if isinstance(filter, And) else " OR "
                return joined(joint, [self.of(part) for part in filter.parts])
            case Not(part):
                return f"NOT ({self.of(part)})"
        return f"({self.leaf(filter)}) IS TRUE"

    def leaf(self, filter: Filter) -> str:
        """What may be NULL for false."""
        match filter:
            case Compare(name, sign, value):
                return self.compare(name, self.names.operand(name), sign, value)
            case In(name, some):
                return self.among(name, self.names.operand(name), some)
            case Missing(name):
                return f"NOT ({self.names.operand(name).present})"
            case Tag(tag):
                return self.words.has(self.words.place("r.tags", [tag], self.bind))
            case Text(text):
                return self.somewhere(text)
            case Flag("feasible"):
                ids = front.infeasible(self.statement.db, self.statement.experiment_id)
                return f"NOT ({self.words.among('r.id', ids, self.bind)})"
            case Flag():
                ids = front.best(self.statement.db, self.statement.experiment_id)
                return self.words.among("r.id", ids, self.bind)
        raise TypeError(filter)

    def somewhere(self, text: str) -> str:
        """Whether a text is in what people wrote of a run."""
        columns = ["r.name", "r.comment", "r.status"]
        found = [self.words.contains(column, text, self.bind) for column in columns]
        # In the words of JSON, where a quote has a backslash before.
        inside = json.dumps(stored(text), ensure_ascii=False)[1:-1]
        for doc in ("r.tags", "r.args"):
            found.append(self.words.contains(self.words.raw(doc), inside, self.bind))
        return " OR ".join(f"({condition}) IS TRUE" for condition in found)

    def compare(self, name: Name, operand: Operand, sign: Operator, value: Value) -> str:
        """Whether what is there compares like this."""
        values.need_comparable(sign, value)
        if sign == "contains":
            return self.contains(name, operand, value)
        if value.of is None:
            return self.none(operand, sign)
        left, right = self.sides(name, operand, value)
        if sign == "!=" and operand.label is not None:
            if operand.is_numeric and left == operand.number:  # which null is not
                there = f"{self.words.text(f'({operand.label})')} <> {self.text('None')}"
            else:
                there = operand.present
            return f"({there}) AND NOT (({left} = {right}) IS TRUE)"
        return f"{left} {_SIGNS[sign]} {right}"

    def among(self, name: Name, operand: Operand, some: Sequence[Value]) -> str:
        """Whether what is there is equal to one of some values."""
        found = dict.fromkeys(self.none(operand, "=") for value in some if value.of is None)
        lists: dict[str, dict[str, None]] = {}
        for value in some:
            if value.of is not None:
                left, right = self.sides(name, operand, value)
                lists.setdefault(left, {})[right] = None
        for left, rights in lists.items():
            found[f"{left} IN ({', '.join(rights)})"] = None
        return joined(" OR ", list(found))

    def contains(self, name: Name, operand: Operand, value: Value) -> str:
        """Whether a text has a part."""
        if operand.label is None or (operand.is_numeric and not self.names.has_text(name.key)):
            what = "numbers" if operand.time is None else "times"
            raise mistake(value.at, f"{name.key} has {what}: contains is for texts")
        return self.words.contains(f"({operand.label})", str(value.of), self.bind)

    def none(self, operand: Operand, sign: Operator) -> str:
        """Whether there is nothing, or null."""
        if operand.label is None:
            return f"{operand.time or operand.number} IS {'' if sign == '=' else 'NOT '}NULL"
        if operand.is_status:
            is_none = "1 = 0"
        else:
            empty = ", ".join(self.text(word) for word in values.NONE)
            is_none = (
                f"NOT ({operand.present})"
                f" OR {self.words.text(f'LOWER({operand.label})')} IN ({empty})"
            )
        return is_none if sign == "=" else f"({operand.present}) AND NOT (({is_none}) IS TRUE)"

    def sides(self, name: Name, operand: Operand, value: Value) -> tuple[str, str]:
        """What is compared with what; the first is the same for all values of one kind."""
        if operand.time is not None:
            return operand.time, self.bind(values.time(value))
        if operand.label is None:
            literal = self.words.literal if operand.is_exact else self.words.double
            wanted = literal(values.need_number(name, value), self.bind)
            return str(operand.number), wanted
        text, label = self.words.text, f"({operand.label})"
        if operand.is_status:
            return text(label), self.text(self.status(value))
        number = None if value.of is None else values.number(value.of)
        if number is not None:
            return str(operand.number), self.words.literal(number, self.bind)
        if operand.is_numeric and not self.names.has_text(name.key):
            values.need_number(name, value)
        word = str(value.of)
        if word.lower() in values.TRUTHS:
            return text(f"LOWER({label})"), self.text(word.lower())
        return text(label), self.text(word)

    def text(self, text: str) -> str:
        """A text to compare texts with."""
        return self.words.text(self.bind(text))

    def status(self, value: Value) -> str:
        """The status, of which the database may have others than we know."""
        word = str(value.of).upper()
        statement = Statement(self.statement.db, None)
        is_there = statement.rows("1", f"r.status = {statement.bind(word)}", "LIMIT 1")
        return values.status(value, [word] if is_there else [])


def joined(joint: str, conditions: Sequence[str]) -> str:
    """Many conditions as one, in a tree that is not too deep for a database."""
    if len(conditions) <= WIDE:
        return joint.join(f"({condition})" for condition in conditions) or "1 = 1"
    starts = range(0, len(conditions), WIDE)
    return joined(joint, [joined(joint, conditions[i : i + WIDE]) for i in starts])
