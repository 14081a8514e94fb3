"""Suites: the rows they name, and whether these are the rows at hand."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from prmkit.cards import EvalSuite
from prmkit.errors import ConfigError, DataError
from prmkit.types import Sample


def select(suite: EvalSuite, samples: Iterable[Sample]) -> list[Sample]:
    """Rows of a suite: those whose ``provenance.detail`` has the suite's values.

    The detail of the trajectory goes before that of the problem.

    Raises:
        DataError: The rows are not those of the suite: another number, or another digest.
    """
    rows = [sample for sample in samples if all(_says(sample, k, v) for k, v in suite.select.items())]
    if len(rows) != suite.n:
        raise DataError(
            f"suite {suite.name!r} has {suite.n} rows, {len(rows)} were found",
            do="check the data folder with 'prmkit data', or correct the suite's n and select",
            field="n",
        )
    if suite.digest and digest(rows) != suite.digest:
        raise DataError(
            f"suite {suite.name!r}: the rows are not the pinned ones (digest {digest(rows)[:16]})",
            do="use the data the suite was made from, or make a suite with a new name",
            field="digest",
        )
    return rows


def _says(sample: Sample, key: str, value: str) -> bool:
    places = (sample.trajectory.provenance.detail, sample.problem.provenance.detail)
    return any(str(place[key]) == value for place in places if key in place)


def digest(samples: Sequence[Sample]) -> str:
    """sha256 over trajectory ids and step digests, in order: what ``EvalSuite.digest`` pins.

    Examples:
        >>> digest([]) == hashlib.sha256().hexdigest()
        True
    """
    rows = hashlib.sha256()
    for sample in samples:
        line = f"{sample.trajectory.id}\t{sample.trajectory.digest}\n"
        rows.update(line.encode("utf-8", "surrogatepass"))
    return rows.hexdigest()


def check_name(suite: EvalSuite) -> EvalSuite:
    """Return the suite if its name ends in its number of rows.

    Raises:
        ConfigError: It does not: a part of a benchmark must not look like the whole.

    Examples:
        >>> check_name(EvalSuite("processbench-gsm8k-195", "processbench_half", 195, ())).n
        195
    """
    if not re.search(rf"(?:^|-){suite.n}$", suite.name):
        raise ConfigError(
            f"suite {suite.name!r} does not carry its {suite.n} rows in its name",
            do=f"call it '{suite.name}-{suite.n}'",
            field="name",
        )
    return suite
