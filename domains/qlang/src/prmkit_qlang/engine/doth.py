"""The namespace ``.h``: markup, HTTP responses, and tables as delimited text, JSON and XML.

Source: the page on the namespace ``.h`` of the kdb+ documentation.
"""

from __future__ import annotations

import re
import string as letters
from collections.abc import Callable, Sequence

from prmkit_qlang.engine import json, temporal
from prmkit_qlang.engine.context import CONTEXT
from prmkit_qlang.engine.dotcodes import raw
from prmkit_qlang.engine.dotq import function, refuse
from prmkit_qlang.engine.errors import QError
from prmkit_qlang.engine.functions import Prim
from prmkit_qlang.engine.meter import METER
from prmkit_qlang.engine.operators import value
from prmkit_qlang.engine.string import string
from prmkit_qlang.engine.tables import table_of
from prmkit_qlang.engine.types import CHAR, INT, LONG, TIMESTAMP
from prmkit_qlang.engine.values import (
    Atom,
    Dict,
    List,
    Table,
    Value,
    chars,
    count,
    enlist,
    is_keyed,
    is_list,
    items,
    pack,
    sym,
    syms,
    text_of,
)

MEDIA = {
    "htm": "text/html",
    "html": "text/html",
    "csv": "text/comma-separated-values",
    "txt": "text/plain",
    "xml": "text/plain",
    "xls": "application/msexcel",
    "gif": "image/gif",
    "json": "application/json",
}
"""The content types that the documentation names."""
BODY_STYLE = "body{font:10pt verdana;text-align:justify}"
ANCHOR_STYLE = "a{text-decoration:none}a:link{color:024C7E}a:visited{color:024C7E}a:active{color:958600}"
SAFE = "$-.+!*'()," + letters.ascii_lowercase + letters.ascii_uppercase + "_" + letters.digits
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


def _texts(x: Value) -> list[str]:
    """Texts of a list of texts."""
    METER.take(8 * count(x))
    return [text_of(one) for one in items(x)]


def _plain(x: Value) -> str:
    """The text of an atom or a text."""
    return text_of(string(x)) if isinstance(x, Atom) else text_of(x)


# ---------------------------------------------------------------- markup


def _attribute(x: Value) -> str:
    return f'"{text_of(x)}"' if abs(x.t) == CHAR else _plain(x)


def _link(x: Value, body: Value, more: str = "") -> Value:
    return chars(f"<a {more}href={_attribute(x)}>{text_of(body)}</a>")


def anchor(x: Value, body: Value) -> Value:
    """``.h.ha``: a link."""
    return _link(x, body)


def anchor_target(x: Value, body: Value) -> Value:
    """``.h.hb``: a link that opens in the frame v."""
    return _link(x, body, "target=v ")


def code(x: Value) -> Value:
    """``.h.code``: every second of the segments between tabs is code."""
    parts = text_of(x).split("\t")
    return chars(" ".join(f"<code><nobr>{p}</nobr></code>" if i % 2 else p for i, p in enumerate(parts)))


def escaped_less(x: Value) -> Value:
    """``.h.hc``: ``<`` as an entity."""
    return chars(text_of(x).replace("<", "&lt;"))


def escaped(x: Value) -> Value:
    """``.h.xs``: the signs that XML reserves as entities."""
    METER.take(6 * count(x))
    return chars("".join(_ENTITIES.get(c, c) for c in text_of(x)))


def rule(x: Value) -> Value:
    """``.h.hr``: as many hyphens."""
    return chars("-" * len(raw(x)))


def start_tag(name: Value, attributes: Value) -> Value:
    """``.h.hta``: the tag that opens an element.

    Raises:
        QError: ``type`` where the attributes are no dictionary.
    """
    if not isinstance(attributes, Dict):
        raise QError("type")
    pairs = zip(items(attributes.k), items(attributes.w), strict=True)
    return chars(f"<{text_of(name)}{''.join(f' {text_of(k)}={_attribute(w)}' for k, w in pairs)}>")


