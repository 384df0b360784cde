"""What the names of a filter, and the keys of columns, are in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from ..errors import FilterError, InvalidValueError
from ..filter.syntax import LATER, RUN, STATUSES, TIMES, Name, Scope, mistake, near
from ..store import columns, experiments
from .columns import name_of
from .known import Known, Path, known
from .metrics import is_lower_better
from .statement import Statement


class Operand(NamedTuple):
    """Expressions for one name: some of them, by what its values are.

    Numbers and times have one that is compared; everything else has a label and, where that reads
    like a number, a number.
    """

    present: str
    label: str | None = None
    number: str | None = None
    time: str | None = None
    is_status: bool = False
    #: Whether numbers have no limits, as those of texts and documents.
    is_exact: bool = False
    #: Whether only numbers were seen, though a text may have come since.
    is_numeric: bool = False


NOTHING = Operand("1 = 0", "NULL", "NULL")
_COLUMNS = {
    "number": "r.number", "id": "r.id", "parent": "r.parent_id", "name": "r.name",
    "comment": "r.comment", "created": "r.time_created", "started": "r.time_started",
    "finished": "r.time_finished", "updated": "COALESCE(r.time_updated, r.time_created)",
}  # fmt: skip
_NUMBERS = ("number", "id", "parent")
DOCUMENTS = {"param": "r.args", "env": "r.env", "extra": "r.extras"}


class Resolver:
    """Finds what names mean in one statement."""

    def __init__(self, statement: Statement) -> None:
        self.statement, self.db = statement, statement.db
        self.words, self.experiment_id = statement.words, statement.experiment_id
        self._known: Known | None = None
        self._metrics: dict[str, int] | None = None

    @property
    def known(self) -> Known:
        """What runs have."""
        if self._known is None:
            self._known = known(self.db, self.experiment_id)
        return self._known

    @property
    def metrics(self) -> dict[str, int]:
        """Ids of all metrics by name."""
        if self._metrics is None:
            self._metrics = {m.name: m.id for m in columns.refresh(self.db).values()}
        return self._metrics

    def operand(self, name: Name) -> Operand:
        """What a name means.

        Raises:
            InvalidValueError: there is nothing called like this.
        """
        match name.scope:
            case "run":
                return self.of_run(name.key)
            case "value":
                return self.objective(name)
            case "metric":
                if name.key in self.metrics:
                    return self.metric(name)
            case "param":
                if name.key in self.known.args.paths:
                    return self.argument(name.key)
            case "attr":
                if name.key in self.known.attrs:
                    return self.attribute(name.key)
            case "env" | "extra":
                if paths := self.environment(name):
                    return self.document(DOCUMENTS[name.scope], paths)
            case "any":
                if found := self.any(name):
                    return found
        return self.unknown(name)

    def column(self, key: str) -> Operand:
        """What the key of a column means.

        Raises:
            InvalidValueError: there is no such column.
        """
        try:
            return self.operand(name_of(key))
        except FilterError as error:
            # Its place is one of a filter.
            what = str(error).partition(": ")[2]
            raise InvalidValueError(f"there is no column {key!r}: {what}") from None

    def any(self, name: Name) -> Operand | None:
        """A plain name: an argument or else an attribute, a word for what runs have, a metric."""
        scopes: dict[Scope, Any] = {"param": self.known.args.paths, "attr": self.known.attrs}
        for scope, names in scopes.items():
            if name.key in names:
                return self.operand(replace(name, scope=scope))
        if name.key.lower() in LATER:
            return self.of_run(LATER[name.key.lower()])
        return self.metric(name) if name.key in self.metrics else None

    def unknown(self, name: Name) -> Operand:
        """What came since, nothing if there are no runs yet, and otherwise the mistake."""
        if self.known.is_empty:
            return NOTHING
        if name.scope in ("param", "any"):
            self.known.read_args(self.db, partial(self._has, name.key))
            if name.key in self.known.args.paths:
                return self.argument(name.key)
        args, attrs = list(self.known.args.paths), list(self.known.attrs)
        words = [*RUN, *LATER, "value", *STATUSES, "feasible", "best"]
        what, names = {
            "param": ("argument", args),
            "attr": ("attribute", attrs),
            "metric": ("metric", list(self.metrics)),
            "env": ("variable", list(self.known.env.paths)),
            "extra": ("extra", list(self.known.extras.paths)),
        }.get(name.scope, ("", [*args, *attrs, *self.metrics, *words]))
        told = f"no {what}" if what else "nothing called"
        raise mistake(name.at, f"there is {told} {name.key}{near(name.key, names)}")

    def of_run(self, key: str) -> Operand:
        """What every run has."""
        if key in _NUMBERS:
            return self.numeric(_COLUMNS[key])
        if key in TIMES:
            return Operand(f"{_COLUMNS[key]} IS NOT NULL", time=_COLUMNS[key])
        match key:
            case "trial":
                return self.numeric(f"COALESCE({self.statement.trial()}.number, r.number)")
            case "duration":
                end = "COALESCE(r.time_finished, r.time_updated)"
                return self.numeric(self.words.seconds("r.time_started", end))
            case "status":
                return Operand("1 = 1", "r.status", is_status=True)
            case "tags":
                return self.textual(self.words.raw("r.tags"))
            case "experiment" | "kind":
                column = "name" if key == "experiment" else "kind"
                return self.textual(f"{self.statement.experiment()}.{column}")
        return self.textual(_COLUMNS[key])

    def numeric(self, sql: str, *, is_exact: bool = False) -> Operand:
        """A column of numbers."""
        return Operand(f"{sql} IS NOT NULL", number=sql, is_exact=is_exact)

    def textual(self, sql: str) -> Operand:
        """A column of texts."""
        return Operand(f"{sql} IS NOT NULL", sql, self.words.number_of_text(sql))

    def objective(self, name: Name) -> Operand:
        """A value of a trial."""
        place, directions = int(name.key), self.directions()
        if directions and place >= len(directions):
            many = f"only 0 to {len(directions) - 1}"
            raise mistake(name.at, f"there is no objective {place}, {many}")
        item, infinity = self.words.item("r.objective_values", place), self.words.infinity
        several = (
            f"CASE {item} WHEN 'Infinity' THEN {infinity} WHEN '-Infinity' THEN -{infinity}"
            f" ELSE {self.words.number_of_text(item)} END"
        )
        return self.numeric(several if place else f"COALESCE(r.value, {several})")

    def directions(self) -> list[str]:
        """Those of the experiment."""
        id = self.experiment_id
        return [] if id is None else experiments.get_directions(self.db, id)

    def metric(self, name: Name) -> Operand:
        """A number of a metric."""
        best = "min" if is_lower_better(name.key) else "max"
        column = {"best": best, "at": f"{best}_step"}.get(name.part, name.part)
        of = self.mean if name.part == "mean" else lambda m: f"{m}.{column}"
        return self.numeric(self.statement.metric(self.metrics[name.key], of))

    def mean(self, m: str) -> str:
        """NULL where a value is infinite, as in the view ``run_best``."""
        mean = f"{m}.sum / NULLIF({m}.n - {m}.n_nan, 0)"
        if self.db.engine.has_infinity:
            low, high = (self.words.double(x, self.statement.bind) for x in (-1e999, 1e999))
            return f"CASE WHEN {m}.min > {low} AND {m}.max < {high} THEN {mean} END"
        return (
            f"CASE WHEN NOT EXISTS (SELECT 1 FROM metric_specials AS s WHERE s.run_id = {m}.run_id"
            f" AND s.metric_id = {m}.metric_id AND s.value <> 'NaN') THEN {mean} END"
        )

    def attribute(self, key: str) -> Operand:
        """A user attribute."""
        value = self.statement.attribute(key)
        if self.known.attrs[key]:
            return self.numeric(self.special(value), is_exact=True)
        label = f"({self.words.attribute(value)})"
        return Operand(f"{label} IS NOT NULL", label, self.words.number_of_text(label))

    def special(self, text: str) -> str:
        """The number of a text that may be infinite."""
        number = self.words.number_of_text
        high, low = number("'1e999'"), number("'-1e999'")
        words = f"WHEN 'Infinity' THEN {high} WHEN '-Infinity' THEN {low}"
        return f"CASE {text} {words} ELSE {number(text)} END"

    def argument(self, key: str) -> Operand:
        """An argument; where all its values are numbers, a number."""
        found = self.document("r.args", list(self.known.args.paths[key]))
        return found._replace(is_numeric=self.known.args.kind(key) == "number")

    def has_text(self, key: str) -> bool:
        """Whether an argument that had numbers has something else by now."""
        paths, words = list(self.known.args.paths[key]), self.words

        def where(statement: Statement) -> str:
            found = Resolver(statement).document("r.args", paths)
            label, none = words.text(f"({found.label})"), words.text("'None'")
            return f"({found.number}) IS NULL AND {label} <> {none}"

        self.known.read_args(self.db, where)
        return self.known.args.kind(key) != "number"

    def document(self, doc: str, paths: Sequence[Path]) -> Operand:
        """A value in a JSON document."""
        words = self.words
        places = [words.place(doc, path, self.statement.bind) for path in paths]
        found = [Operand(words.has(p), words.label(p), words.number(p)) for p in places]
        if len(found) == 1:
            return found[0]
        present, labels, numbers = ([o[i] for o in found] for i in range(3))
        return Operand(
            "(" + " OR ".join(map(str, present)) + ")",
            f"COALESCE({', '.join(map(str, labels))})",
            f"COALESCE({', '.join(map(str, numbers))})",
        )

    def environment(self, name: Name) -> list[Path]:
        """Where a name of env or extras is; those of old runs alone are looked for."""
        self.known.read_rest(self.db)
        names = self.known.env if name.scope == "env" else self.known.extras
        if name.key in names.paths:
            return list(names.paths[name.key])
        return [path for path in _paths(name.key) if self._is_there(DOCUMENTS[name.scope], path)]

    def _has(self, key: str, statement: Statement) -> str:
        """Whether runs have an argument, wherever it may be."""
        places = [self.words.place("r.args", path, statement.bind) for path in _paths(key)]
        return " OR ".join(self.words.has(place) for place in places)

    def _is_there(self, doc: str, path: Path) -> bool:
        statement = Statement(self.db, self.experiment_id)
        where = self.words.has(self.words.place(doc, path, statement.bind))
        return bool(statement.rows("1", where, "LIMIT 1"))


def _paths(key: str) -> list[Path]:
    """Where a name with dots may be: as it is, or nested at each of them."""
    return list(dict.fromkeys([(key,), tuple(key.split("."))]))
