"""Chat logs, harness logs and plain text as samples: what a linter of reasoning reads."""

from prmkit.logs.read import exchanges_to_samples, read_log
from prmkit.logs.shapes import Exchange, Part, parse_object
from prmkit.logs.transcript import parse_text

__all__ = ["Exchange", "Part", "exchanges_to_samples", "parse_object", "parse_text", "read_log"]
