"""The keyword ``string``: the text of each atom, through lists, dictionaries and tables.

Source: the page on ``string`` of the kdb+ documentation.
"""

from __future__ import annotations

from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.inline import plain, plains, whole
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.types import CHAR
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    EnumAtom,
    List,
    Table,
    Value,
    Vec,
    array,
    chars,
    is_keyed,
    unenum,
)


def string(x: Value, precision: int = 7) -> Value:
    """Texts of all atoms of a value; a char becomes a list of one char, a null an empty text.

    Args:
        x: Any value.
        precision: Digits of floats.

    Raises:
        QError: ``wsfull`` where the texts are too many, ``limit`` or ``stack`` where
            they are nested too much or too deep.

    Examples:
        >>> from prmkit_qlang.engine.values import long, longs, text_of
        >>> text_of(string(long(12))), [text_of(one) for one in string(longs([1, 20])).v]
        ('12', ['1', '20'])
    """
    try:
        return _strings(x, precision)
    except RecursionError:
        raise QError("stack") from None


def _strings(x: Value, precision: int) -> Value:
    METER.step()
    if isinstance(x, EnumAtom):
        x = unenum(x)
    if isinstance(x, Atom):
        return _text(plain(-x.t, x.v, precision))
    if isinstance(x, Vec):
        METER.take(8 * len(x.v))
        return List([_text(text) for text in plains(x, precision)]) if len(x.v) else _nothing(x)
    if isinstance(x, List):
        METER.take(8 * len(x.v))
        return List([_strings(one, precision) for one in x.v])
    if isinstance(x, Table):
        return Table(x.cols, [_strings(one, precision) for one in x.data])
    if isinstance(x, Dict):
        keys = _strings(x.k, precision) if is_keyed(x) else x.k
        return Dict(keys, _strings(x.w, precision))
    return _text(whole(x, precision))


def _text(text: str) -> Vec:
    """A char vector from a text of one character a byte."""
    return chars(text.encode("latin-1", "replace"))


def _nothing(x: Vec) -> Value:
    """What no texts are: chars stay chars."""
    return array(CHAR, []) if x.t == CHAR else List([])
