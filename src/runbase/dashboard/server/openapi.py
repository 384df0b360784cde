"""The OpenAPI document of the endpoints, made from their annotations."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec

from .endpoint import LARGEST, Download, Endpoint, Raw, Stream, is_list

REFERENCE = "#/components/schemas/{name}"


def document(endpoints: list[Endpoint], version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    types = [t for e in endpoints for t in (e.returns, e.body, *e.parameters.values()) if _has(t)]
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    schema_of = {id(t): schema for t, schema in zip(types, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        path = _path(endpoint.path)
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(endpoint, schema_of)
    problem = {
        "type": "object",
        "properties": {"reason": {"type": "string"}},
        "required": ["reason"],
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Runbase dashboard",
            "version": version,
            "description": "Experiments, studies and trials of one database. Errors are "
            '{"reason": "a sentence"}. Times are milliseconds since 1970 in UTC.',
        },
        "paths": paths,
        "components": {"schemas": {**components, "Problem": problem}},
    }


def _has(kind: Any) -> bool:
    return kind is not None and kind not in (Raw, Download, Stream, bytes, type(None))


def _path(path: str) -> str:
    return path.replace(":int}", "}").replace(":path}", "}")


def _operation(endpoint: Endpoint, schema_of: dict[int, Any]) -> dict[str, Any]:
    doc = inspect.getdoc(endpoint.function) or ""
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": doc.partition("\n")[0],
        "description": doc,
        "parameters": [_parameter(endpoint, name, schema_of) for name in endpoint.parameters],
        "responses": {
            str(endpoint.status): _answer(endpoint, schema_of),
            "default": {
                "description": "What is wrong, in a sentence.",
                "content": _json({"$ref": REFERENCE.format(name="Problem")}),
            },
        },
    }
    if endpoint.body is not None:
        content = _json(schema_of[id(endpoint.body)])
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameter(endpoint: Endpoint, name: str, schema_of: dict[int, Any]) -> dict[str, Any]:
    in_path = f"{{{name}" in endpoint.path
    schema = dict(schema_of[id(endpoint.parameters[name])])
    found: dict[str, Any] = {"name": name, "in": "path" if in_path else "query"}
    if schema.get("type") == "integer":
        schema |= {"maximum": LARGEST}
    if in_path:
        if f"{{{name}:int" in endpoint.path:
            schema |= {"minimum": 0}
        return found | {"required": True, "schema": schema}
    if is_list(endpoint.parameters[name]):
        found |= {"style": "form", "explode": False}
    return found | {"required": name not in endpoint.defaults, "schema": schema}


def _answer(endpoint: Endpoint, schema_of: dict[int, Any]) -> dict[str, Any]:
    if endpoint.returns is type(None):
        return {"description": "Done."}
    if endpoint.returns is bytes:
        return {"description": "JSON text.", "content": _json({})}
    if endpoint.returns in (Raw, Download, Stream):
        return {"description": "A file.", "content": {"*/*": {}}}
    return {"description": "The answer.", "content": _json(schema_of[id(endpoint.returns)])}


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
