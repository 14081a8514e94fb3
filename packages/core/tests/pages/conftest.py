"""An invented run and invented traces for the pages: no figure here was measured."""

import json
import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from prmkit import plugins
from prmkit.contracts import Finding
from prmkit.plugins import DomainPlugin
from prmkit.report.shown import Shown
from prmkit.types import Claim, Code, Problem, Sample, StepLabels, StepScores, Trajectory, Verdict
from prmkit.verify.run import verify_one

SCORERS = ("prm", "prm_plain", "orm", "surprisal", "verifier", "position", "random", "oracle")
AUROC = dict(zip(SCORERS, (0.971, 0.913, 0.842, 0.894, 0.803, 0.611, 0.5, 1.0), strict=True))
BEST8 = {"prm": 0.605, "orm": 0.566, "majority": 0.544, "verifier_majority": 0.571, "oracle": 0.825}

PAIRS = (
    ("random", "step_auroc", 0.471, 0.46, 0.482, 0.001),
    ("surprisal", "step_auroc", 0.077, 0.069, 0.085, 0.001),
    ("orm", "step_auroc", 0.129, 0.11, 0.148, 0.001),
    ("surprisal", "first_error_f1_fixed", 0.146, 0.12, 0.17, 0.001),
    ("surprisal", "first_error_f1_chosen", 0.148, 0.12, 0.17, 0.001),
    ("majority", "best_of_8", 0.061, 0.032, 0.092, 0.002),
    ("verifier_majority", "best_of_8", 0.034, -0.002, 0.071, 0.06),
    ("orm", "best_of_8", 0.039, 0.008, 0.07, 0.03),
    ("single", "best_of_8", 0.171, 0.14, 0.2, 0.001),
)
WITHHELD = {
    "a": "prm",
    "b": "surprisal",
    "metric": "step_auroc",
    "diff": 0.05,
    "low": 0.001,
    "high": 0.1,
    "p_holm": 0.09,
}


def around(value, width=0.012, n=4800, clusters=600):
    return {
        "value": value,
        "low": max(0.0, value - width),
        "high": min(1.0, value + width),
        "n": n,
        "clusters": clusters,
    }


def scorers(shift=0.0, width=0.012):
    figures = {}
    for name, auroc in AUROC.items():
        auroc = 1.0 if name == "oracle" else max(0.48, auroc - shift * (auroc - 0.5))
        figures[name] = {
            "metrics": {
                "step_auroc": around(auroc, width),
                "step_ap": around(0.2 + 0.72 * (auroc - 0.4), width * 2),
                "within_auroc": around(auroc - 0.02 if auroc < 1 else 1.0, width),
                "first_error_f1_fixed": around(max(0.05, 1.9 * (auroc - 0.56)), width * 2),
                "first_error_f1_chosen": around(max(0.08, 1.92 * (auroc - 0.55)), width * 2),
                "first_error_f1_oracle": around(max(0.1, 1.95 * (auroc - 0.545)), width * 2),
                "ece": around(0.04 if name == "prm" else 0.11, 0.01),
            }
        }
    return figures


def few(figures):
    return {k: v for k, v in figures.items() if k in ("prm", "orm", "surprisal", "verifier")}


def bin_of(mean, share):
    return {"mean": mean, "share": share, "n": 400, "low": share - 0.04, "high": share + 0.04}


