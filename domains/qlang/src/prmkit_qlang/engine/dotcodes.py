"""Codes of texts in ``.Q``: base 64 both ways, numbers in alphabets of 64 and 36 signs, SHA-1.

Source: the page on the namespace ``.Q`` of the kdb+ documentation.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import string

import numpy as np

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.types import BYTE, CHAR, INT, LONG, SHORT
from prmkit_qlang.engine.values import Atom, Value, Vec, chars, long

B6 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
"""The 64 signs of ``.Q.b6``."""
N36 = string.digits + string.ascii_uppercase
"""The 36 signs of ``.Q.nA``."""


def raw(x: Value) -> bytes:
    """The bytes of chars or bytes.

    Raises:
        QError: ``type`` for anything else.
    """
    if isinstance(x, Atom) and x.t in (-BYTE, -CHAR):
        return bytes([x.v])
    if isinstance(x, Vec) and x.t in (BYTE, CHAR):
        METER.take(len(x.v))
        return bytes(x.v)
    raise QError("type")


def octets(x: bytes) -> Vec:
    """A byte vector."""
    return Vec(BYTE, np.frombuffer(x, dtype=np.uint8))


def btoa(x: Value) -> Value:
    """The text of bytes in base 64."""
    return chars(base64.b64encode(raw(x)))


def atob(x: Value) -> Value:
    """The bytes of a text in base 64.

    Raises:
        QError: ``domain`` where the text is no padded base 64.
    """
    try:
        return octets(base64.b64decode(raw(x), validate=True))
    except binascii.Error as error:
        raise QError("domain") from error


def sha1(x: Value) -> Value:
    """The 20 bytes of the SHA-1 digest of a text."""
    return octets(hashlib.sha1(raw(x), usedforsecurity=False).digest())


def _whole(x: Value) -> int:
    if isinstance(x, Atom) and -x.t in (SHORT, INT, LONG):
        return int(x.v)
    raise QError("type")


def _written(x: Value, alphabet: str, size: int) -> Value:
    n, out = _whole(x) % len(alphabet) ** size, ""
    for _ in range(size):
        n, digit = divmod(n, len(alphabet))
        out = alphabet[digit] + out
    return chars(out)


def _read(x: Value, alphabet: str) -> Value:
    n = 0
    for sign in raw(x).decode("latin-1"):
        place = alphabet.find(sign)
        n = (n * len(alphabet) + (place if place >= 0 else len(alphabet))) % 2**64
    return long(n - 2**64 if n >= 2**63 else n)


def x10(x: Value) -> Value:
    """A number as 10 signs of 64."""
    return _written(x, B6, 10)


def j10(x: Value) -> Value:
    """The number that signs of 64 stand for."""
    return _read(x, B6)


def x12(x: Value) -> Value:
    """A number as 12 signs of 36."""
    return _written(x, N36, 12)


def j12(x: Value) -> Value:
    """The number that signs of 36 stand for."""
    return _read(x, N36)
