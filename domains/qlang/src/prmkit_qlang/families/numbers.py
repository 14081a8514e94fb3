"""Families about single numbers: digits, divisors, sequences."""

from __future__ import annotations

import math

from prmkit_qlang.families.family import Family, option, options, picked
from prmkit_qlang.families.shapes import LOWER, Shape, bits, number, numbers, text


def _digits(n: int, base: int) -> list[int]:
    found: list[int] = []
    while n:
        n, digit = divmod(n, base)
        found.append(digit)
    return found[::-1] or [0]


def _reverse(n: int) -> int:
    return int(str(abs(n))[::-1]) * (1 if n >= 0 else -1)


def _power(n: int, b: int) -> bool:
    while n > 1 and n % b == 0:
        n //= b
    return n == 1


def _primes(n: int) -> int:
    return sum(all(k % d for d in range(2, k)) for k in range(2, n))


def _zeroes(n: int, b: int) -> int:
    product, found = math.factorial(n), 0
    while product % b == 0:
        product //= b
        found += 1
    return found


def _collatz(n: int, what: str) -> int:
    path = [n]
    while path[-1] != 1:
        path.append(3 * path[-1] + 1 if path[-1] % 2 else path[-1] // 2)
    return len(path) - 1 if what == "steps" else max(path)


def _fizzbuzz(n: int, a: int, b: int) -> list[str]:
    return [("Fizz" * (k % a == 0) + "Buzz" * (k % b == 0)) or str(k) for k in range(1, n + 1)]


def _root(n: int, what: str) -> int:
    low = math.isqrt(n)
    return low if what == "floor" or low * low == n else low + 1


def _ugly(n: int, a: int, b: int) -> bool:
    if n < 1:
        return False
    for divisor in (a, b):
        while n % divisor == 0:
            n //= divisor
    return n == 1


_ROMAN = {"M": 1000, "CM": 900, "D": 500, "CD": 400, "C": 100, "XC": 90, "L": 50, "XL": 40, "X": 10,
          "IX": 9, "V": 5, "IV": 4, "I": 1}  # fmt: skip


def _to_roman(n: int) -> str:
    written = ""
    for sign, worth in _ROMAN.items():
        written += sign * (n // worth)
        n %= worth
    return written


def _from_roman(numeral: str) -> int:
    worth = [_ROMAN[c] for c in numeral]
    return sum(-a if a < b else a for a, b in zip(worth, [*worth[1:], 0], strict=True))


def _column(n: int) -> str:
    name = ""
    while n:
        n, rest = divmod(n - 1, 26)
        name = chr(65 + rest) + name
    return name


def _steps(n: int, k: int) -> int:
    ways = [1]
    for _ in range(n):
        ways.append(sum(ways[-k:]))
    return ways[-1]


def _coins(coins: list[int], total: int) -> int:
    ways = [1] + [0] * total
    for coin in coins:
        for at in range(coin, total + 1):
            ways[at] += ways[at - coin]
    return ways[total]


def _fewest(coins: list[int], total: int) -> int:
    best = [0]
    for at in range(1, total + 1):
        best.append(1 + min((best[at - c] for c in coins if c <= at), default=10**6))
    return best[total] if best[total] < 10**6 else -1


def _pascal(n: int) -> list[list[int]]:
    return [[math.comb(row, k) for k in range(row + 1)] for row in range(n)]


_NUMERAL = Shape(
    "string", "a Roman numeral", lambda rng: _to_roman(rng.randint(1, 3999)), ("I", "IV", "MCMXCIV", "XL")
)
_COINS = numbers(2, 9, least=1, most=4, borders=([2], [3, 5]))


def _unlike(coins: list[int], total: int) -> bool:
    return len(set(coins)) == len(coins)


_BASES = tuple(option(b, f"base {b}", str(b)) for b in (2, 3, 8, 10))

FAMILIES = (
    Family("digit_sum", "Return the sum of the digits of n written in {base}.",
           {"n": number(0, 5000)}, "long", lambda n, base: sum(_digits(n, base)),
           "{sum <base> vs x}", {"base": _BASES}),
    Family("reverse_integer", "Return n with its decimal digits in reverse order; the sign stays.",
           {"n": number(-9999, 9999, borders=(120, -120))}, "long", _reverse,
           "{signum[x]*10 sv reverse 10 vs abs x}"),
    Family("counting_bits", "Return, for every whole number from 0 to n, how many ones its binary form has.",
           {"n": number(0, 80)}, "longs", lambda n: [k.bit_count() for k in range(n + 1)],
           "{sum each 2 vs/:til 1+x}"),
    Family("power_of", "Return whether n is a power of {b} (1 is one).",
           {"n": number(-5, 1100, borders=(2, 3, 4, 9, 16, 27, 64, 243, 625, 1024))}, "bool", _power,
           "{while[(x>0)&0=x mod <b>;x:x div <b>];x=1}", {"b": options(2, 3, 4, 5)}),
    Family("divisor", "Return the {what} of a and b.",
           {"a": number(1, 60), "b": number(1, 60)}, "long",
           lambda a, b, what: math.gcd(a, b) if what == "gcd" else math.lcm(a, b), "<what>",
           {"what": (option("gcd", "greatest common divisor", "{$[y=0;x;.z.s[y;x mod y]]}"),
                     option("lcm", "least common multiple", "{(x*y)div{$[y=0;x;.z.s[y;x mod y]]}[x;y]}"))}),
    Family("count_primes", "Return how many primes are below n.",
           {"n": number(0, 120)}, "long", _primes,
           "{count where {$[x<2;0b;all 0<x mod 2_til 1+floor sqrt x]} each til x}"),
    Family("factorial_zeroes", "Return how often {b} divides the factorial of n.",
           {"n": number(0, 80)}, "long", _zeroes,
           "{r:0;while[x>0;x:x div <b>;r+:x];r}", {"b": options(2, 3, 5, 7)}),
    Family("collatz", "From n on, halve an even number and take three times an odd one plus one until 1 is "
           "reached. Return {what}.",
           {"n": number(1, 60)}, "long", _collatz, "<what>",
           {"what": (option("steps", "the number of steps",
                            "{n:0;while[x<>1;x:$[x mod 2;1+3*x;x div 2];n+:1];n}"),
                     option("largest", "the largest number met, n included",
                            "{m:x;while[x<>1;x:$[x mod 2;1+3*x;x div 2];m:m|x];m}"))}),
    Family("fizzbuzz", "Return, for the numbers from 1 to n, the string \"Fizz\" where {a} divides the "
    "number, "
           "\"Buzz\" where {b} does, \"FizzBuzz\" where both do, and else the number as a string.",
           {"n": number(1, 70)}, "strings", _fizzbuzz,
           '{{$[count s:raze("Fizz";"Buzz")where 0=x mod/:<a> <b>;s;string x]}each 1+til x}',
           {"a": options(2, 3, 4), "b": options(5, 7)}),
    Family("integer_root", "Return the {what}.",
           {"n": number(0, 5000, borders=(4, 15, 16, 17, 4900))}, "long",
           _root, "<what>",
           {"what": (option("floor", "largest whole number whose square is at most n", "{floor sqrt x}"),
                     option("ceiling", "smallest whole number, 0 or more, whose square is at least n",
                            "{ceiling sqrt x}"))}),
    Family("ugly_number", "Return whether n is positive and has no prime factor other than {a} and {b}.",
           {"n": number(-3, 400)}, "bool", _ugly,
           "{if[x<1;:0b];x:{$[x mod <a>;x;x div <a>]}/[x];1={$[x mod <b>;x;x div <b>]}/[x]}",
           {"a": options(2, 3), "b": options(5, 7)}),
    Family("column_title", "Columns of a sheet are called A to Z, then AA, AB and so on. Return the name of "
           "column n, counted from 1.",
           {"n": number(1, 20000, borders=(26, 27, 52, 53, 702, 703))}, "string", _column,
           '{r:"";while[x>0;x-:1;r:.Q.A[x mod 26],r;x:x div 26];r}'),
    Family("column_number", "Columns of a sheet are called A to Z, then AA, AB and so on. Return the "
    "number of "
           "the column with this name, counted from 1.",
           {"name": text("ABCXYZ", least=1, most=3)}, "long",
           lambda name: sum((ord(c) - 64) * 26**k for k, c in enumerate(reversed(name))),
           "{26 sv 1+.Q.A?x}"),
    Family("roman_numeral", "Return the number that the numeral stands for.",
           {"numeral": _NUMERAL}, "long", _from_roman,
           '{v:("IVXLCDM"!1 5 10 50 100 500 1000)x;sum v*1-2*v<next v}'),
    Family("to_base", "Return n written in {base}, as a string of digits.",
           {"n": number(0, 3000)}, "string", lambda n, base: "".join(map(str, _digits(n, base))),
           "{$[x=0;enlist\"0\";raze string <base> vs x]}", {"base": _BASES}),
    Family("add_binary", "Both arguments are numbers in binary. Return their {what} in binary, without "
           "leading noughts.",
           {"a": text("01", least=1, most=8), "b": text("01", least=1, most=8)}, "string",
           lambda a, b, what: bin(int(a, 2) + int(b, 2) if what == "sum" else int(a, 2) * int(b, 2))[2:],
           '{r:(2 sv"j"$x="1")<what>2 sv"j"$y="1";$[r=0;enlist"0";raze string 2 vs r]}',
           {"what": (option("sum", "sum", "+"), option("product", "product", "*"))}),
    Family("multiples", "Return the sum of all whole numbers below n that {a} or {b} divides.",
           {"n": number(0, 300)}, "long",
           lambda n, a, b: sum(k for k in range(n) if k % a == 0 or k % b == 0),
           "{i:til x;sum i where(0=i mod <a>)|0=i mod <b>}", {"a": options(2, 3, 4), "b": options(5, 6, 7)}),
    Family("climbing_stairs", "A climber takes 1 to {k} steps at once. Return in how many ways n steps can "
    "be "
           "climbed.",
           {"n": number(0, 55)}, "long", _steps,
           "{last x{x,sum neg[<k>&count x]#x}/enlist 1}", {"k": options(2, 3, 4)}),
    Family("coin_ways", "Return in how many ways the coins of the given values, each as often as one likes, "
           "make up the total; the order of coins does not matter.",
           {"coins": _COINS, "total": number(0, 40)}, "long", _coins,
           "{last{[w;c]{[c;w;i]w[i]+:w i-c;w}[c]/[w;c+til 0|count[w]-c]}/[1,y#0;x]}", valid=_unlike),
    Family("fewest_coins", "Return the smallest number of coins of the given values, each as often as one "
           "likes, that make up the total, and -1 where none do.",
           {"coins": _COINS, "total": number(0, 40)}, "long", _fewest,
           "{r:0;i:1;m:enlist 0;while[i<=y;c:x where x<=i;c:m[i-c];c:c where c>=0;"
           "m,:$[count c;1+min c;-1];i+:1];last m}", valid=_unlike),
    Family("pascal_triangle", "Return the first n rows of Pascal's triangle.",
           {"n": number(1, 60)}, "grid", _pascal, "{(x-1){(0,x)+x,0}\\enlist 1}"),
    Family("binary_value", "The list holds the digits of a binary number, {end} first. Return the number.",
           {"digits": bits(least=1)}, "long",
           lambda digits, end: int("".join(map(str, digits if end == "high" else digits[::-1])), 2),
           "{2 sv <end>x}", {"end": (option("high", "the highest"), option("low", "the lowest", "reverse "
           ""))}),
    Family("letter_value", "The letters a to z are worth 1 to 26. Return the {what} of the worth of the "
           "letters of the word.",
           {"word": text(LOWER, least=1)}, "long",
           lambda word, what: picked(what, (ord(c) - 96 for c in word)),
           "{<what> 1+.Q.a?x}",
           {"what": (option("sum", "sum", "sum"), option("max", "maximum", "max"),
                     option("min", "minimum", "min"))}),
)  # fmt: skip
"""In the order of the text above."""
