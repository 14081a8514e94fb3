"""Records to plain JSON values and back, strictly and by the types' own annotations.

A codec is compiled once per type. Reading refuses what the type does not say: a missing
or unknown field, a bool where a number belongs, a float where a whole number belongs.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
import types
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from prmkit.errors import PrmkitError, RecordError

T = TypeVar("T")
Codec = Callable[[Any], Any]

_INFINITE = {"Infinity": math.inf, "-Infinity": -math.inf}


def to_dict(record: Any) -> dict[str, Any]:
    """The record as JSON values, every field written out.

    Raises:
        RecordError: A number is NaN or infinite where the type has no place for it.
    """
    encoded: dict[str, Any] = encoder(type(record))(record)
    return encoded


def from_dict(cls: type[T], data: Mapping[str, Any]) -> T:
    """The record of type ``cls`` that ``data`` describes.

    Raises:
        RecordError: A field is missing, unknown, of the wrong type, or breaks a rule of the type;
            the error names the field.

    Examples:
        >>> from prmkit.types import Problem
        >>> from_dict(Problem, {"id": "p", "text": "2 + 2?"}).cluster
        'p'
    """
    record: T = decoder(cls)(data)
    return record


def fields_of(cls: type[Any]) -> dict[str, tuple[Any, bool]]:
    """Fields of a record type: name → (annotation, whether it must be given)."""
    hints = get_type_hints(cls)
    if dataclasses.is_dataclass(cls):
        missing = dataclasses.MISSING
        return {
            f.name: (hints[f.name], f.default is missing and f.default_factory is missing)
            for f in dataclasses.fields(cls)
        }
    defaults: Mapping[str, Any] = getattr(cls, "_field_defaults", {})
    return {name: (hints[name], name not in defaults) for name in getattr(cls, "_fields", ())}


def is_record(hint: Any) -> bool:
    """Whether ``hint`` is a dataclass or a named tuple."""
    return isinstance(hint, type) and (dataclasses.is_dataclass(hint) or hasattr(hint, "_fields"))


def without_none(hint: Any) -> tuple[Any, bool]:
    """``X | None`` as (X, True), anything else as (hint, False)."""
    if get_origin(hint) in (Union, types.UnionType):
        rest = [arg for arg in get_args(hint) if arg is not types.NoneType]
        if len(rest) == 1:
            return rest[0], True
    return hint, False


def _inside(error: PrmkitError, prefix: str) -> PrmkitError:
    inner = error.field or ""
    joint = "" if not inner or inner.startswith("[") else "."
    return type(error)(
        error.message, do=error.do, file=error.file, row=error.row, field=f"{prefix}{joint}{inner}"
    )


def _wrong(value: Any, wanted: str) -> RecordError:
    return RecordError(f"{value!r:.80} is a {_word(value)}, not {wanted}", do=f"write {wanted}")


def _word(value: Any) -> str:
    names = {type(None): "null", bool: "true/false", dict: "object", list: "list", str: "string"}
    return names.get(type(value), type(value).__name__)


# ---------------------------------------------------------------- reading


def decoder(hint: Any) -> Codec:
    """Compiled reader for an annotation."""
    return _decoder(hint)


@functools.cache
def _decoder(hint: Any) -> Codec:
    inner, optional = without_none(hint)
    if optional:
        read = decoder(inner)
        return lambda value: None if value is None else read(value)
    if hint is Any:
        return lambda value: value
    if is_record(hint):
        return _record_decoder(hint)
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _union_decoder(get_args(hint))
    if origin is tuple:
        args = get_args(hint)
        return _list_decoder(args[0]) if args[-1] is Ellipsis else _fixed_decoder(args)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping_decoder(get_args(hint)[1])
    if origin is Literal or (isinstance(hint, type) and issubclass(hint, StrEnum)):
        return _choice_decoder(hint)
    return {str: _string, int: _whole, float: _real, bool: _truth}[hint]


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(value, "a string")
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(value, "a whole number")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(value, "true or false")
    return value


def _real(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RecordError(
            f"{value!r:.80} is a {_word(value)}, not a number",
            do="write a number, or null where there is none; true/false must become 1.0/0.0",
        )
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise RecordError(
            f"{value!r:.80} is not a finite number", do="write a finite number, or null where there is none"
        )
    return number


def _choice_decoder(hint: Any) -> Codec:
    choices = {v: v for v in get_args(hint)} or {member.value: member for member in hint}

    def read(value: Any) -> Any:
        if not isinstance(value, str) or value not in choices:
            raise RecordError(
                f"{value!r:.80} is not one of {', '.join(map(repr, choices))}",
                do="use one of the listed words",
            )
        return choices[value]

    return read


def _union_decoder(hints: tuple[Any, ...]) -> Codec:
    arms = [(lambda value: None) if hint is types.NoneType else decoder(hint) for hint in hints]

    def read(value: Any) -> Any:
        if value is None and types.NoneType in hints:
            return None
        faults = []
        for hint, arm in zip(hints, arms, strict=True):
            if hint is not types.NoneType:
                try:
                    return arm(value)
                except RecordError as error:
                    faults.append(error.do.removeprefix("write "))
        raise _wrong(value, " or ".join(faults))

    return read


def _list_decoder(hint: Any) -> Codec:
    read = decoder(hint)

    def read_list(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise _wrong(value, "a list")
        found: list[Any] = []
        try:
            for item in value:
                found.append(read(item))
        except PrmkitError as error:
            raise _inside(error, f"[{len(found)}]") from None
        return tuple(found)

    return read_list


def _fixed_decoder(hints: tuple[Any, ...]) -> Codec:
    arms = [_end if hint is float else decoder(hint) for hint in hints]
    wanted = f"a list of {len(hints)} {'numbers' if set(hints) <= {int, float} else 'entries'}"

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or len(value) != len(hints):
            raise _wrong(value, wanted)
        found: list[Any] = []
        try:
            for arm, item in zip(arms, value, strict=True):
                found.append(arm(item))
        except PrmkitError as error:
            raise _inside(error, f"[{len(found)}]") from None
        return tuple(found)

    return read


def _end(value: Any) -> float:
    # Numbers of a tuple of fixed length are ends of a range, the one place where infinity means something.
    if isinstance(value, float) and math.isinf(value):
        return value
    return _INFINITE[value] if isinstance(value, str) and value in _INFINITE else _real(value)


def _mapping_decoder(hint: Any) -> Codec:
    read = decoder(hint)

    def read_mapping(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise _wrong(value, "an object")
        found: dict[str, Any] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise RecordError(f"key {key!r:.80} is not a string", do="use strings as keys")
            try:
                found[key] = read(item)
            except PrmkitError as error:
                raise _inside(error, key) from None
        return found

    return read_mapping


def _record_decoder(cls: type[Any]) -> Codec:
    plan = [(name, decoder(hint), needed) for name, (hint, needed) in fields_of(cls).items()]
    known = [name for name, _, _ in plan]

    def read(value: Any) -> Any:
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise _wrong(value, f"an object ({cls.__name__})")
        for name in value:
            if name not in known:
                close = difflib.get_close_matches(str(name), known, n=1)
                hint = f"did you mean {close[0]!r}? otherwise " if close else ""
                raise RecordError(
                    f"{cls.__name__} has no field {name!r}",
                    do=f"{hint}remove it; known: {', '.join(known)}",
                    field=str(name),
                )
        given: dict[str, Any] = {}
        for name, read_field, needed in plan:
            if name in value:
                try:
                    given[name] = read_field(value[name])
                except PrmkitError as error:
                    raise _inside(error, name) from None
            elif needed:
                raise RecordError(f"{cls.__name__} needs {name!r}", do=f"add the field {name!r}", field=name)
        return cls(**given)

    return read


# ---------------------------------------------------------------- writing


def encoder(hint: Any) -> Codec:
    """Compiled writer for an annotation."""
    return _encoder(hint)


@functools.cache
def _encoder(hint: Any) -> Codec:
    inner, optional = without_none(hint)
    if optional:
        write = encoder(inner)
        return lambda value: None if value is None else write(value)
    if is_record(hint):
        plan = [(name, encoder(inner_hint)) for name, (inner_hint, _) in fields_of(hint).items()]
        return lambda record: {name: write(getattr(record, name)) for name, write in plan}
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return lambda value: list(value) if isinstance(value, tuple) else value
    if origin is tuple:
        args = get_args(hint)
        if args[-1] is not Ellipsis:
            each = [_bound if arg is float else encoder(arg) for arg in args]
            return lambda value: [put(v) for put, v in zip(each, value, strict=True)]
        write = encoder(args[0])
        return lambda value: [write(item) for item in value]
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        write = encoder(get_args(hint)[1])
        return lambda value: {key: write(item) for key, item in value.items()}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return str
    return _real if hint is float else lambda value: value


def _bound(value: float) -> float | str:
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return _real(value)
