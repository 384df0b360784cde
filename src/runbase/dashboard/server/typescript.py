"""Writes the TypeScript types of the API from the annotations of its endpoints: ::

python -m runbase.dashboard.server.typescript > web/src/data/api.gen.ts
"""

from __future__ import annotations

import json
from typing import Any

from ... import __version__
from ..api.endpoints import ENDPOINTS
from .openapi import document

HEAD = "// Made from the server's annotations by `make types`: do not edit.\n"


def render() -> str:
    """One interface for each struct of the API."""
    schemas = document(ENDPOINTS, __version__)["components"]["schemas"]
    return HEAD + "".join(_interface(name, schemas[name]) for name in sorted(schemas))


def _interface(name: str, schema: dict[str, Any]) -> str:
    lines = [_comment(schema.get("description"), "")]
    lines.append(f"export interface {name} {{\n")
    required = schema.get("required", [])
    for key, field in schema["properties"].items():
        # The server always sends fields that have a default; only a writer may leave them out.
        mark = "" if key in required or name not in _WRITTEN else "?"
        lines.append(f"  {key}{mark}: {_type(field)};\n")
    return "\n" + "".join(lines) + "}\n"


_WRITTEN = {endpoint.body.__name__ for endpoint in ENDPOINTS if hasattr(endpoint.body, "__name__")}


def _comment(text: str | None, indent: str) -> str:
    return f"{indent}/** {text.partition(chr(10))[0]} */\n" if text else ""


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(s) for s in schema["anyOf"]))
    kind = schema.get("type")
    if kind == "array":
        inner = _type(schema["items"]) if "items" in schema else "unknown"
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"Record<string, {_type(values) if isinstance(values, dict) else 'unknown'}>"
    kinds = {
        "integer": "number",
        "number": "number",
        "string": "string",
        "boolean": "boolean",
        "null": "null",
    }
    return kinds.get(str(kind), "unknown")


if __name__ == "__main__":
    print(render(), end="")
