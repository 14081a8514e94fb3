"""Every way of cutting text into steps gives back the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prmkit.errors import UnknownNameError
from prmkit.segment import (
    SEGMENTERS,
    by_auto,
    by_blank_line,
    by_block,
    by_line,
    by_number,
    by_sentence,
    by_thought,
    by_turn,
    segment,
)

any_text = st.text(max_size=200)
markers = st.lists(
    st.sampled_from(
        [
            "1. ",
            "2) ",
            "Step 3:",
            "\n",
            "\n\n",
            " ",
            "\t",
            "a",
            "B.",
            "$",
            "\\(",
            "\\)",
            "3.5",
            "$4.",
            "e.g.",
            "Wait,",
            "User:",
            "Assistant:",
            "<|im_start|>user",
            "```",
            "\r\n",
            "\u2028",
            "?!",
            "...",
            "\\begin{",
            "\\end{",
            "\ud800",
        ]
    ),
    max_size=40,
).map("".join)


def texts(steps: tuple) -> list[str]:
    return [step.text for step in steps]


@pytest.mark.parametrize("name", list(SEGMENTERS))
@given(text=any_text | markers)
def test_spans_give_back_the_text(name: str, text: str) -> None:
    steps = SEGMENTERS[name](text)
    reached = 0
    for position, step in enumerate(steps):
        assert step.index == position
        assert text[step.start : step.end] == step.text
        assert step.text == step.text.strip()
        assert step.text
        assert text[reached : step.start].strip() == ""
        reached = step.end
    assert text[reached:].strip() == ""
    assert segment("t", "p", text, how=name).steps == steps


@pytest.mark.parametrize("name", list(SEGMENTERS))
@pytest.mark.parametrize(
    "hostile",
    [
        "." * 50_000,
        "\n" * 50_000,
        " \n" * 30_000,
        "$" * 50_000,
        "\\(" * 30_000,
        "1. " * 30_000,
        "step " * 30_000,
        "Wait. " * 20_000,
        "User:\n" * 20_000,
        "\\begin{" * 20_000,
        'a."' * 20_000,
        "```\n" * 20_000,
        "( " * 40_000,
    ],
)
def test_hostile_text_takes_linear_time(name: str, hostile: str) -> None:
    steps = SEGMENTERS[name](hostile)
    assert sum(len(step.text) for step in steps) <= len(hostile)


def test_lines_of_every_system() -> None:
    assert texts(by_line("a\r\nb\n\n c \u2028d\re")) == ["a", "b", "c", "d", "e"]
    assert texts(by_line("form\x0cfeed")) == ["form\x0cfeed"]


def test_blank_lines_may_hold_spaces() -> None:
    assert texts(by_blank_line("a\nb\n \t\nc\r\n\r\nd\n\n\n\ne")) == ["a\nb", "c", "d", "e"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Step 1: a\nStep 2: b", ["Step 1: a", "Step 2: b"]),
        ("Plan.\n**Step 1.** a\n\nmore\n**Step 2.** b", ["Plan.", "**Step 1.** a\n\nmore", "**Step 2.** b"]),
        ("### Step 1 - a\n### Step 2 - b", ["### Step 1 - a", "### Step 2 - b"]),
        ("Step 1: a. Step 2: b. Step 3: c", ["Step 1: a.", "Step 2: b.", "Step 3: c"]),
        ("by Step 1 we know\nStep 2: b\nStep 1: again", ["by Step 1 we know", "Step 2: b\nStep 1: again"]),
        ("1) a\n2) b\n3) c", ["1) a", "2) b", "3) c"]),
        ("(1) a\n(2) b", ["(1) a", "(2) b"]),
        ("0. a\n1. b", ["0. a", "1. b"]),
        ("1. a\n  1. sub\n  2. sub\n2. b", ["1. a\n  1. sub\n  2. sub", "2. b"]),
        ("1. a\n37. Not a number of the list\n2. b", ["1. a\n37. Not a number of the list", "2. b"]),
        ("3.5 apples\n2 + 2 = 4\n12.\n", ["3.5 apples\n2 + 2 = 4\n12."]),
    ],
)
def test_numbers(text: str, expected: list[str]) -> None:
    assert texts(by_number(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He paid $3.50. She paid $4. Done!", ["He paid $3.50.", "She paid $4.", "Done!"]),
        ("Dr. Li and Mr. Ek met. They left.", ["Dr. Li and Mr. Ek met.", "They left."]),
        ("Use e.g. a sum. See Fig. 3 and Eq. 4. OK?", ["Use e.g. a sum.", "See Fig. 3 and Eq. 4.", "OK?"]),
        ("J. K. Smith has 1,234.5 kg. Yes", ["J. K. Smith has 1,234.5 kg.", "Yes"]),
        ("So $f(x) = 3. 5 x$ holds. Next.", ["So $f(x) = 3. 5 x$ holds.", "Next."]),
        (r"So \(a. B\) holds. \[x. Y\] too.", [r"So \(a. B\) holds.", r"\[x. Y\] too."]),
        ("It costs $5. He pays $6. Rest $1.", ["It costs $5.", "He pays $6.", "Rest $1."]),
        ("\\begin{align} a. B \\end{align} ok. C", ["\\begin{align} a. B \\end{align} ok.", "C"]),
        ("1. First we add. 2. Then we stop.", ["1. First we add.", "2. Then we stop."]),
        ('He said "stop." Then (quietly.) He left', ['He said "stop."', "Then (quietly.)", "He left"]),
        ("Wait... Is it? yes it is", ["Wait...", "Is it? yes it is"]),
        ("It is 5 ft. The rest is 4 ft. long.", ["It is 5 ft.", "The rest is 4 ft. long."]),
        ("One\n\ntwo. Three", ["One", "two.", "Three"]),
        ("第一步。第二步！", ["第一步。", "第二步！"]),
        ("An unclosed $x. Still cut. Yes", ["An unclosed $x.", "Still cut.", "Yes"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert texts(by_sentence(text)) == expected


def test_turns_of_users_and_tools_are_observations() -> None:
    steps = by_turn("System: be kind\nUser: 2+2?\n**Assistant:** 4\nAction: add(2,2)\nObservation: 4\nso 4")
    assert [s.role for s in steps] == ["observe", "observe", "think", "act", "observe"]
    assert steps[-1].text == "Observation: 4\nso 4"
    special = by_turn("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nyo<|im_end|>")
    assert [s.role for s in special] == ["observe", "think"]


def test_thoughts_begin_at_discourse_markers_only() -> None:
    text = "Add: 3 * 4 = 14. Wait, 3 * 4 = 12.\n"
    text += "Alternatively, 4 + 8. I can wait for it. Let me check this.\nHmm no"
    assert texts(by_thought(text)) == [
        "Add: 3 * 4 = 14.",
        "Wait, 3 * 4 = 12.",
        "Alternatively, 4 + 8. I can wait for it.",
        "Let me check this.",
        "Hmm no",
    ]
    assert len(by_thought("Waiters and hmming are words.")) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. a\n\nb\n2. c", 2),
        ("a\nb\n\nc", 2),
        ("a\nb\nc", 3),
        ("One. Two. Three.", 3),
        ("Only 1. item", 1),
        ("", 0),
        ("   \n ", 0),
    ],
)
def test_auto_takes_the_coarsest_layout_there_is(text: str, expected: int) -> None:
    assert len(by_auto(text)) == expected


def test_unknown_segmenter_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="line"):
        segment("t", "p", "a", how="lines")


def test_code_blocks_and_tables_stay_whole() -> None:
    table = "| name | kg |\n|------|---:|\n| ann  | 3  |"
    code = "~~~sql\nSELECT max(kg)\n\nFROM t\n~~~"
    text = f"Look at the rows.\n\n{table}\n\nThen:\n{code}\nIt gives 3. The answer is 3."
    assert texts(by_block(text)) == [
        "Look at the rows.",
        table,
        "Then:",
        code,
        "It gives 3.",
        "The answer is 3.",
    ]
    assert texts(by_block("a | b\nc | d")) == texts(by_auto("a | b\nc | d")), "a table has a rule"
    assert texts(by_block("a\n```\nb\n\nc")) == ["a", "```\nb\n\nc"], "an open fence runs to the end"
