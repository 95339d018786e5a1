"""The settings table as a JSON Schema, for editors.

These read YAML with types while the proxy reads text, so the schema allows both
``5`` and ``"5"``, both ``true`` and ``"true"``.
"""

from typing import Any, Final

from twemproxy.config.settings import SETTINGS, Kind, Setting

DIALECT: Final = "http://json-schema.org/draft-07/schema#"

_VALUES: Final[dict[Kind, dict[str, Any]]] = {
    Kind.BOOLEAN: {"enum": [True, False, "true", "false"]},
    Kind.PAIR: {"type": ["string", "integer"], "minLength": 1, "maxLength": 2},
    Kind.TEXT: {"type": ["string", "integer", "number", "boolean"], "minLength": 1},
    Kind.LISTEN: {
        "type": "string",
        "pattern": "^/|:[0-9]+$",
        "examples": ["127.0.0.1:22121", "/run/nutcracker.sock 0660"],
    },
    Kind.SERVERS: {
        "type": "array",
        "items": {"type": "string", "pattern": ":[0-9]+( [^ ]+)?$"},
        "minItems": 1,
    },
    Kind.WORDS: {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "items": {"type": "string", "minLength": 1}},
        ]
    },
    Kind.COMMANDS: {
        "anyOf": [
            {"type": "string", "pattern": "^[^ ]+ +(key|keys|any|all)( |$)"},
            {
                "type": "array",
                "items": {
                    "type": "string",
                    "pattern": "^[^ ]+ +(key|keys|any|all)( |$)",
                },
            },
        ]
    },
}


def schema() -> dict[str, Any]:
    """Give the JSON Schema of a configuration file."""
    return {
        "$schema": DIALECT,
        "title": "nutcracker configuration",
        "description": "Pools by name",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"$ref": "#/definitions/pool"},
        "definitions": {
            "pool": {
                "type": "object",
                "properties": {row.key: _property(row) for row in SETTINGS},
                "required": [row.key for row in SETTINGS if row.required],
                "additionalProperties": False,
            }
        },
    }


def _property(row: Setting) -> dict[str, Any]:
    """Describe one key."""
    described: dict[str, Any] = {"description": row.meaning.replace("`", "")}
    if row.default not in (None, b""):
        default = row.default
        described["default"] = list(default) if isinstance(default, tuple) else default
    return described | _value(row)


def _value(row: Setting) -> dict[str, Any]:
    if row.kind is Kind.NUMBER:
        number = {"type": "integer", "minimum": row.minimum, "maximum": row.maximum}
        return {"anyOf": [number, {"type": "string", "pattern": "^[0-9]+$"}]}
    if row.kind is Kind.CHOICE:
        return {"enum": list(row.choices)}
    return _VALUES[row.kind]