def element(name: Value, body: Value) -> Value:
    """``.h.htc``: an element."""
    return chars(f"<{text_of(name)}>{text_of(body)}</{text_of(name)}>")


def element_with(name: Value, attributes: Value, body: Value) -> Value:
    """``.h.htac``: an element with attributes."""
    return chars(f"{text_of(start_tag(name, attributes))}{text_of(body)}</{text_of(name)}>")


def _wrapping(name: str) -> Callable[[Value], Value]:
    return lambda body: element(sym(name), body)


def _wrapping_lines(name: str) -> Callable[[Value], Value]:
    return lambda lines: element(sym(name), chars("".join(line + "\n" for line in _texts(lines))))


def paragraphs(x: Value) -> Value:
    """``.h.text``: a paragraph a text."""
    return chars("".join(f"<p>{line}</p>\n" for line in _texts(x)))


def document(x: Value) -> Value:
    """``.h.html``: a page."""
    style = f"<head><style>{ANCHOR_STYLE}{BODY_STYLE}</style></head>"
    return chars(f"<html>{style}<body>{text_of(x)}</body></html>")


def hyperlinks(x: Value) -> Value:
    """``.h.http``: addresses within a text as links."""
    return chars(
        re.sub(r"http://[^\s<>\"]+", lambda found: f'<a href="{found[0]}">{found[0]}</a>', text_of(x))
    )


# ---------------------------------------------------------------- HTTP and URIs


def _content_type(x: Value) -> str:
    return MEDIA.get(text_of(x), "application/octet-stream")


def response(status: Value, kind: Value, body: Value) -> Value:
    """``.h.hn``: an HTTP response."""
    content = raw(body)
    head = f"HTTP/1.1 {text_of(status)}\r\nContent-Type: {_content_type(kind)}\r\nConnection: close\r\n"
    return chars(f"{head}Content-Length: {len(content)}\r\n\r\n".encode("utf-8", "surrogateescape") + content)


def response_ok(kind: Value, body: Value) -> Value:
    """``.h.hy``: a response without error."""
    return response(chars("200 OK"), kind, body)


def response_bad(x: Value) -> Value:
    """``.h.he``: the response to a bad request."""
    return response(chars("400 Bad Request"), sym("txt"), chars("'" + text_of(escaped_less(x))))


def uri_escaped(x: Value) -> Value:
    """``.h.hu``: unsafe characters as ``%xx``."""
    return chars("".join(chr(b) if chr(b) in SAFE else f"%{b:02x}" for b in raw(x)))


def uri_read(x: Value) -> Value:
    """``.h.uh``: ``%xx`` as characters."""
    return chars(re.sub(rb"%([0-9a-fA-F]{2})", lambda found: bytes([int(found[1], 16)]), raw(x)))


def iso8601(x: Value) -> Value:
    """``.h.iso8601``: nanoseconds since 2000 as a time.

    Raises:
        QError: ``type`` for what is no number or timestamp.
    """
    if not isinstance(x, Atom) or -x.t not in (INT, LONG, TIMESTAMP):
        raise QError("type")
    return chars(temporal.show(TIMESTAMP, x.v).replace(".", "-", 2).replace("D", "T"))


# ---------------------------------------------------------------- data as text


def delimited(x: Value, delimiter: str) -> list[str]:
    """Lines of a table, its header first, or of a list of columns.

    A cell that holds the delimiter, a quote or a line end stands in quotes; items of a nested cell stand
    apart by ``.h.d``.

    Raises:
        QError: ``type`` for what is neither, ``length`` for columns of different length.
    """
    if isinstance(x, Table) or is_keyed(x):
        table = table_of(x)
        head, columns = [delimiter.join(table.cols)], table.data
    elif is_list(x):
        head, columns = [], items(x)
    else:
        raise QError("type")
    if len({count(one) for one in columns}) > 1:
        raise QError("length")
    METER.take(16 * sum(map(count, columns)))
    texts = [[_cell(one, delimiter) for one in items(column)] for column in columns]
    return head + [delimiter.join(row) for row in zip(*texts, strict=True)]


