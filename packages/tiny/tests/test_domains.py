"""Every installed domain that generates tasks gives what a policy's card asks of it."""

import pytest

from prmkit.errors import ConfigError
from prmkit.plugins import domain, domains
from prmkit.registry import resolve
from prmkit_tiny import card


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


def test_a_cell_with_few_problems_is_judged_on_all_of_them():
    def draws():
        yield from few
        raise ConfigError("no further problem", do="ask for fewer")

    few = list(resolve(domain("math").tasks)(0, 3))
    assert card._problems(draws()) == [sample.problem for sample in few]
    few.clear()
    with pytest.raises(ConfigError, match="no further problem"):
        card._problems(draws())
