"""Families of programming problems with a reference in Python and one in q.

Each is a record (:class:`~prmkit_qlang.families.family.Family`): a text, parameters that vary it, the
arguments it takes, and both references, which :mod:`prmkit_qlang.fuzz` holds against each other.
"""

from __future__ import annotations

from collections.abc import Mapping

from prmkit_qlang.families import grids, lists, numbers, strings
from prmkit_qlang.families.family import Family

FAMILIES: Mapping[str, Family] = {
    one.name: one for room in (numbers, lists, strings, grids) for one in room.FAMILIES
}
"""Name → family."""

__all__ = ["FAMILIES", "Family"]
