"""What crosses the border, as JSON in both directions. What comes back was written by hostile hands."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

from prmkit.errors import ConfigError
from prmkit.types import Json

_WORDS = 4000


class Told(NamedTuple):
    """What a job says of itself."""

    value: Json
    exception: str | None
    line: int | None


def pack(code: str, inputs: Mapping[str, Json] | None) -> bytes:
    """A job as it is handed in.

    Raises:
        ConfigError: The inputs are not JSON, or a name is no text.
    """
    names = dict(inputs or {})
    try:
        if not all(isinstance(name, str) for name in names):
            raise TypeError("names are text")
        return json.dumps({"code": code, "inputs": names}).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"inputs are not JSON: {error}", do="pass JSON values", field="inputs") from error


def parse(words: bytes) -> Told | None:
    """What a job told, or None if that is not well-formed.

    Text that is no Unicode (lone surrogates) is replaced, since it could not be written anywhere.

    Examples:
        >>> parse(b'{"value": [1], "exception": null, "line": null}')
        Told(value=[1], exception=None, line=None)
        >>> parse(b'{"value": NaN, "exception": null, "line": null}') is None
        True
    """
    try:
        told: Any = json.loads(words, parse_constant=_refuse, parse_float=_finite)
        if b"\\ud" in words.lower():
            told = json.loads(json.dumps(told, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or set(told) != {"value", "exception", "line"}:
        return None
    exception, line = told["exception"], told["line"]
    if not (exception is None or (isinstance(exception, str) and exception)):
        return None
    if not (line is None or (type(line) is int and 0 < line < 1 << 31)):
        return None
    return Told(None if exception else told["value"], exception and exception[:_WORDS], line)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not finite")
    return number
