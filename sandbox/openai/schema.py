"""A value that conforms to a JSON schema, the same for the same schema and prompt.

Long hexadecimal words of a prompt do not count: they are marks that are new in each request.
"""

import random
import re
from typing import Any

from sandbox.openai.errors import invalid
from sandbox.world.hashing import salt_of

Schema = dict[str, Any]
DEEPEST = 10
NONCE = re.compile(r"\b[0-9a-f]{16,}\b")


def check_schema(told: dict[str, Any], param: str) -> Schema:
    """The schema, when a structured answer may be asked for with it. Raises: OpenAIRefusal."""
    name, schema = told.get("name"), told.get("schema")
    if not isinstance(name, str) or not name:
        raise invalid(f"Missing required parameter: '{param}.name'.", f"{param}.name")
    if not isinstance(schema, dict):
        raise invalid(f"Missing required parameter: '{param}.schema'.", f"{param}.schema")
    if schema.get("type") != "object":
        raise invalid("The root of the schema must be an object.", f"{param}.schema")
    if told.get("strict"):
        _check_strict(schema, param)
    return schema


def _check_strict(schema: object, param: str) -> None:
    if isinstance(schema, list):
        for one in schema:
            _check_strict(one, param)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object":
        names = set(schema.get("properties", {}))
        if schema.get("additionalProperties") is not False:
            told = "'additionalProperties' is required to be supplied and to be false."
            raise invalid(f"Invalid schema: {told}", f"{param}.schema", "invalid_json_schema")
        if set(schema.get("required", ())) != names:
            told = "'required' is required to be an array including every key in properties."
            raise invalid(f"Invalid schema: {told}", f"{param}.schema", "invalid_json_schema")
    for one in schema.values():
        _check_strict(one, param)


def instance_of(schema: Schema, prompt: str) -> object:
    """A conforming value."""
    salt = salt_of("answer", NONCE.sub("", prompt))
    return _Maker(schema, random.Random(salt)).make(schema)


class _Maker:
    def __init__(self, root: Schema, source: random.Random) -> None:
        self._defs = root.get("$defs") or root.get("definitions") or {}
        self._source = source

    def make(self, schema: Schema, depth: int = 0) -> object:
        """A value for a part of the schema."""
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._source.choice(schema["enum"])
        choices = schema.get("anyOf") or schema.get("oneOf")
        if choices:
            return self.make(choices[-1] if depth >= DEEPEST else choices[0], depth + 1)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = kind[0]
        if kind == "object":
            parts = schema.get("properties", {})
            return {name: self.make(part, depth + 1) for name, part in parts.items()}
        return self._array(schema, depth) if kind == "array" else self._scalar(kind, schema)

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._defs[schema["$ref"].rsplit("/", 1)[-1]]
        return schema

    def _array(self, schema: Schema, depth: int) -> list[object]:
        fewest = int(schema.get("minItems", 0))
        count = max(fewest, 0 if depth >= DEEPEST else min(1, int(schema.get("maxItems", 1))))
        return [self.make(schema.get("items", {}), depth + 1) for _ in range(count)]

    def _scalar(self, kind: str, schema: Schema) -> object:
        if kind == "boolean":
            return self._source.random() < 0.5
        if kind == "null":
            return None
        if kind in ("integer", "number"):
            low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
            high = schema.get("maximum", max(low, 1))
            if kind == "integer":
                return self._source.randint(int(low), int(high))
            return round(self._source.uniform(low, high), 3)
        text = "answer".ljust(int(schema.get("minLength", 0)), ".")
        return text[: int(schema.get("maxLength", len(text)))]
