import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.cards import PRMSpec
from prmkit.encode.assemble import assemble
from prmkit.encode.collate import Example, collate
from prmkit.encode.layout import plan
from prmkit.encode.sample import TokenBatches, balanced
from prmkit.encode.tokenise import Encoded, Encoder, check_marker, fingerprint
from prmkit.errors import CheckpointError, RecordError
from prmkit.render import Piece, render
from prmkit.types import Problem, Trajectory

CHAT = "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}\n{% endfor %}"


def one(tokenizer, spec, steps, *, max_tokens=None, text="3 + 4 = ?"):
    problem = Problem(id="p", text=text, reference="secret")
    trajectory = Trajectory.of_steps("t", "p", steps)
    return Encoder(tokenizer, spec, max_tokens)([(problem, trajectory)])[0]


def words(tokenizer, encoded):
    return tokenizer.convert_ids_to_tokens(list(encoded.ids))


@pytest.mark.parametrize("joint", [True, False])
def test_marks_stand_on_the_marker_and_text_is_whole(tokenizer, joint):
    encoded = one(tokenizer, PRMSpec(joint=joint), ["3 + 4", {"text": "so 7", "role": "observe"}, "= 7"])
    assert "".join(words(tokenizer, encoded)) == "3 + 4 = ?\n3 + 4<step>so 7= 7<step>"
    assert encoded.marks[1] is None
    assert [words(tokenizer, encoded)[m] for m in encoded.marks if m is not None] == ["<step>"] * 2
    assert words(tokenizer, encoded)[encoded.solution] == "3"
    assert encoded.solution == 10
    assert encoded.cut == 0


def test_offset_and_empty_marker_read_the_token_before(tokenizer):
    before = one(tokenizer, PRMSpec(read_offset=-1), ["3 + 4", "7"])
    assert [words(tokenizer, before)[m] for m in before.marks] == ["4", "7"]
    for joint in (True, False):
        bare = one(tokenizer, PRMSpec(marker="", joint=joint, before_step=" "), ["3 + 4", "7"])
        assert [words(tokenizer, bare)[m] for m in bare.marks] == ["4", "7"]
        assert "<step>" not in words(tokenizer, bare)


def test_a_marker_written_by_the_solver_is_not_a_mark(tokenizer):
    for joint in (True, False):
        encoded = one(tokenizer, PRMSpec(joint=joint), ["3 <step> 4", "7"])
        assert words(tokenizer, encoded).count("<step>") == 2
        assert len(set(encoded.marks)) == 2


def test_plain_marker_repeated_in_the_text(tokenizer):
    encoded = one(tokenizer, PRMSpec(marker="\n"), ["3\n4\n7", "so 7"])
    assert [encoded.ids[m] for m in encoded.marks] == tokenizer.convert_tokens_to_ids(["\n", "\n"])
    assert "".join(words(tokenizer, encoded)) == "3 + 4 = ?\n3\n4\n7\nso 7\n"
    assert encoded.marks == (15, 19)


@pytest.mark.parametrize("side", ["right", "left"])
@given(
    steps=st.lists(st.lists(st.sampled_from(["?", "+", "-"]), max_size=4), max_size=6),
    limit=st.integers(1, 40),
)
@settings(max_examples=60, deadline=None)
def test_cutting_drops_whole_steps_and_counts_them(tokenizer, side, steps, limit):
    texts = ["".join(step) for step in steps]
    whole = one(tokenizer, PRMSpec(), texts)
    cut = one(tokenizer, PRMSpec(truncate=side), texts, max_tokens=limit)
    assert len(cut.ids) <= limit
    kept = [i for i, mark in enumerate(cut.marks) if mark is not None]
    assert len(kept) + cut.cut == len(texts)
    assert kept == (list(range(len(kept))) if side == "right" else list(range(cut.cut, len(texts))))
    assert all(words(tokenizer, cut)[cut.marks[i]] == "<step>" for i in kept)
    if kept:
        assert words(tokenizer, cut)[: cut.solution] == words(tokenizer, whole)[: whole.solution]
        shown = "".join(words(tokenizer, cut)[cut.solution :])
        assert shown == "".join(f"{texts[i]}<step>" for i in kept)
    if len(whole.ids) <= limit:
        assert cut == whole
    # No step is dropped that would have fitted.
    elif side == "right" and len(kept) < len(texts) and whole.solution <= limit:
        assert whole.marks[len(kept)] >= limit


def test_refuse_names_the_trajectory(tokenizer):
    with pytest.raises(RecordError, match=r"'t' has 18 tokens, 8 too many"):
        one(tokenizer, PRMSpec(truncate="refuse"), ["3 + 4", "7"], max_tokens=10)


def test_chat_turns_and_their_marks(tokenizer):
    tokenizer.chat_template = CHAT
    try:
        spec = PRMSpec(template="chat", system="so", after_problem="")
        steps = ["3 + 4", {"text": "7", "role": "observe"}, "= 7"]
        encoded = one(tokenizer, spec, steps)
        text = assemble(
            render(Problem(id="p", text="3 + 4 = ?"), Trajectory.of_steps("t", "p", steps), spec), tokenizer
        ).text
        assert text == "[system]so\n[user]3 + 4 = ?\n[assistant]3 + 4<step>\n[tool]7\n[assistant]= 7<step>\n"
        assert [words(tokenizer, encoded)[m] for m in encoded.marks if m is not None] == ["<step>"] * 2
        tokenizer.chat_template = CHAT.replace("m['content']", "m['content'] | upper")
        with pytest.raises(CheckpointError, match="rewrites turn"):
            one(tokenizer, spec, ["so 7"])
    finally:
        tokenizer.chat_template = None
    with pytest.raises(CheckpointError, match="no chat template"):
        one(tokenizer, PRMSpec(template="chat"), ["7"])


