"""Calculator annotations. All texts are invented."""

import pytest

from prmkit.types import Code, Problem, Trajectory, Verdict
from prmkit_math.verifiers.annotation import Annotation, judge


@pytest.mark.parametrize(
    "text",
    [
        "She has 48/2 = <<48/2=24>>24 left.",
        "That is $<<12*3.50=42.00>>42.",
        "It costs $<<750*4=3000>>3,000/month.",
        "so <<.5*2=1>>1 hour",
        "<<(3+4)*2=14>>14",
        "<<10/3=3.33>>3.33",
        "<<100*20%=20>>20",
        "<<2+2=4>>",
        "<<1/2*8=4>>4 and <<4+4=8>>8",
    ],
)
def test_right_annotations_hold(text):
    assert judge(text).verdict is Verdict.HOLDS, judge(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<<48/2=23>>23", "48/2=23 is wrong: 48/2 = 24"),
        ("<<234-90-144=39>>39 miles", "234-90-144=39 is wrong: 234-90-144 = 0"),
        ("<<48/2=24>>25 eggs", "48/2=24 is followed by 25"),
        ("<<2+2=4>>4 and <<2+3=6>>6", "2+3=6 is wrong: 2+3 = 5"),
    ],
)
def test_wrong_annotations_fail(text, reason):
    finding = judge(text)
    assert (finding.verdict, finding.reason) == (Verdict.FAILS, reason)


@pytest.mark.parametrize(
    "text",
    [
        "<<12-6-X=6-X>>6",
        "<<10/3=3>>3",
        "<<7 apples>>",
        "<<>>",
        "<<1/0=5>>5",
        "<<9^9^9^9=1>>1",
        "<<5=50/10/2=4>>",
        "<<0.05*100=5>>500",
    ],
)
def test_what_cannot_be_read_is_unknown(text):
    assert judge(text).verdict is Verdict.UNKNOWN, judge(text)


def test_text_without_annotation_is_not_applicable():
    assert judge("2 + 2 = 5").code is Code.NOT_APPLICABLE
    assert judge("a << b >> c").verdict is Verdict.UNKNOWN


def test_spans_cover_annotation_and_number():
    text = "She has <<48/2=24>>24 left."
    (claim,) = judge(text).claims
    assert text[claim.start : claim.end] == "<<48/2=24>>24"


@pytest.mark.parametrize(
    "text", ["<<" * 20_000, "<<1+1=" * 5_000 + "2>>2", "<<1+1=2>>" * 200_000], ids=range(3)
)
def test_hostile_input_ends(text):
    assert judge(text).verdict in Verdict


def test_check_gives_one_finding_per_scored_step():
    trajectory = Trajectory.of_steps(
        "t", "p", ["<<1+1=2>>2", {"text": "<<1+1=3>>3", "role": "observe"}, "end"]
    )
    assert [str(f.verdict) for f in Annotation().check(Problem("p", "?"), trajectory)] == ["HOLDS", "UNKNOWN"]


def test_gold_annotations_of_a_real_set_are_right(raw):
    found = [judge(line) for row in raw("math/gsm8k/test_half.jsonl") for line in row["answer"].split("\n")]
    verdicts = [finding.verdict for finding in found]
    assert verdicts.count(Verdict.HOLDS) > 1500
    assert verdicts.count(Verdict.FAILS) == 0
