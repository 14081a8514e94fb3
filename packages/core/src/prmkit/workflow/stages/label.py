"""Evidence to training labels: tools first, rollouts where every tool is silent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from prmkit.answer import extract_answer
from prmkit.errors import AlignmentError, ConfigError
from prmkit.label.evidence import claim_error, first_failure, label, only_claims
from prmkit.label.rollout import Extract, Rollouts, label_many
from prmkit.plugins import DomainPlugin, domain
from prmkit.records import read_parquet, write_parquet
from prmkit.registry import resolve
from prmkit.stats import Interval
from prmkit.types import Evidence, Sample, StepLabels, Verdict
from prmkit.verify.merge import merge
from prmkit.workflow.parts import Context, Part, records
from prmkit.workflow.stages.sample import POLICY, policy_folder

Pair = tuple[Sample, list[Evidence]]


@dataclass(frozen=True, slots=True)
class LabelConfig:
    """FAILS → 0, a step that holds → 1, a claim that holds → 1 - e, silence → rollouts or nothing."""

    domain: str = ""
    """Domain of policy and grader, for rollouts."""
    claim_error: float = 0.0
    """e, where it is not measured on the inputs ``calibration`` and ``calibration_evidence``; a claim that
    holds never makes a full positive label, so one of the two must be given."""
    until_first_error: bool = True
    """No labels, and no rollouts, after the first step that FAILS."""
    rollouts: int = 0
    """Completions for each step on which every tool is silent; 0 leaves such steps unlabelled."""
    roll_claims: bool = False
    """Rollouts also for steps of which tools know no more than that a claim holds: for tasks whose wrong
    steps rarely claim what is false."""
    soft: bool = True
    temperature: float = 1.0
    max_new_tokens: int = 256
    policy: str = ""
    """Folder of the model that completes; empty takes the tiny policy that the domain ships."""


def run(context: Context) -> None:
    """Write one record of labels per sample, in the samples' order."""
    config: LabelConfig = context.config
    error = _error(context)
    pairs = joined(context.input("samples"), context.input("evidence"))
    counts: Counter[str] = Counter()

    def made() -> Iterator[StepLabels]:
        stream = _rolled(pairs, context) if config.rollouts else ((s, e, None) for s, e in pairs)
        for done, (sample, evidence, fill) in enumerate(stream, 1):
            labels = label(
                sample.trajectory,
                evidence,
                claim_error=error,
                fill=fill,
                until_first_error=config.until_first_error,
                roll_claims=config.roll_claims,
            )
            counts.update(_kind(value) for value in labels.values)
            if fill is not None:
                counts["filled"] += len(labels.detail["filled"])
                counts["tokens"] += fill.detail["tokens"]
            if done % 100 == 0:
                context.progress(done, 0)
            yield labels

    count = write_parquet(context.output(), made(), cls=StepLabels)
    measured = {"claim_error_measured": error._asdict()} if isinstance(error, Interval) else {}
    context.metric(trajectories=count, labels=dict(sorted(counts.items())), **measured)


def _kind(value: float | None) -> str:
    if value is None:
        return "none"
    return "wrong" if value == 0.0 else "right" if value == 1.0 else "soft"


def _error(context: Context) -> float | Interval:
    if context.has("calibration") != context.has("calibration_evidence"):
        raise ConfigError(
            "the claim error is measured on samples and their evidence",
            do="give both inputs, calibration and calibration_evidence, or neither",
            field=f"{context.stage}.inputs",
        )
    if not context.has("calibration"):
        if not context.config.claim_error > 0:
            raise ConfigError(
                "the claim error is neither measured nor given: a right claim would make a right step",
                do="give the inputs calibration and calibration_evidence, or set claim_error above 0",
                field=f"{context.stage}.claim_error",
            )
        return float(context.config.claim_error)
    return claim_error(joined(context.input("calibration"), context.input("calibration_evidence")))


def joined(samples: Path, evidence: Path) -> Iterator[Pair]:
    """Samples with their evidence, both read as streams in one order.

    Raises:
        AlignmentError: Evidence stands in another order than the samples, or some is left over.
    """
    groups = groupby(read_parquet(Evidence, evidence), key=lambda one: one.trajectory_id)
    ahead = next(groups, None)
    for sample in read_parquet(Sample, samples):
        found: Sequence[Evidence] = ()
        if ahead is not None and ahead[0] == sample.trajectory.id:
            found = list(ahead[1])
            ahead = next(groups, None)
        yield sample, list(found)
    if ahead is not None:
        raise AlignmentError(
            f"evidence of {ahead[0]!r} stands in another order than the samples, or belongs to others",
            do="verify these very samples again",
            file=evidence,
        )


def _silent(
    evidence: Sequence[Evidence], sample: Sample, *, until_first_error: bool, roll_claims: bool
) -> list[int]:
    """Steps that are to be labelled and on which no tool says anything, or nothing but that a claim holds."""
    merged = merge(sample.trajectory, evidence)
    end = first_failure(merged) if until_first_error else None
    asked = [i for i in sample.trajectory.scored if end is None or i < end]
    return [
        i
        for i in asked
        if (e := merged[i]) is None or e.verdict is Verdict.UNKNOWN or (roll_claims and only_claims(e))
    ]


def _rolled(pairs: Iterator[Pair], context: Context) -> Iterator[tuple[Sample, list[Evidence], StepLabels]]:
    """Each sample with rollout labels of its silent steps."""
    config: LabelConfig = context.config
    plugin = domain(config.domain)
    if not plugin.grader:
        raise ConfigError(
            f"domain {plugin.name!r} has no grader, so rollouts cannot be judged", do="set rollouts: 0"
        )
    folder = context.input("policy") if context.has("policy") else policy_folder(config)[0]
    policy = resolve(POLICY)(str(folder), max_new_tokens=config.max_new_tokens)
    settings = Rollouts(
        n=config.rollouts,
        seed=context.seed,
        soft=config.soft,
        truncate=False,
        temperature=config.temperature,
        batch=512,
    )
    waiting: dict[str, list[Evidence]] = {}

    def samples() -> Iterator[Sample]:
        for sample, evidence in pairs:
            waiting[sample.trajectory.id] = evidence
            yield sample

    stream = label_many(
        samples(),
        policy,
        resolve(plugin.grader),
        settings,
        extract=_extract(plugin),
        steps=lambda sample: _silent(
            waiting[sample.trajectory.id],
            sample,
            until_first_error=config.until_first_error,
            roll_claims=config.roll_claims,
        ),
    )
    for sample, fill in stream:
        yield sample, waiting.pop(sample.trajectory.id), fill


def _extract(plugin: DomainPlugin) -> Extract:
    """How completions state their answers: the domain's own ``answer`` where it brings one for its tasks."""
    own = plugin.parts.get("task", {})
    return resolve(own["answer"]) if "answer" in own else extract_answer


def sources(config: LabelConfig) -> list[Path]:
    """Folder of the policy, where one is needed."""
    return policy_folder(config) if config.rollouts else []


LABEL = Part(
    LabelConfig,
    records("labels"),
    run,
    needs=("samples", "evidence"),
    takes=("calibration", "calibration_evidence", "policy"),
    external=sources,
)
