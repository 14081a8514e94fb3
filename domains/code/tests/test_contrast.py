"""Better and worse versions of a reasoning: nine pairs from one base, length held."""

from prmkit.contracts import Completion
from prmkit.types import Problem
from prmkit_code.contrast import DIMENSIONS, contrast

PROBLEM = Problem("p", "Add {up} a list.")
BASE = "We go through the list.\n\nWe add each number to a sum."


class Writer:
    """Answers in the length of the base, or ten times as long where it is told to."""

    def __init__(self, long=""):
        self.long, self.asked = long, []

    def complete(self, requests, *, n, seed, temperature=1.0):
        del n, seed, temperature
        self.asked += [problem.text for problem, _ in requests]
        return [[Completion(self._write(problem), 9)] for problem, _ in requests]

    def _write(self, problem):
        how = "better" if "is better" in problem.text else "worse."
        text = f"We think about it, {how}\n\nThen we add each number up."
        return text * 10 if self.long and self.long in problem.text else text


def test_nine_pairs_from_one_base():
    writer = Writer()
    found = contrast(PROBLEM, BASE, writer, seed=3)
    assert (len(found.trajectories), len(found.pairs)) == (7, 9)
    ids = {t.id for t in found.trajectories}
    assert all({pair.chosen, pair.rejected} <= ids for pair in found.pairs)
    for dimension in DIMENSIONS:
        mine = [(p.chosen, p.rejected) for p in found.pairs if p.origin == f"contrast/{dimension}"]
        better, worse = f"p/optimised/{dimension}", f"p/degraded/{dimension}"
        assert mine == [(better, "p/base"), ("p/base", worse), (better, worse)]
    assert all(PROBLEM.text in text and BASE in text for text in writer.asked)


def test_versions_of_another_length_are_dropped():
    found = contrast(PROBLEM, BASE, Writer(long="is worse"), seed=3)
    assert {(p.chosen.split("/")[1], p.rejected.split("/")[1]) for p in found.pairs} == {
        ("optimised", "base")
    }


def test_nothing_comes_of_nothing():
    assert contrast(PROBLEM, "  ", Writer(), seed=0) == ((), ())
