"""JSON schemas of the records, made from the types: ``python -m prmkit.testkit.schemas FOLDER``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from prmkit import types
from prmkit.records import write_text
from prmkit.records.codec import fields_of, is_record, without_none

RECORDS: tuple[type[Any], ...] = (
    types.Problem,
    types.Trajectory,
    types.Evidence,
    types.StepLabels,
    types.StepScores,
    types.Tree,
    types.Preference,
    types.Critique,
    types.SearchResult,
)
"""Records that have a file of their own; those they are made of stand inside."""

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}


def schema(cls: type[Any]) -> dict[str, Any]:
    """JSON schema (draft 2020-12) of one record type.

    Examples:
        >>> schema(types.Preference)["required"]
        ['problem_id', 'chosen', 'rejected']
    """
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": cls.__name__} | _of(cls)


def _of(hint: Any) -> dict[str, Any]:
    inner, optional = without_none(hint)
    if optional:
        return {"anyOf": [_of(inner), {"type": "null"}]}
    if hint is Any:
        return {}
    if is_record(hint):
        fields = fields_of(hint)
        return {
            "type": "object",
            "properties": {name: _of(inner) for name, (inner, _) in fields.items()},
            "required": [name for name, (_, needed) in fields.items() if needed],
            "additionalProperties": False,
        }
    if get_origin(hint) is tuple:
        args = get_args(hint)
        if args[-1] is Ellipsis:
            return {"type": "array", "items": _of(args[0])}
        # A range; JSON has no infinity, so it is spelt out.
        bound = {"anyOf": [{"type": "number"}, {"enum": ["Infinity", "-Infinity"]}]}
        return {"type": "array", "items": bound, "minItems": len(args), "maxItems": len(args)}
    if get_origin(hint) is Literal:
        return {"enum": list(get_args(hint))}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"enum": [member.value for member in hint]}
    origin = get_origin(hint)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _of(get_args(hint)[1])}
    return {"type": _PLAIN[hint]}


def write(folder: Path) -> list[Path]:
    """Write one ``<Record>.json`` per record into ``folder``.

    Raises:
        StorageError: The folder cannot be written.
    """
    written = []
    for cls in RECORDS:
        path = folder / f"{cls.__name__}.json"
        write_text(path, json.dumps(schema(cls), indent=1) + "\n")
        written.append(path)
    return written


if __name__ == "__main__":
    write(Path(sys.argv[1]))
