"""Text to steps. Every way of cutting gives spans that give back the text.

Steps are trimmed of surrounding white space; what stands between two spans is white space
only, so no written character is lost. ``auto`` tries numbers, blank lines, lines, sentences.
"""

from prmkit.segment.blocks import by_blank_line, by_line, by_number, by_thought, by_turn
from prmkit.segment.choose import SEGMENTERS, by_auto, segment
from prmkit.segment.sentences import by_sentence
from prmkit.segment.whole import blocks, by_block, fences, markdown_spans

__all__ = [
    "SEGMENTERS",
    "blocks",
    "by_auto",
    "by_blank_line",
    "by_block",
    "by_line",
    "by_number",
    "by_sentence",
    "by_thought",
    "by_turn",
    "fences",
    "markdown_spans",
    "segment",
]
