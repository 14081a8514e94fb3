"""Contract of verifiers: one piece of evidence a step, the same every time, sealed, never wrong on noise."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter

from prmkit.label.evidence import label
from prmkit.plugins import DomainPlugin
from prmkit.registry import resolve
from prmkit.testkit.contract_parts import example_samples
from prmkit.testkit.noise import HOSTILE, TEXTS
from prmkit.types import Code, Evidence, Problem, Sample, Trajectory, Verdict
from prmkit.verify.run import verify, verify_one

SEEDS = range(5)
CLAIM_ERROR = 0.2


def _made(plugin: DomainPlugin, texts: tuple[str, ...]) -> Sample:
    problem = Problem(id="made", text="What is 2 + 2?", domain=plugin.name)
    return Sample(problem, Trajectory.of_steps("made", "made", texts))


def one_evidence_per_step(plugin: DomainPlugin) -> str:
    """Exactly one piece of evidence for each scored step and verifier."""
    names = [f"{v.name}@{v.version}" for v in plugin.verifier_objects()]
    for problem, trajectory, _ in [*example_samples(plugin), _made(plugin, TEXTS)]:
        found = plugin.verify(problem, trajectory)
        got = Counter((e.step, e.verifier) for e in found)
        want = Counter((step, name) for step in trajectory.scored for name in names)
        assert got == want, f"{trajectory.id}: {sorted((got - want) + (want - got))[:3]}"
        for e in found:
            assert e.trajectory_id == trajectory.id, f"{trajectory.id}: evidence names {e.trajectory_id}"
            assert e.steps_digest == trajectory.digest, f"{trajectory.id}: evidence of another cut"
            text = trajectory.steps[e.step].text
            for claim in e.claims:
                assert 0 <= claim.start <= claim.end <= len(text), f"{trajectory.id}: {claim} outside step"
            assert e.verdict is not Verdict.FAILS or e.reason, f"{trajectory.id}: FAILS without a reason"
    return ""


def same_evidence(plugin: DomainPlugin) -> str:
    """The same input gives the same evidence."""
    for problem, trajectory, _ in example_samples(plugin):
        first, again = (plugin.verify(problem, trajectory) for _ in range(2))
        assert first == again, f"{trajectory.id}: evidence differs from one run to the next"
    return ""


def order(plugin: DomainPlugin) -> str:
    """What stood before does not change what is found."""
    samples = example_samples(plugin)
    forward = {s.trajectory.id: plugin.verify(s.problem, s.trajectory) for s in samples}
    verifiers, missing = plugin.verifier_objects(), plugin.missing_tools()
    for sample in reversed(samples):
        found = verify_one(verifiers, sample.problem, sample.trajectory, tools=missing)
        assert found == forward[sample.trajectory.id], (
            f"{sample.trajectory.id}: evidence depends on the order"
        )
    return ""


def noise(plugin: DomainPlugin) -> str:
    """Text without a claim is UNKNOWN or holds, and never FAILS."""
    problem, trajectory, _ = _made(plugin, TEXTS)
    for e in plugin.verify(problem, trajectory):
        assert e.verdict is not Verdict.FAILS, f"{e.verifier} calls {TEXTS[e.step]!r} wrong: {e.reason}"
    return ""


def hostile(plugin: DomainPlugin) -> str:
    """Hostile text is answered under the time limit; no crash comes through."""
    samples = [
        Sample(
            Problem(id=f"h{i}", text="What is 2 + 2?", domain=plugin.name),
            Trajectory.of_steps(f"h{i}", f"h{i}", [text]),
        )
        for i, text in enumerate(HOSTILE)
    ]
    verifiers = plugin.verifier_objects()
    answered = 0
    for _, evidence in verify(verifiers, samples, seconds=5.0, tools=plugin.missing_tools()):
        answered += 1
        assert len(evidence) == len(verifiers), f"{len(evidence)} answers of {len(verifiers)} verifiers"
        crashed = [e for e in evidence if e.code is Code.CRASH]
        assert not crashed, (
            f"{crashed[0].verifier} crashes on {HOSTILE[answered - 1][:40]!r}: {crashed[0].reason}"
        )
    assert answered == len(samples), f"{answered} of {len(samples)} answered"
    return ""


def mutations(plugin: DomainPlugin) -> str:
    """A mistake planted in a right example is found where it was planted, at least once a kind.

    No verifier of scope ``step`` may call the mutated step right.
    """
    right = [s for s in example_samples(plugin) if _is_right(s)]
    assert right, "no example is right from end to end (outcome 1.0, every label 1.0)"
    for name, spec in plugin.mutators.items():
        mutate = resolve(spec)
        verdicts: Counter[Verdict] = Counter()
        for (problem, trajectory, _), seed in ((s, seed) for s in right for seed in SEEDS):
            made = mutate(problem, trajectory, seed)
            if made is None:
                continue
            assert made == mutate(problem, trajectory, seed), f"{name}: the same seed mutates otherwise"
            before, after = trajectory.steps[made.step].text, made.trajectory.steps[made.step].text
            assert before != after, f"{name}: step {made.step} of {trajectory.id} is unchanged"
            found = [e for e in plugin.verify(problem, made.trajectory) if e.step == made.step]
            verdicts.update(e.verdict for e in found)
            fooled = [e for e in found if e.verdict is Verdict.HOLDS and e.scope == "step"]
            assert not fooled, f"{fooled[0].verifier} calls the planted {name} right: {after!r}"
        assert verdicts, f"mutator {name!r} applies to no example"
        assert verdicts[Verdict.FAILS], f"no verifier finds any planted {name!r}"
    return ""


def _is_right(sample: Sample) -> bool:
    labelled = sample.labels is not None and all(v in (None, 1.0) for v in sample.labels.values)
    return sample.trajectory.outcome == 1.0 and labelled


def absent_tools(plugin: DomainPlugin) -> str:
    """Without its tool a verifier says UNKNOWN and names the tool."""
    if not plugin.tools:
        return "the domain needs no tools"
    problem, trajectory, _ = example_samples(plugin)[0]
    for tool in plugin.tools:
        needing = [v for v in plugin.verifier_objects() if tool.name in v.tools]
        for e in verify_one(needing, problem, trajectory, tools={tool.name: tool.install or "install it"}):
            assert e.verdict is Verdict.UNKNOWN, f"{e.verifier} judges without {tool.name}"
            assert e.code is Code.MISSING_TOOL, f"{e.verifier} says {e.code} when {tool.name} is absent"
            assert tool.name in e.reason, f"{e.verifier} does not name {tool.name}: {e.reason!r}"
    return ""


_SEALED = """
import os, sys, tempfile
import prmkit
from prmkit.registry import resolve
plugin = prmkit.domain({name!r})
samples = list(resolve(plugin.examples)())
plugin.verify(samples[0].problem, samples[0].trajectory)  # imports, and the caches they write
allowed = os.path.realpath(tempfile.gettempdir())
def guard(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.bind"):
        raise SystemExit(f"network: {{event}}")
    if event == "open" and isinstance(args[0], (str, bytes)):
        path, mode = os.path.realpath(os.fsdecode(args[0])), str(args[1] or "")
        flags = (args[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        writing = flags or any(sign in mode for sign in "wax+")
        if writing and not path.startswith((allowed, "/dev/")) and "__pycache__" not in path:
            raise SystemExit(f"writes {{path}}")
sys.addaudithook(guard)
for sample in samples:
    plugin.verify(sample.problem, sample.trajectory)
"""


def sealed(plugin: DomainPlugin) -> str:
    """Verifying opens no connection and writes nothing outside the temporary folder."""
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(
            [sys.executable, "-c", _SEALED.format(name=plugin.name)],
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-500:]
    return ""


def labels(plugin: DomainPlugin) -> str:
    """FAILS becomes 0, a claim that holds never becomes a full 1, UNKNOWN stays unlabelled."""
    for problem, trajectory, _ in example_samples(plugin):
        evidence = plugin.verify(problem, trajectory)
        made = label(trajectory, evidence, claim_error=CLAIM_ERROR).check(trajectory)
        for step in trajectory.scored:
            _check_label(made.values[step], [e for e in evidence if e.step == step], trajectory.id)
    return ""


def _check_label(value: float | None, evidence: list[Evidence], where: str) -> None:
    verdicts = {(e.verdict, e.scope) for e in evidence}
    if any(verdict is Verdict.FAILS for verdict, _ in verdicts):
        assert value == 0.0, f"{where}: a step that FAILS is labelled {value}"
    elif (Verdict.HOLDS, "step") in verdicts:
        assert value == 1.0, f"{where}: a step that holds is labelled {value}"
    elif (Verdict.HOLDS, "claim") in verdicts:
        assert value == 1 - CLAIM_ERROR, f"{where}: a claim that holds gives the label {value}"
    else:
        assert value is None, f"{where}: a step that nobody judged is labelled {value}"
