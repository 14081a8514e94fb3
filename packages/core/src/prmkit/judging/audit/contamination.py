"""Was it trained on what it is asked here? What is declared, and what is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prmkit.judging.audit.finding import Figure, Finding, said, unknown
from prmkit.manifest import find_leaks
from prmkit.stats import clustered_wilson
from prmkit.types import Json, Sample

NAME = "training data"


def declared(labels: Mapping[str, Json] | None) -> str:
    """What a PRM's card says of its training data; empty when nothing.

    Examples:
        >>> declared({"labelers": ["evidence@1"], "counts": {"trajectories": 8000}, "digest": "a0"})
        '8,000 trajectories labelled by evidence@1, digest a0'
        >>> declared({})
        ''
    """
    if not labels:
        return ""
    counts = labels.get("counts")
    many = counts.get("trajectories") if isinstance(counts, Mapping) else None
    parts = [f"{many:,} trajectories" if isinstance(many, int) else "trajectories"]
    if labels.get("labelers"):
        parts[0] += f" labelled by {', '.join(map(str, labels['labelers']))}"
    if labels.get("digest"):
        parts.append(f"digest {labels['digest']}")
    return ", ".join(parts)


def contamination_finding(
    samples: Sequence[Sample], training: Sequence[Sample], labels: Mapping[str, Json] | None
) -> Finding:
    """Audited solutions that training data gives away.

    Args:
        samples: What is audited.
        training: Training data that is at hand; empty when there is none.
        labels: What the PRM's card says of its training data.
    """
    said_of_it = declared(labels)
    if not training:
        if not said_of_it:
            return unknown(
                "contamination", NAME, "not declared, and no training data is given (--training FILE)"
            )
        return unknown(
            "contamination", NAME, f"declared ({said_of_it}), and not at hand: give it with --training FILE"
        )
    leaks = {leak.trajectory_id: leak.why for leak in find_leaks(samples, training)}
    hits = [sample.trajectory.id in leaks for sample in samples]
    clusters = [sample.problem.cluster for sample in samples]
    share = clustered_wilson(hits, clusters)
    figures = [Figure("audited solutions that training gives away", "share", share)]
    for why in dict.fromkeys(leaks.values()):
        mine = [leaks.get(sample.trajectory.id) == why for sample in samples]
        figures.append(Figure(f"by the same {why}", "share", clustered_wilson(mine, clusters)))
    source = said_of_it or "not declared"
    text = (
        f"{sum(hits)} of {len(hits):,} audited solutions share a problem, a passage or a long step with the"
        f" {len(training):,} training solutions given ({said(share)}). The card says: {source}."
    )
    return Finding("contamination", NAME, "warning" if any(hits) else "fine", text, "", tuple(figures))
