"""Contract of a plug-in's parts: light listing, specs, examples, segmenters, tasks, README."""

from __future__ import annotations

import importlib.metadata
import itertools
import json
import pickle
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

from prmkit.contracts import StepVerifier
from prmkit.plugins import GROUP, DomainPlugin
from prmkit.registry import resolve
from prmkit.testkit.noise import TEXTS
from prmkit.types import Sample, Verdict

HEAVY = (
    "torch",
    "transformers",
    "pandas",
    "pyarrow",
    "matplotlib",
    "scipy",
    "sklearn",
    "sympy",
    "z3",
    "pint",
)
FEWEST_EXAMPLES = 5
FEWEST_MUTATORS = 3
MODEL_FILES = frozenset({"config.json", "model.safetensors", "tokenizer.json"})
"""What a shipped model holds at least."""
LARGEST_WEIGHTS = 4 * 2**20
"""Bytes of policy and PRM together."""
SOLVED = (0.30, 0.80)
"""Share of the trained rungs' tasks that a policy may solve."""


def example_samples(plugin: DomainPlugin) -> list[Sample]:
    """The domain's examples; none when it declares none."""
    return list(resolve(plugin.examples)()) if plugin.examples else []


def listing_is_light(plugin: DomainPlugin) -> str:
    """Listing the plug-in imports nothing heavy."""
    code = (
        f"import sys, prmkit; prmkit.domain({plugin.name!r}).missing_tools();"
        f"print(' '.join(m for m in {HEAVY!r} if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    loaded = done.stdout.strip()
    assert not loaded, f"listing the domain imports {loaded}"
    return ""


def specs_resolve(plugin: DomainPlugin) -> str:
    """Every name leads to a part, and the parts are what their place in the record says."""
    known_tools = {tool.name for tool in plugin.tools}
    assert plugin.verifiers, "the domain has no verifier"
    for name, spec in plugin.verifiers.items():
        verifier = resolve(spec)()
        assert isinstance(verifier, StepVerifier), f"{spec} is no StepVerifier"
        assert verifier.name == f"{plugin.name}/{name}", f"{spec} calls itself {verifier.name!r}"
        assert verifier.version >= 1, f"{verifier.name}: versions count from 1"
        unknown = set(verifier.tools) - known_tools
        assert not unknown, f"{verifier.name} needs {sorted(unknown)}, which the plug-in's tools do not list"
        assert pickle.dumps(verifier), f"{verifier.name} cannot travel to a worker"
    for name, spec in plugin.mutators.items():
        assert resolve(spec).name == name, f"{spec} calls itself {resolve(spec).name!r}"
    mutators = [resolve(spec) for spec in plugin.mutators.values()]
    assert len(mutators) >= FEWEST_MUTATORS, f"{len(mutators)} kinds of mistakes, at least {FEWEST_MUTATORS}"
    assert any(not m.changes_number for m in mutators), "every mutator changes a number"
    specs = [plugin.tasks, plugin.grader, *plugin.segmenters.values(), *plugin.datasets.values()]
    specs += [spec for kind in plugin.parts.values() for spec in kind.values()]
    for spec in filter(None, specs):
        resolve(spec)
    return ""


def examples(plugin: DomainPlugin) -> str:
    """At least five examples, with a step of each verdict."""
    found = example_samples(plugin)
    assert len(found) >= FEWEST_EXAMPLES, f"{len(found)} examples, at least {FEWEST_EXAMPLES}"
    ids = [sample.trajectory.id for sample in found]
    assert len(set(ids)) == len(ids), "two examples share an id"
    verdicts = {e.verdict for s in found for e in plugin.verify(s.problem, s.trajectory)}
    missing = [verdict.value for verdict in Verdict if verdict not in verdicts]
    assert not missing, f"no step of any example is {missing[0]}"
    return ""


def segmenters(plugin: DomainPlugin) -> str:
    """Spans give back the text, rise, and hold everything but white space."""
    assert plugin.segmenters, "the domain declares no segmenter"
    texts = [sample.trajectory.text for sample in example_samples(plugin)]
    for name, text in itertools.product(plugin.segmenters, [*texts, *TEXTS, ""]):
        reached = 0
        for position, step in enumerate(plugin.segmenter(name)(text)):
            where = f"segmenter {name!r}, step {position} of {text[:40]!r}"
            assert step.index == position, f"{where}: index {step.index}"
            assert reached <= step.start <= step.end <= len(text), f"{where}: span out of order"
            assert text[step.start : step.end] == step.text, f"{where}: the span does not give back the text"
            assert not text[reached : step.start].strip(), f"{where}: text lost before it"
            reached = step.end
        assert not text[reached:].strip(), f"segmenter {name!r} loses the end of {text[:40]!r}"
    return ""


def tasks(plugin: DomainPlugin) -> str:
    """Generated problems are the same for the same seed, differ by seed, and are solved rightly."""
    if not plugin.tasks:
        return "the domain generates no tasks"
    generate = resolve(plugin.tasks)
    first, again, other = (list(generate(seed, 20)) for seed in (1, 1, 2))
    assert first == again, "the same seed gives other tasks"
    assert [s.problem.id for s in first] != [s.problem.id for s in other], "the seed changes nothing"
    assert len({s.problem.id for s in first}) == len(first), "two problems share an id"
    grade = resolve(plugin.grader) if plugin.grader else None
    for problem, trajectory, labels in first:
        assert problem.domain == plugin.name, f"{problem.id} belongs to domain {problem.domain!r}"
        assert labels is not None, f"{trajectory.id} has no labels"
        labels.check(trajectory)
        assert trajectory.outcome == 1.0, f"{trajectory.id}: the generator's own solution is not right"
        if grade:
            verdict = grade(problem, trajectory.final_answer)
            assert verdict == 1.0, f"the grader gives {verdict} to the right answer of {problem.id}"
    return ""


def weights(plugin: DomainPlugin) -> str:
    """Shipped models are small and hold no pickle; the policy's card tells how it came about."""
    folders = [plugin.resource(name) for name in (plugin.policy, plugin.prm) if name]
    if not folders:
        return "the domain ships no models"
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    assert size <= LARGEST_WEIGHTS, f"shipped models take {size:,} bytes, at most {LARGEST_WEIGHTS:,}"
    odd = sorted({file.suffix for file in files} - {".json", ".safetensors"})
    assert not odd, f"shipped models hold files that end in {odd[0]!r}: only JSON and safetensors are safe"
    for folder in folders:
        absent = MODEL_FILES - {file.name for file in folder.iterdir()}
        assert not absent, f"{folder.name} lacks {sorted(absent)[0]}"
    if plugin.policy:
        card = json.loads((plugin.resource(plugin.policy) / "card.json").read_text(encoding="utf-8"))
        assert f"--domain {plugin.name} " in card["command"], "the card names no command of this domain"
        assert card["loss"][-1][1] < card["loss"][0][1], "the loss on the card did not fall"
        rungs = card["settings"]["rungs"]
        rates = [rate["mean"] for cell, rate in card["solved"].items() if int(cell.split("/")[1]) in rungs]
        mean = sum(rates) / len(rates)
        low, high = SOLVED
        assert low <= mean <= high, (
            f"the policy solves {mean:.0%} on its rungs: choosing needs {low:.0%}-{high:.0%}"
        )
    return ""


def _readme(plugin: DomainPlugin) -> str:
    """Text of the README: of the checkout where the plug-in is installed from one, else of the wheel."""
    found = [e.dist for e in importlib.metadata.entry_points(group=GROUP) if e.name == plugin.name]
    assert found, f"no installed distribution has the entry point {plugin.name!r}"
    assert found[0] is not None, f"the entry point {plugin.name!r} belongs to no distribution"
    origin = json.loads(found[0].read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        folder = Path(urllib.request.url2pathname(urllib.parse.urlparse(origin["url"]).path))
        return (folder / "README.md").read_text(encoding="utf-8")
    return str(found[0].metadata.get_payload())  # type: ignore[attr-defined]


def readme(plugin: DomainPlugin) -> str:
    """The README names every verifier and says what each does not check."""
    text = _readme(plugin)
    for name in plugin.verifiers:
        assert f"{plugin.name}/{name}" in text, f"the README does not name {plugin.name}/{name}"
    assert "does not check" in text.lower(), "the README never says what a verifier does not check"
    return ""
