"""The records that every part of prmkit speaks.

Frozen dataclasses; construction checks arithmetic (lengths, spans, ranges) and
nothing else. **Every list of step values aligns with all steps of its trajectory**:
``None`` stands for unscored (observations), truncated, declined or unlabelled, and
a value is never a bool. Indices are 0-based everywhere.

Legend used in docstrings: K steps of a trajectory, N trajectories of a problem.
"""

from prmkit.types.evidence import Claim, Code, Critique, Evidence, Scope, Verdict
from prmkit.types.search import (
    Node,
    Preference,
    SearchResult,
    Tree,
)
from prmkit.types.solution import (
    Json,
    Problem,
    Provenance,
    Role,
    Status,
    Step,
    Trajectory,
)
from prmkit.types.values import (
    LABEL_RANGE,
    Convention,
    LabelKind,
    Sample,
    ScoreKind,
    StepLabels,
    StepScores,
    Threshold,
)

__all__ = [
    "LABEL_RANGE",
    "Claim",
    "Code",
    "Convention",
    "Critique",
    "Evidence",
    "Json",
    "LabelKind",
    "Node",
    "Preference",
    "Problem",
    "Provenance",
    "Role",
    "Sample",
    "Scope",
    "ScoreKind",
    "SearchResult",
    "Status",
    "Step",
    "StepLabels",
    "StepScores",
    "Threshold",
    "Trajectory",
    "Tree",
    "Verdict",
]
