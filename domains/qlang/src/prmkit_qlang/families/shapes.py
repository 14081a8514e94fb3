"""What arguments look like: shapes that draw values at random and know their borders."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from prmkit.types import Json

LOWER = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Shape:
    """One argument."""

    kind: str
    """How it enters q (see ``prmkit_qlang.bridge``)."""
    words: str
    """How a problem text calls it."""
    draw: Callable[[random.Random], Json]
    borders: tuple[Json, ...] = ()
    """Values that are always tried."""


def number(low: int = -20, high: int = 20, *, borders: tuple[int, ...] = ()) -> Shape:
    """A whole number from ``low`` to ``high``; both ends are borders, and 0, 1, -1 where they are in.

    Examples:
        >>> number(0, 9).borders
        (0, 9, 1)
    """
    ends = [low, high, *(n for n in (0, 1, -1) if low <= n <= high), *borders]
    return Shape("long", "a long", lambda rng: rng.randint(low, high), tuple(dict.fromkeys(ends)))


def numbers(
    low: int = -9, high: int = 9, *, least: int = 0, most: int = 9, borders: tuple[Json, ...] = ()
) -> Shape:
    """A list of ``least`` to ``most`` whole numbers: short and long ranges, so that some repeat.

    Examples:
        >>> numbers(least=1).borders[0], numbers().borders[:2]
        ([0], ([], [0]))
    """

    def draw(rng: random.Random) -> Json:
        middle = rng.randint(low, high)
        narrow = (max(low, middle - 2), min(high, middle + 2))
        ends = narrow if rng.random() < 0.4 else (low, high)
        return [rng.randint(*ends) for _ in range(rng.randint(least, most))]

    zero = max(low, 0)
    plain: list[Json] = [[], [zero], [high], [low], [high, high], [low, high], [high, zero, low], [zero] * 4]
    kept = (value for value in (*plain, *borders) if least <= len(value) <= most)
    return Shape("longs", "a list of longs", draw, tuple(kept))


def bits(*, least: int = 0, most: int = 12) -> Shape:
    """A list of noughts and ones."""
    return numbers(0, 1, least=least, most=most)


def floats(*, least: int = 1, most: int = 8) -> Shape:
    """A list of floats, quarters and hundredths."""

    def draw(rng: random.Random) -> Json:
        unit = rng.choice((4, 100))
        return [rng.randint(-9 * unit, 9 * unit) / unit for _ in range(rng.randint(least, most))]

    borders = ([0.5], [-1.5, 1.5], [2.0, 2.0, 2.0])
    return Shape("floats", "a list of floats", draw, tuple(b for b in borders if least <= len(b) <= most))


def text(alphabet: str = LOWER, *, least: int = 0, most: int = 12, borders: tuple[str, ...] = ()) -> Shape:
    """A string over an alphabet; every second one over a few letters of it, so that some repeat.

    Examples:
        >>> text("ab").borders
        ('', 'a', 'aa', 'ab', 'ba')
    """

    def draw(rng: random.Random) -> Json:
        letters = rng.sample(alphabet, min(3, len(alphabet))) if rng.random() < 0.5 else list(alphabet)
        return "".join(rng.choice(letters) for _ in range(rng.randint(least, most)))

    first, last = alphabet[0], alphabet[-1]
    plain = ("", first, first * 2, first + last, last + first, *borders)
    return Shape(
        "string", "a string", draw, tuple(dict.fromkeys(s for s in plain if least <= len(s) <= most))
    )


def phrase(alphabet: str = "abcdeot", *, least: int = 1, most: int = 6) -> Shape:
    """Words with one blank between them."""

    def draw(rng: random.Random) -> Json:
        count = rng.randint(least, most)
        return " ".join("".join(rng.choice(alphabet) for _ in range(rng.randint(1, 5))) for _ in range(count))

    return Shape("string", "a string of words with one blank between them", draw, ("a", "ab ab", "a bc d"))


def texts(alphabet: str = "abc", *, least: int = 1, most: int = 5, longest: int = 5) -> Shape:
    """A list of strings that often begin alike."""

    def draw(rng: random.Random) -> Json:
        stem = "".join(rng.choice(alphabet) for _ in range(rng.randint(0, 3)))
        return [
            stem + "".join(rng.choice(alphabet) for _ in range(rng.randint(0, longest)))
            for _ in range(rng.randint(least, most))
        ]

    borders: tuple[Json, ...] = (["ab"], ["ab", "ab"], ["", "ab"], ["abc", "ab", "abb"])
    return Shape("strings", "a list of strings", draw, tuple(b for b in borders if least <= len(b) <= most))


def grid(
    low: int = -9, high: int = 9, *, rows: tuple[int, int] = (1, 4), columns: tuple[int, int] = (1, 4)
) -> Shape:
    """Rows of whole numbers, all of one length."""

    def draw(rng: random.Random) -> Json:
        width = rng.randint(*columns)
        return [[rng.randint(low, high) for _ in range(width)] for _ in range(rng.randint(*rows))]

    borders: list[Json] = [[[low] * columns[0]] * rows[0], [[high] * columns[1]] * rows[1]]
    return Shape("grid", "a list of rows of longs", draw, tuple(borders))


def square(low: int = -9, high: int = 9, *, most: int = 4) -> Shape:
    """As many rows of whole numbers as columns."""

    def draw(rng: random.Random) -> Json:
        size = rng.randint(1, most)
        return [[rng.randint(low, high) for _ in range(size)] for _ in range(size)]

    borders: tuple[Json, ...] = ([[high]], [[1, 2], [3, 4]], [[low] * 3] * 3)
    return Shape("grid", "a square matrix of longs (a list of rows)", draw, borders)


def date() -> Shape:
    """A day as text, such as ``2024.02.29``."""

    def draw(rng: random.Random) -> Json:
        return f"{rng.randint(1990, 2035)}.{rng.randint(1, 12):02}.{rng.randint(1, 28):02}"

    borders = ("2000.01.01", "2000.02.29", "2023.12.31", "2024.02.29", "1999.03.01")
    return Shape("string", 'a date as text, such as "2024.02.29"', draw, borders)