def _cell(x: Value, delimiter: str) -> str:
    if is_list(x) and x.t != CHAR:
        text = text_of(CONTEXT.now.get(".h.d")).join(_plain(one) for one in items(x))
    else:
        text = _plain(x)
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in (delimiter, '"', "\n")) else text


def _lines(texts: Sequence[str]) -> Value:
    METER.take(sum(map(len, texts)))
    return pack([chars(text) for text in texts])


def csv(x: Value) -> Value:
    """``.h.cd``: lines with commas."""
    return _lines(delimited(x, ","))


def tsv(x: Value) -> Value:
    """``.h.td``: lines with tabs."""
    return _lines(delimited(x, "\t"))


def json_lines(x: Value) -> Value:
    """``.h.tx`` of ``json``: every item or row on a line; rows of a table in a list apart by line ends."""
    rows = items(table_of(x)) if isinstance(x, Table) or is_keyed(x) else items(x)
    return _lines([_json(one) for one in rows])


def _json(x: Value) -> str:
    if isinstance(x, Table):
        return "[" + ",\n ".join(_json(row) for row in items(x)) + "]"
    return json.write(x, precision=CONTEXT.precision)


def xml(x: Value) -> Value:
    """``.h.xd``: a table with an element a row, and in it one a column."""
    table = table_of(x)
    METER.take(16 * count(table) * max(1, len(table.cols)))
    columns = [[f"<{name}>{_xml_cell(one)}</{name}>" for one in items(data)]
               for name, data in zip(table.cols, table.data, strict=True)]  # fmt: skip
    return _lines(["<R>", *(f"<r>{''.join(row)}</r>" for row in zip(*columns, strict=True)), "</R>"])


def _xml_cell(x: Value) -> str:
    text = _cell(x, "\n")
    return text_of(escaped(chars(text)))


def parsed(kind: Value, x: Value) -> Value:
    """``.h.xt``: the values of JSON texts.

    Raises:
        QError: ``nyi`` for another kind than ``json``.
    """
    if text_of(kind) != "json":
        raise QError("nyi")
    return pack([json.read(text) for text in _texts(x)])


_ONE: dict[str, Callable[[Value], Value]] = {
    "cd": csv, "td": tsv, "xd": xml, "code": code, "hc": escaped_less, "xs": escaped, "hr": rule,
    "text": paragraphs,
    "nbr": _wrapping("nobr"), "pre": _wrapping_lines("pre"), "xmp": _wrapping_lines("xmp"),
    "html": document,
    "http": hyperlinks, "he": response_bad, "hu": uri_escaped, "uh": uri_read, "iso8601": iso8601,
    "val": value,
    "ht": refuse, "ka": refuse,
}  # fmt: skip
_MORE: dict[str, tuple[int, Callable[..., Value]]] = {
    "ha": (2, anchor), "hb": (2, anchor_target), "hta": (2, start_tag), "htc": (2, element),
    "htac": (3, element_with), "hn": (3, response), "hy": (2, response_ok), "xt": (2, parsed),
}  # fmt: skip
_FILES: dict[str, Callable[[Value], Value]] = {
    "raw": enlist, "json": json_lines, "csv": csv, "txt": tsv, "xml": xml,
}  # fmt: skip
_CONSTANTS: dict[str, Value] = {
    "br": chars("<br>"), "c0": sym("024C7E"), "c1": sym("958600"), "d": Atom(-CHAR, 32),
    "sa": chars(ANCHOR_STYLE),
    "sb": chars(BODY_STYLE), "sc": chars(SAFE),
    "ty": Dict(syms(MEDIA), List([chars(text) for text in MEDIA.values()])),
    "tx": Dict(syms(_FILES), List([Prim(f".h.tx[`{name}]", {1: run}) for name, run in _FILES.items()])),
}  # fmt: skip

NAMES: dict[str, Value] = {
    **{f".h.{name}": value for name, value in _CONSTANTS.items()},
    **{f".h.{name}": function(f".h.{name}", run) for name, run in _ONE.items()},
    **{f".h.{name}": function(f".h.{name}", run, rank) for name, (rank, run) in _MORE.items()},
}
"""Name → value."""
