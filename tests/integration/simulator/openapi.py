"""A small check of JSON values against the schemas of an OpenAPI document.

It knows what the carrier's document uses for the shapes looked at here: references, types, enums,
required, properties, items and combinations. What it does not know it lets pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

Schema = Mapping[str, Any]

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


class OpenApi:
    """One OpenAPI document."""

    def __init__(self, path: Path) -> None:
        self._document = orjson.loads(path.read_bytes())

    def reply(self, operation: str, status: int) -> Schema:
        """Return the schema of a reply; `operation` is such as GET /calls/{call_control_id}."""
        method, path = operation.split(" ")
        replies = self._document["paths"][path][method.lower()]["responses"]
        found = replies.get(str(status)) or replies.get(f"{status // 100}XX") or replies["default"]
        content: Schema = self._resolved(found)["content"]["application/json"]["schema"]
        return content

    def webhooks(self) -> dict[str, Schema]:
        """Return the schema of each webhook that names one event type."""
        found = {}
        for operation in self._document["webhooks"].values():
            body = self._resolved(operation)["post"]["requestBody"]
            schema = self._resolved(self._resolved(body)["content"]["application/json"]["schema"])
            data = self._resolved(schema.get("properties", {}).get("data", {}))
            event_type = self._resolved(data.get("properties", {}).get("event_type", {}))
            for name in event_type.get("enum", []):
                found[name] = schema
        return found

    def faults(self, value: Any, schema: Schema, where: str = "$") -> Iterator[str]:
        """Yield what is wrong with a value, each with the place of it."""
        schema = self._resolved(schema)
        for part in schema.get("allOf", []):
            yield from self.faults(value, part, where)
        for word in ("oneOf", "anyOf"):
            if word in schema and all(list(self.faults(value, s, where)) for s in schema[word]):
                yield f"{where} fits none of {word}"
        if not _has_type(value, schema.get("type")):
            yield f"{where} is {type(value).__name__}, not {schema['type']}"
        elif "enum" in schema and value not in schema["enum"]:
            yield f"{where} is {value!r}, not one of {schema['enum']}"
        elif isinstance(value, dict):
            yield from self._object_faults(value, schema, where)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.faults(item, schema.get("items", {}), f"{where}[{index}]")

    def _object_faults(self, value: Mapping[str, Any], schema: Schema, where: str) -> Iterator[str]:
        for name in schema.get("required", []):
            if name not in value:
                yield f"{where}.{name} is missing"
        for name, part in schema.get("properties", {}).items():
            if name in value:
                yield from self.faults(value[name], part, f"{where}.{name}")

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            target = self._document
            for part in schema["$ref"].split("/")[1:]:
                target = target[part.replace("~1", "/").replace("~0", "~")]
            schema = target
        return schema


def _has_type(value: Any, wanted: str | list[str] | None) -> bool:
    if wanted is None:
        return True
    names = [wanted] if isinstance(wanted, str) else wanted
    allowed = tuple(each for name in names for each in _TYPES[name])
    return isinstance(value, allowed) and not (isinstance(value, bool) and bool not in allowed)
