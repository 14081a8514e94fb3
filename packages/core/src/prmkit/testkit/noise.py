"""Texts that say nothing checkable, and texts that attack whoever parses them."""

from __future__ import annotations

TEXTS: tuple[str, ...] = (
    "xq zzv wopl, frum.",
    "Then the grey one, of course, and nothing else.",
    "Let us think about this.",
    "?!… ——",
    "= = =",
    "\u200b\u00a0\u3000",
    "ﷺ 🙂 𝔘𝔫𝔦",
    "lorem ipsum\n\ndolor sit amet",
    "Hmm.\r\nWait.\tYes.",
)
"""Noise: no verifier may call any of these wrong."""

HOSTILE: tuple[str, ...] = (
    "9^9^9^9 = 1",
    "9**9**9**9 = 1",
    "(" * 100_000 + "1" + ")" * 100_000 + " = 1",
    "__import__('os').system('false') = 0",
    "1" * 50_000 + " + 1 = 2",
    "1e999999999 + 1 = 2",
    "٣ + ٤ = ٨",
    "² + ³ = ⁵",
    "\\frac{" * 5_000 + "1" + "}" * 5_000,
    "a=b=c=" * 20_000,
    "1/0 = 1",
    "0^0 = 7 and 10000! = 3",
    "x" * 200_000,
    "\x00\x1b[31m 1 + 1 = 3",
    "{{7*7}} ${7*7} %s %n",
    "'; DROP TABLE steps; --",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
)
"""Hostile: every one must be answered within the limits, whatever the verdict."""
