"""The conformance kit: every domain passes the same checks, in three lines of test code.

Example of a domain's whole test::

    @pytest.mark.parametrize("case", conformance.cases("chess"), ids=str)
    def test_conformance(case):
        case.check()

A known gap is declared with its reason, ``cases("chess", gaps={"suites": "no suite yet"})``, and
is strict: a gap that has been mended fails until it leaves the list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from prmkit.errors import ConfigError, PrmkitError
from prmkit.plugins import DomainPlugin, domain
from prmkit.registry import nearest
from prmkit.testkit import contract_data, contract_parts, contract_verifiers

Check = Callable[[DomainPlugin], str]
"""Raises AssertionError when the contract is broken; returns a reason when it cannot be tried here."""

CHECKS: Mapping[str, Check] = {
    "listing is light": contract_parts.listing_is_light,
    "specs resolve": contract_parts.specs_resolve,
    "examples": contract_parts.examples,
    "segmenters": contract_parts.segmenters,
    "tasks": contract_parts.tasks,
    "readme": contract_parts.readme,
    "weights": contract_parts.weights,
    "one evidence per step": contract_verifiers.one_evidence_per_step,
    "same input, same evidence": contract_verifiers.same_evidence,
    "order does not matter": contract_verifiers.order,
    "noise is unknown": contract_verifiers.noise,
    "hostile input": contract_verifiers.hostile,
    "mutations": contract_verifiers.mutations,
    "absent tools": contract_verifiers.absent_tools,
    "no network, no writing": contract_verifiers.sealed,
    "labels from evidence": contract_verifiers.labels,
    "cards": contract_data.cards,
    "readers": contract_data.readers,
    "suites": contract_data.suites,
    "leakage": contract_data.leakage,
}
"""Name of a check → what it does."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found."""

    check: str
    status: Literal["passed", "failed", "gap", "not tried"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One check of one domain."""

    domain: str
    name: str
    gap: str = ""
    """Why the check is known to fail; empty when it must pass."""

    def __str__(self) -> str:
        return self.name

    def result(self) -> Result:
        """Run the check."""
        try:
            reason = CHECKS[self.name](domain(self.domain))
        except (AssertionError, PrmkitError) as error:
            if self.gap:
                return Result(self.name, "gap", self.gap)
            return Result(self.name, "failed", str(error) or "no reason given")
        if self.gap and not reason:
            return Result(self.name, "failed", f"the gap is mended ({self.gap}): take it off the list")
        return Result(self.name, "not tried" if reason else "passed", reason)

    def check(self) -> None:
        """Run the check inside a test.

        Raises:
            AssertionError: The contract is broken, or a declared gap has been mended.
        """
        result = self.result()
        if result.status == "failed":
            raise AssertionError(f"domain {self.domain!r}, {self.name}: {result.reason}")


def cases(name: str, gaps: Mapping[str, str] | None = None) -> list[Case]:
    """The checks of the domain ``name``.

    Args:
        name: An installed domain.
        gaps: Check → why it is known to fail.

    Raises:
        ConfigError: ``gaps`` names no check, or gives no reason.
    """
    gaps = gaps or {}
    for check, reason in gaps.items():
        if check not in CHECKS or not reason.strip():
            raise ConfigError(
                f"{check!r} is no check" if check not in CHECKS else f"the gap {check!r} gives no reason",
                do=nearest(check, dict(CHECKS)) if check not in CHECKS else "say why it is open",
                field="gaps",
            )
    return [Case(name, check, gaps.get(check, "")) for check in CHECKS]


def run(name: str) -> list[Result]:
    """Results of all checks, no gaps allowed."""
    return [case.result() for case in cases(name)]
