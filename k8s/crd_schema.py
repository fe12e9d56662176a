"""A CRD's structural schema as JSON schema, and its defaults: what the API server makes of an object before CEL."""

import copy
from typing import Any

Schema = dict[str, Any]
SAME = (
    "type enum required minimum maximum exclusiveMinimum exclusiveMaximum minLength maxLength pattern minItems "
    "maxItems uniqueItems minProperties maxProperties multipleOf format"
).split()


def to_json_schema(schema: Schema, root: bool = False, closed: bool = True) -> Schema:
    """Closed: unknown fields are refused. Branches of allOf and the like only add conditions, so they are open."""
    made = {key: value for key, value in schema.items() if key in SAME}
    for bound, name in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if schema.get(name) is True:  # the older form, of OpenAPI 3.0
            made[name] = made.pop(bound)
    for key in ("allOf", "anyOf", "oneOf"):
        if key in schema:
            made[key] = [to_json_schema(branch, closed=False) for branch in schema[key]]
    if "not" in schema:
        made["not"] = to_json_schema(schema["not"], closed=False)
    if isinstance(schema.get("items"), dict):
        made["items"] = to_json_schema(schema["items"], closed=closed)
    if schema.get("x-kubernetes-list-type") == "set":
        made["uniqueItems"] = True
    _add_properties(made, schema, root, closed)
    _add_types(made, schema)
    return made


def _add_properties(made: Schema, schema: Schema, root: bool, closed: bool) -> None:
    if "properties" in schema:
        made["properties"] = {k: to_json_schema(v, closed=closed) for k, v in schema["properties"].items()}
    if root or schema.get("x-kubernetes-embedded-resource"):
        own = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, **made.get("properties", {})}
        made["properties"] = {**own, "metadata": {"type": "object"}}
    rest = schema.get("additionalProperties")
    if isinstance(rest, dict):
        made["additionalProperties"] = to_json_schema(rest, closed=closed)
    elif closed and rest is not True and schema.get("type") == "object":
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            made["additionalProperties"] = False


def _add_types(made: Schema, schema: Schema) -> None:
    if schema.get("x-kubernetes-int-or-string"):
        made["type"] = ["integer", "string"]
    if schema.get("nullable") and "type" in made:
        types = made["type"] if isinstance(made["type"], list) else [made["type"]]
        made["type"] = [*types, "null"]


def child(schema: Schema, key: str) -> Schema:
    """The schema of one field; empty where there is none."""
    rest = schema.get("additionalProperties")
    found = (schema.get("properties") or {}).get(key)
    return found or (rest if isinstance(rest, dict) else {})


def _nullable(schema: Schema) -> bool:
    """What the schema does not know is left for it to refuse."""
    return not schema or bool(schema.get("nullable"))


def set_defaults(schema: Schema, value: Any) -> None:
    """As the API server does: null where null is not allowed is no value at all."""
    if isinstance(value, list):
        for item in value:
            set_defaults(schema.get("items") or {}, item)
    if not isinstance(value, dict):
        return
    for key in [key for key, found in value.items() if found is None and not _nullable(child(schema, key))]:
        del value[key]
    for key, field in (schema.get("properties") or {}).items():
        if "default" in field:
            value.setdefault(key, copy.deepcopy(field["default"]))
    for key, found in value.items():
        set_defaults(child(schema, key), found)
