"""The keyword ``string``: the text of each atom, through lists, dictionaries and tables.

Source: the page on ``string`` of the kdb+ documentation.
"""

from __future__ import annotations

from prmkit_qlang.engine.inline import line, plain, plains
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
        QError: ``wsfull`` where the texts are too many.

    Examples:
        >>> from prmkit_qlang.engine.values import long, longs, text_of
        >>> text_of(string(long(12))), [text_of(one) for one in string(longs([1, 20])).v]
        ('12', ['1', '20'])
    """
    if isinstance(x, EnumAtom):
        x = unenum(x)
    if isinstance(x, Atom):
        return _text(plain(-x.t, x.v, precision))
    if isinstance(x, Vec):
        METER.take(8 * len(x.v))
        return List([_text(text) for text in plains(x, precision)]) if len(x.v) else _nothing(x)
    if isinstance(x, List):
        METER.take(8 * len(x.v))
        return List([string(one, precision) for one in x.v])
    if isinstance(x, Table):
        return Table(x.cols, [string(one, precision) for one in x.data])
    if isinstance(x, Dict):
        keys = string(x.k, precision) if is_keyed(x) else x.k
        return Dict(keys, string(x.w, precision))
    return _text(line(x, precision))


def _text(text: str) -> Vec:
    """A char vector from a text of one character a byte."""
    return chars(text.encode("latin-1", "replace"))


def _nothing(x: Vec) -> Value:
    """What no texts are: chars stay chars."""
    return array(CHAR, []) if x.t == CHAR else List([])
