"""Self-contained HTML pages: templates of this package, every value escaped, no outside request."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator
from importlib import metadata
from typing import NamedTuple

import jinja2
from markupsafe import Markup

from prmkit.types import Claim, Json, Verdict

SIGN = {Verdict.HOLDS: "✓", Verdict.FAILS: "✗", Verdict.UNKNOWN: "?"}
"""A sign for each verdict, so that colour is never the only mark."""


class Stretch(NamedTuple):
    """A piece of a step's text: inside one claim, or outside all."""

    text: str
    claim: Claim | None


def stretches(text: str, claims: Iterable[Claim]) -> Iterator[Stretch]:
    """Cut ``text`` at the borders of ``claims``; of overlapping claims FAILS wins, then the earlier.

    Examples:
        >>> [s.text for s in stretches("so 1+1=3.", [Claim(3, 8, Verdict.FAILS)])]
        ['so ', '1+1=3', '.']
    """
    taken: list[Claim] = []
    for claim in sorted(claims, key=lambda c: (c.verdict is not Verdict.FAILS, c.start)):
        inside = 0 <= claim.start < claim.end <= len(text)
        if inside and all(claim.end <= t.start or claim.start >= t.end for t in taken):
            taken.append(claim)
    at = 0
    for claim in sorted(taken, key=lambda c: c.start):
        if claim.start > at:
            yield Stretch(text[at : claim.start], None)
        yield Stretch(text[claim.start : claim.end], claim)
        at = claim.end
    if at < len(text):
        yield Stretch(text[at:], None)


def script_json(value: Json) -> Markup:
    r"""JSON that may stand inside a script element: no text in it can end the element.

    Examples:
        >>> script_json("</script>")
        Markup('"\\u003c/script\\u003e"')
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    # Lone surrogates cannot be written as UTF-8; a reader sees the replacement sign instead.
    return Markup(text.encode("utf-8", "replace").decode())


@functools.cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("prmkit.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["style"] = _asset(environment, "style.css")
    environment.globals["sign"] = SIGN
    environment.globals["stretches"] = stretches
    environment.globals["version"] = metadata.version("prmkit")
    return environment


def _asset(environment: jinja2.Environment, name: str) -> Markup:
    loader = environment.loader
    assert loader is not None
    return Markup(loader.get_source(environment, name)[0])


def asset(name: str) -> Markup:
    """A style sheet or script of this package, as it is."""
    return _asset(_templates(), name)


def render(template: str, **values: Json) -> str:
    """The page ``template`` filled with ``values``; text is escaped, ``Markup`` is not."""
    page = _templates().get_template(template).render(**values)
    return page.encode("utf-8", "replace").decode()
