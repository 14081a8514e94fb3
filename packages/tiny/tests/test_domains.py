"""Every installed domain that generates tasks gives what a policy's card asks of it."""

import pytest

from prmkit.plugins import domain, domains
from prmkit.registry import resolve


@pytest.mark.parametrize("name", [name for name in domains() if domain(name).tasks])
def test_a_card_can_be_written_for_each_domain(name):
    module = domain(name).tasks.split(":")[0]
    generate, read, kinds, rungs, families = (
        resolve(f"{module}:{part}")
        for part in ("generate", "read_solution", "error_kinds", "RUNGS", "FAMILIES")
    )
    (sample,) = generate(0, 1, rungs=(rungs[-1],), families=(next(iter(families)),), split="test")
    again = read(sample.problem, sample.trajectory.text, id="again")
    assert (again.outcome, set(kinds(sample.problem, again))) == (1.0, {None})