def suite(shift=0.0, clusters=600, **more):
    curve = {
        name: [
            {**around(0.434 + (top - 0.434) * (i / 3) ** 0.8, 0.03), "n": n}
            for i, n in enumerate((1, 2, 4, 8))
        ]
        for name, top in BEST8.items()
    }
    return {
        "n": clusters * 8,
        "clusters": clusters,
        "gold": "program",
        "exchangeable": True,
        "scorers": scorers(shift),
        "paired": [
            {
                "a": "prm",
                "b": b,
                "metric": m,
                "diff": diff,
                "low": low,
                "high": high,
                "n": 600,
                "p": 0.01,
                "p_holm": p,
            }
            for b, m, diff, low, high, p in PAIRS
        ],
        "curves": {"best_of_n": curve},
        "slices": {
            "tools": {
                "silent": {"n": 1900, "clusters": 540, "scorers": scorers(0.08)},
                "decided": {"n": 2900, "clusters": 590, "scorers": scorers(0.0)},
            },
            "error": {
                "withheld": {
                    "n": 2100,
                    "wrong": 190,
                    "clusters": 500,
                    "scorers": few(scorers(0.2)),
                    "paired": [WITHHELD],
                },
                "operand": {"n": 2300, "wrong": 400, "clusters": 510, "scorers": few(scorers(0.05))},
            },
            "rung": {
                str(r): {"n": 1200, "clusters": 150, "scorers": few(scorers(0.16 * (r - 1) ** 1.4))}
                for r in range(1, 6)
            },
        },
        "reliability": {
            "prm": [bin_of(0.05 + 0.1 * i, (0.05 + 0.1 * i) ** 0.9) for i in range(10)],
            "orm": [bin_of(0.05 + 0.1 * i, 0.3 + 0.6 * (0.05 + 0.1 * i)) for i in range(10)],
        },
        "thresholds": {"prm": {"value": 0.431, "chosen_on": "calibration"}},
        "name": "given by its key",
        "cost": {"prm": {"seconds": 12.4, "tokens": 410233}, "verifier": {"seconds": 0.8, "tokens": 0}},
        **more,
    }


HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)> & \u2028 \x1b[31m"


def make_evaluation():
    """Figures of an invented run."""
    tool = {
        "coverage": around(0.41),
        "fails_precision": around(0.981),
        "fails_recall": around(0.36),
        "holds_precision": around(0.91),
        "false_alarm_rate": {"value": 0.002, "low": None, "high": 0.0047, "n": 3100},
        "first_error_recall": around(0.31),
    }
    table = {"HOLDS": 900, "FAILS": 3, "UNKNOWN": 1400}
    detail = {
        "oracle": False,
        "confusion": {
            "right": table,
            "wrong": {"HOLDS": 40, "FAILS": 160, "UNKNOWN": 90},
            "unlabelled": table,
        },
        "codes": {"not_applicable": 2800, "timeout": 3},
        "places": [
            {
                "position": i,
                "steps": 400 - 40 * i,
                "wrong": 10 + 8 * i,
                "coverage": around(0.6 - 0.04 * i),
                "fails_precision": around(0.97),
                "fails_recall": around(0.2 + 0.05 * i),
                "holds_precision": around(0.93 - 0.03 * i),
                "holds_recall": around(0.5),
            }
            for i in range(8)
        ],
        "disagreements": [
            {
                "trajectory_id": f"t{i}",
                "step": i,
                "gold": float(i % 2 == 0),
                "verdict": "HOLDS" if i % 2 else "FAILS",
                "verifier": "math/arithmetic@1",
                "reason": "12 * 4 is 48, not 46",
                "before_first_error": i % 4 == 0,
                "text": f"Each of 12 boxes holds 4 pens, so there are 46. {HOSTILE if i == 1 else ''}",
            }
            for i in range(6)
        ],
    }
    tools = {
        "all, merged": {"metrics": tool, **detail},
        "math/arithmetic@1": {"metrics": tool, "oracle": False, "confusion": detail["confusion"]},
        "math/final_answer@1": {"metrics": tool, "oracle": True},
    }
    return {
        "suites": {
            "math-generated-600": suite(
                summary="Held-out generated tasks, eight samples each.", verifiers=tools
            ),
            "processbench-gsm8k-195": suite(
                0.3,
                clusters=195,
                gold="human",
                exchangeable=False,
                claims=False,
                notes=["The embedded policy writes shorter solutions than these."],
            ),
        },
        "verifiers": {
            "math/arithmetic@1": {"metrics": tool},
            "math/units@1": {"metrics": {**tool, "coverage": around(0.06)}},
        },
        "not_run": [{"what": "math_bo8_rm_scored", "why": "PRMKIT_DATA is not set"}],
        "notes": ["One seed. The ten-seed table is committed beside the workflow."],
        "status": "tiny scale, positive control passed",
    }


def make_run(folder: Path, *, figures=None) -> Path:
    """Write the files of a run folder, without records."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(0)
    (folder / "eval.json").write_text(json.dumps(make_evaluation() if figures is None else figures))
    (folder / "config.yaml").write_text("name: math\nseed: 0\npolicy:\n  temperature: 1.0\n  samples: 8\n")
    (folder / "manifest.json").write_text(
        json.dumps({"workflow": "math", "preset": "demo", "seed": 0, "packages": {"prmkit": "0.1.0"}})
    )
    rows = [
        {"stage": "prm", "step": 10 * i, "loss": 0.12 + 0.55 / (1 + i / 6) + draw.gauss(0, 0.012)}
        for i in range(1, 60)
    ]
    rows += [{"stage": "sample", "samples": 4800, "tokens": 410233, "solved": 0.434}]
    rows += [{"stage": "prm", "step": 60 * i, "eval_loss": 0.14 + 0.5 / (1 + i)} for i in range(1, 10)]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    (folder / "quarantine").mkdir(exist_ok=True)
    (folder / "quarantine" / "sample.jsonl").write_text('{"file": "a", "row": 3, "reason": "no steps"}\n')
    return folder


@dataclass(frozen=True)
class Sums:
    """Judges steps of the form ``a + b = c``."""

    name: str = "fake/sums"
    version: int = 1
    scope: str = "claim"
    needs_reference: bool = False
    tools: tuple = ()

    def check(self, problem, trajectory):
        return [self._judge(trajectory.steps[i].text) for i in trajectory.scored]

    def _judge(self, text):
        words = text.split()
        for i in range(len(words) - 4):
            a, plus, b, equals, c = words[i : i + 5]
            c = c.rstrip(".,")
            if plus == "+" and equals == "=" and a.isdigit() and b.isdigit() and c.isdigit():
                start = text.index(f"{a} + {b} = {c}")
                right = int(a) + int(b) == int(c)
                verdict = Verdict.HOLDS if right else Verdict.FAILS
                reason = f"{a} + {b} is {int(a) + int(b)}" + ("" if right else f", not {c}")
                claim = Claim(start, start + len(f"{a} + {b} = {c}"), verdict, reason)
                return Finding(verdict, reason, claims=(claim,))
        return Finding(Verdict.UNKNOWN, "no sum", Code.NOT_APPLICABLE)


PLUGIN = DomainPlugin(name="fake", summary="sums", package="fake", verifiers={"sums": f"{__name__}:Sums"})


def make_shown(number, *, hostile=False):
    """A trajectory with gold, two scorers, and evidence of one verifier."""
    wrong = number % 3 == 0
    extra = f" {HOSTILE}" if hostile else ""
    steps = [
        f"Anna has {number} apples and buys 4 more.{extra}",
        f"So she has {number} + 4 = {number + (5 if wrong else 4)} apples.",
        {"text": f"calc({number} + 4)", "role": "act", "call": {"name": "calc", "arguments": {}}},
        {"text": str(number + 4), "role": "observe"},
        f"She shares them with 𝟐 friends, each gets {number + 4} + 0 = {number + 4}."
        + ("" if number % 4 else " (Wrong: shared.)"),
    ]
    id = f"trace-{number:04d}"
    trajectory = Trajectory.of_steps(
        id, f"p{number}", steps, final_answer=str(number), outcome=0.0 if wrong else 1.0
    )
    problem = Problem(
        f"p{number}", f"Anna has {number} apples and buys 4 more. How many has she now?{extra}", domain="fake"
    )
    gold = (1.0, 0.0 if wrong else 1.0, 1.0, None, 1.0 if number % 4 else 0.0)
    prm = (0.97, 0.12 if wrong and number % 2 else 0.83, 0.9, None, 0.55 if number % 4 else 0.31)
    orm = (0.8, 0.6, 0.7, None, 0.5)
    labels = StepLabels(id, trajectory.digest, gold)
    scores = {n: StepScores(id, trajectory.digest, v) for n, v in (("prm", prm), ("orm", orm))}
    evidence = verify_one([Sums()], problem, trajectory)
    return Shown(Sample(problem, trajectory, labels), tuple(evidence), scores)


@pytest.fixture
def evaluation():
    """Gives fresh invented figures."""
    return make_evaluation


@pytest.fixture(scope="session")
def write_run():
    """Writes a run folder."""
    return make_run


@pytest.fixture
def shown():
    """Makes a trajectory by number."""
    return make_shown


@pytest.fixture
def hostile():
    """Text that would break out of a page."""
    return HOSTILE


@pytest.fixture
def fake_domain(monkeypatch):
    """One installed domain, called fake, whose tool reads sums."""
    monkeypatch.setattr(plugins, "domains", lambda: ["fake"])
    monkeypatch.setattr(plugins, "domain", lambda name: PLUGIN)
    return PLUGIN
