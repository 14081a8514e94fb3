r"""Final answers in running text: where they stand, and when two of them are the same.

Understood: ``\boxed{...}`` (balanced), ``#### x``, ``The answer is x``, ``Answer: x`` and
``†Answer: x``. Nothing here evaluates text; numbers are read by a pattern into exact
fractions. A domain that knows more (units, symbols) builds its own equality on top.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from fractions import Fraction

MAX_ANSWER = 2000
"""Longer answers are compared as text only, characters."""

_BRACE = re.compile(r"\\(?:boxed|fbox)\s*\{|\\.|[{}]", re.DOTALL)
_BOXED_BARE = re.compile(r"\\boxed[ \t]+([^\s{}\\$.,;]+)")
_HASHES = re.compile(r"(?:^|(?<=\n))[ \t]*####[ \t]*([^\n]+)")
_SAID = re.compile(
    r"(?:\b(?:the |our |my )?(?:final |correct |overall )?answer(?: to [^\n.:]{1,80}?)?"
    r"(?:\*\*|__)?[ \t]*(?:is\b|:|=)(?!\s*not\b)|\u2020[ \t]*answer[ \t]*:)"
    r"[ \t]*:?(?:\*\*|__)?[ \t]*(?=([^\n]{1,400}))",
    re.IGNORECASE,
)
_STOP = re.compile(r"(?<!\d)\.(?=\s|$)|\.(?=\s+[A-Z])|\.$|(?:,|;)\s+(?=(?:so|because|since|which|and|as)\b)")
_WRAPPED = re.compile(r"\\(?:text|mathrm|mathbf|textbf|mathit|operatorname|mbox)\s*\{([^{}]*)\}")
_SHORT_FRACTION = re.compile(r"\\frac\s*(?:\{([^{}]*)\}|(\d))\s*(?:\{([^{}]*)\}|(\d))")
_PLAIN_FRACTION = re.compile(r"([+-]?)\\frac\{([^{}]+)\}\{([^{}]+)\}")
_THOUSANDS = re.compile(r"(?<![\d.])\d{1,3}(?:,\d{3})+(?!\d)")
_NUMBER = re.compile(
    r"([+-]?)(?:(\d{1,600})(?:\.(\d{0,600}))?|\.(\d{1,600}))(?:e([+-]?\d{1,3}))?", re.IGNORECASE
)
_MIXED = re.compile(r"([+-]?)(\d{1,18})[ ]+(\d{1,18})/(\d{1,18})")
_OUTER = (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"), ("**", "**"), ("`", "`"), ('"', '"'))


def extract_answer(text: str) -> str | None:
    r"""The last answer that ``text`` states, trimmed; None when it states none.

    A boxed answer goes before ``####``, which goes before the sentence forms; of each form
    the last one counts.

    Examples:
        >>> extract_answer(r"So \boxed{\frac{1}{2}} is it. The answer is 7.")
        '\\frac{1}{2}'
        >>> extract_answer("It follows.\nThe final answer is: **12.5**.")
        '12.5'
    """
    return boxed(text) or _hashed(text) or _stated(text)


def boxed(text: str) -> str | None:
    r"""Contents of the last balanced ``\boxed{...}``, or of ``\boxed x`` when no braces are used.

    Examples:
        >>> boxed(r"\boxed{a_{1}} and \boxed{3")
        'a_{1}'
    """
    last: str | None = None
    opened: list[int | None] = []
    for match in _BRACE.finditer(text):
        token = match.group()
        if token.endswith("{") and token != "\\{":
            opened.append(match.end() if len(token) > 1 else None)
        elif token == "}" and opened:
            start = opened.pop()
            if start is not None:
                last = text[start : match.start()].strip() or last
    if last is None:
        bare = list(_BOXED_BARE.finditer(text))
        return bare[-1][1] if bare else None
    return last


def _hashed(text: str) -> str | None:
    found = [match[1].strip() for match in _HASHES.finditer(text)]
    return _trim(found[-1]) if found else None


def _stated(text: str) -> str | None:
    found: str | None = None
    for match in _SAID.finditer(text):
        stop = _STOP.search(match[1])
        said = match[1][: stop.start()] if stop else match[1]
        found = _trim(said) or found
    return found


def _trim(answer: str) -> str:
    for opener, closer in _OUTER:
        inner = answer.strip().rstrip(".").strip()
        whole = len(inner) > len(opener) + len(closer) and inner.startswith(opener) and inner.endswith(closer)
        if whole and opener not in inner[len(opener) : -len(closer)]:
            answer = inner[len(opener) : -len(closer)]
    return answer.strip().rstrip(".").strip(" *")


def normalise(answer: str) -> str:
    r"""One spelling for answers that differ in typography only.

    Unicode forms, spaces, outer dollar signs, ``\text``, ``\left``, ``\dfrac``, thousands
    separators, a leading currency sign, a closing stop and letter case.

    Examples:
        >>> [normalise(a) for a in (r"$\dfrac12$", "1,234.50", r"\text{ Yes }.", "$ 18", r"50\%")]
        ['\\frac{1}{2}', '1234.5', 'yes', '18', '50%']
    """
    text = unicodedata.normalize("NFKC", answer).replace("\u2212", "-").replace("\u2044", "/").strip()
    text = _trim(text[: MAX_ANSWER * 2])
    text = _WRAPPED.sub(r"\1", text)
    for old, new in _SPELLINGS:
        text = text.replace(old, new)
    text = _SHORT_FRACTION.sub(lambda m: rf"\frac{{{m[1] or m[2]}}}{{{m[3] or m[4]}}}", text)
    text = _THOUSANDS.sub(lambda m: m.group().replace(",", ""), text)
    text = " ".join(text.split()).lstrip("$€£¥").strip().casefold()
    value = _decimal(text)
    return text if value is None else _plain(value, text)


_SPELLINGS = (
    ("\\dfrac", "\\frac"),
    ("\\tfrac", "\\frac"),
    ("\\left", ""),
    ("\\right", ""),
    ("\\!", ""),
    ("\\,", ""),
    ("\\;", " "),
    ("\\ ", " "),
    ("~", " "),
    ("{,}", ","),
    ("\\%", "%"),
    ("\\$", "$"),
    ("^{\\circ}", ""),
    ("^\\circ", ""),
    ("\u00b0", ""),
)


def _decimal(text: str) -> Fraction | None:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    sign, whole, after, only, exponent = match.groups()
    decimals = after or only or ""
    value = Fraction(int((whole or "0") + decimals), 10 ** len(decimals))
    value *= Fraction(10) ** int(exponent or 0)
    return -value if sign == "-" else value


def _plain(value: Fraction, text: str) -> str:
    if value.denominator == 1:
        return str(value.numerator) if abs(value.numerator) < 10**1000 else text
    digits = text.lower().lstrip("+")
    if "e" in digits:
        return f"{value.numerator}/{value.denominator}"
    negative, digits = digits.startswith("-"), digits.lstrip("-")
    whole, _, after = digits.partition(".")
    return ("-" if negative else "") + (whole.lstrip("0") or "0") + "." + after.rstrip("0")


def as_number(answer: str) -> Fraction | None:
    r"""The exact value of an answer that is a number, a fraction or a mixed number; else None.

    A percent sign is part of the answer and not divided out, so ``50%`` has no value here.

    Examples:
        >>> as_number(r"-\frac{3}{4}"), as_number("1 1/2"), as_number("0.50"), as_number("x")
        (Fraction(-3, 4), Fraction(3, 2), Fraction(1, 2), None)
    """
    if len(answer) > MAX_ANSWER:
        return None
    text = normalise(answer)
    mixed = _MIXED.fullmatch(text)
    if mixed and int(mixed[4]):
        value = int(mixed[2]) + Fraction(int(mixed[3]), int(mixed[4]))
        return -value if mixed[1] == "-" else value
    latex = _PLAIN_FRACTION.fullmatch(text)
    parts = [latex[1] + latex[2], latex[3]] if latex else text.split("/")
    values = list(_values(parts))
    if len(values) != len(parts) or len(parts) > 2:
        return None
    if len(values) == 1:
        return values[0]
    return values[0] / values[1] if values[1] else None


def _values(parts: list[str]) -> Iterator[Fraction]:
    for part in parts:
        value = _decimal(part.strip())
        if value is not None:
            yield value


def same_answer(one: str | None, other: str | None) -> bool:
    r"""Whether two answers are the same after :func:`normalise`, or the same number.

    None equals nothing, itself included: a solution without an answer agrees with nobody.

    Examples:
        >>> same_answer(r"\frac{1}{2}", "0.5"), same_answer("12", "12.0 "), same_answer(None, None)
        (True, True, False)
    """
    if one is None or other is None:
        return False
    return answer_key(one) == answer_key(other)


def answer_key(answer: str) -> str:
    """One text for all spellings of the same answer: the key that votes group by.

    Examples:
        >>> answer_key("0.5") == answer_key("1/2") == "1/2"
        True
    """
    value = as_number(answer)
    if value is None:
        return normalise(answer)
    return str(value) if value.denominator > 1 else str(value.numerator)