def test_images_are_refused_by_a_text_model(tokenizer):
    with pytest.raises(CheckpointError, match=r"image \(a.png\)"):
        assemble([Piece("image", "a.png")])


def test_marker_that_the_tokenizer_cannot_write(tokenizer):
    with pytest.raises(CheckpointError, match="field 'marker'"):
        Encoder(tokenizer, PRMSpec(marker="<mark>"))
    with pytest.raises(CheckpointError, match="cannot write the marker 'ки'"):
        check_marker(tokenizer, "ки")
    check_marker(tokenizer, "\n")


def test_fingerprint_sees_spec_and_tokenizer(tokenizer):
    own = fingerprint(tokenizer, PRMSpec())
    assert own == fingerprint(tokenizer, PRMSpec(name="other", link="difference", max_tokens=9))
    for other in (PRMSpec(after_problem=" "), PRMSpec(marker="\n"), PRMSpec(before_step="{number}. ")):
        assert fingerprint(tokenizer, other) != own


@pytest.mark.parametrize("steps", [[], ["1234 " * 200_000], ["Ω" * 50, "漢字", "\u0000\ud800"], [""]])
def test_empty_huge_and_strange_solutions(tokenizer, steps):
    encoded = one(tokenizer, PRMSpec(), steps, max_tokens=128)
    assert len(encoded.marks) == len(steps)
    assert len(encoded.ids) <= 128
    assert encoded.cut == sum(mark is None for mark in encoded.marks)


lengths = st.lists(st.integers(0, 50), max_size=40)


@given(lengths, st.integers(1, 120))
def test_plan_deals_every_row_once_within_the_budget(rows, budget):
    groups = plan(rows, budget=budget)
    assert sorted(i for group in groups for i in group.members) == list(range(len(rows)))
    for group in groups:
        width = max(rows[i] for i in group.members)
        assert group.tokens == width * len(group.members)
        assert group.tokens <= budget or len(group.members) == 1


@given(lengths, st.integers(1, 120), st.integers(0, 3))
def test_epochs_have_equal_shape_and_every_row_once(rows, budget, seed):
    batches = TokenBatches(rows, budget, seed=seed)
    first, again = list(batches), list(batches)
    batches.set_epoch(1)
    second = list(batches)
    assert first == again
    assert len(first) == len(second) == len(batches)
    shape = [sorted(sorted(rows[i] for i in batch) for batch in epoch) for epoch in (first, second)]
    assert shape[0] == shape[1]
    assert sorted(i for batch in second for i in batch) == list(range(len(rows)))


def test_epochs_differ_and_rows_can_be_fixed():
    batches = TokenBatches([4] * 64, 32)
    first = [set(batch) for batch in batches]
    batches.set_epoch(1)
    assert first != [set(batch) for batch in batches]
    assert [len(batch) for batch in TokenBatches(list(range(10)), None, rows=4)] != [4, 4, 4]
    assert sorted(len(batch) for batch in TokenBatches(list(range(10)), None, rows=4)) == [2, 4, 4]


@given(st.lists(st.booleans(), max_size=30), st.integers(0, 5))
def test_balanced_groups_are_equal_and_repeatable(groups, seed):
    picked = balanced(groups, seed=seed)
    assert picked == balanced(groups, seed=seed) == sorted(set(picked))
    size = min((groups.count(g) for g in set(groups)), default=0)
    assert all(sum(groups[i] == g for i in picked) == size for g in set(groups))


def test_collate_keeps_labels_apart_from_their_mask():
    batch = collate(
        [
            Example(Encoded((5, 6, 7, 8), (1, None, 3), 1), (0.0, None, 0.25), (2.0, 1.0, 1.0)),
            Example(Encoded((9,), (0,), 0), (None,)),
        ],
        pad=4,
    )
    assert batch["input_ids"].tolist() == [[5, 6, 7, 8], [9, 4, 4, 4]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 0, 0, 0]]
    assert batch["position_ids"].tolist() == [[0, 1, 2, 3]] * 2
    assert batch["solution"].tolist() == [[False, True, True, True], [True, False, False, False]]
    assert batch["marks"].tolist() == [[1, 0, 3], [0, 0, 0]]
    assert batch["marked"].tolist() == [[True, False, True], [True, False, False]]
    assert batch["labels"].tolist() == [[0.0, 0.0, 0.25], [0.0, 0.0, 0.0]]
    assert batch["labelled"].tolist() == [[True, False, True], [False] * 3]
    assert batch["weights"].tolist() == [[2.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    assert not any(math.isnan(v) or v == -100 for v in batch["labels"].flatten().tolist())


def test_collate_pads_features():
    rows = [Example(Encoded((1,) * n, (), 0), features=torch.ones(n, 3)) for n in (2, 4)]
    assert collate(rows)["features"].sum(-1).tolist() == [[3, 3, 0, 0], [3, 3, 3, 3]]
