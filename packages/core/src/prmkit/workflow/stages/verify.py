"""Samples to evidence: a domain's tools over every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from prmkit.errors import ConfigError
from prmkit.plugins import DomainPlugin, domain
from prmkit.records import read_parquet, write_parquet
from prmkit.registry import nearest
from prmkit.types import Evidence, Sample
from prmkit.verify.run import verify
from prmkit.workflow.parts import Context, Part, records


@dataclass(frozen=True, slots=True)
class VerifyConfig:
    """Verifiers of a domain."""

    domain: str
    verifiers: tuple[str, ...] = ()
    """Names of verifiers; all of the domain when empty."""
    withhold: tuple[str, ...] = ()
    """Verifiers left out, so that some mistakes are seen by nobody who labels."""
    reference: bool = True
    """False leaves out verifiers that read the reference (for baselines)."""
    workers: int = 0
    seconds: float = 5.0
    """Limit of one verifier on one trajectory."""


def chosen(plugin: DomainPlugin, config: VerifyConfig) -> list[str]:
    """Names of the verifiers to run.

    Raises:
        ConfigError: ``withhold`` names no verifier, or nothing is left.
    """
    for name in config.withhold:
        if name not in plugin.verifiers:
            raise ConfigError(
                f"domain {plugin.name!r} has no verifier {name!r} to withhold",
                do=nearest(name, dict(plugin.verifiers)),
                field="withhold",
            )
    names = [n for n in config.verifiers or plugin.verifiers if n not in config.withhold]
    if not config.reference:
        names = [n for n in names if not plugin.verifier_objects([n])[0].needs_reference]
    if not names:
        raise ConfigError("no verifier is left", do="name fewer in 'withhold'", field="verifiers")
    return names


def run(context: Context) -> None:
    """Write one piece of evidence per scored step and verifier."""
    config: VerifyConfig = context.config
    plugin = domain(config.domain)
    names = chosen(plugin, config)
    verdicts: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    done = 0

    def found() -> Iterator[Evidence]:
        nonlocal done
        stream = verify(
            plugin.verifier_objects(names),
            read_parquet(Sample, context.input("samples")),
            workers=config.workers,
            seconds=config.seconds,
            cache=context.scratch / "evidence",
            journal=context.scratch / "journal",
            tools=plugin.missing_tools(),
        )
        for _, evidence in stream:
            done += 1
            if done % 100 == 0:
                context.progress(done, 0)
            for one in evidence:
                verdicts[one.verdict.value] += 1
                seconds[one.verifier] += one.seconds  # type: ignore[assignment]
                # Equal evidence must give equal files, and no two runs take the same time.
                yield replace(one, seconds=0.0)

    count = write_parquet(context.output(), found(), cls=Evidence)
    context.metric(
        trajectories=done,
        evidence=count,
        verdicts=dict(verdicts),
        seconds={name: round(value, 4) for name, value in sorted(seconds.items())},
    )


VERIFY = Part(VerifyConfig, records("evidence"), run, needs=("samples",))
