import json
import math
import shutil

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from transformers import AutoModelForTokenClassification, AutoTokenizer

from prmkit import load_prm
from prmkit.cards import PRMSpec
from prmkit.errors import (
    CheckpointError,
    ConfigError,
    RendererMismatchError,
    StorageError,
    UnknownNameError,
)
from prmkit.model.folder import load_tokenizer, weights_digest
from prmkit.model.heads import CLIP, SurprisalInput, link
from prmkit.model.prm import PRM
from prmkit.model.reading import step_logits
from prmkit.model.surprisal import surprisal_of_logits, token_surprisal
from prmkit.types import Problem, Trajectory

PROBLEM = Problem(id="p", text="3 + 4 = ?", reference="hidden")
STEPS = [
    ["3 + 4 = 7", "so 7"],
    ["so 8"],
    ["3 + 4 = 12 - 5", {"text": "7", "role": "observe"}, "sum is 7", "so 7"],
    [],
]
ROWS = [Trajectory.of_steps(f"t{i}", "p", steps) for i, steps in enumerate(STEPS)]


@pytest.fixture(scope="module")
def prm(causal_folder):
    return PRM.create(causal_folder, seed=3)


@pytest.fixture
def saved(prm, tmp_path):
    return prm.save(tmp_path / "prm")


def values(found):
    return [v for scores in found for v in scores.values if v is not None]


def test_transformers_opens_the_folder_and_gives_the_same_logits(prm, saved):
    plain = AutoModelForTokenClassification.from_pretrained(saved)
    tokenizer = load_tokenizer(saved)
    ours = step_logits(prm, prm.encoder([(PROBLEM, row) for row in ROWS]))
    for row, logits in zip(ROWS, ours, strict=True):
        text = "3 + 4 = ?\n" + "".join(
            step.text + ("<step>" if step.role != "observe" else "") for step in row.steps
        )
        ids = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            theirs = plain(**ids).logits[0][ids["input_ids"][0] == tokenizer.convert_tokens_to_ids("<step>")]
        mine = [one for one in logits if one is not None]
        assert len(mine) == len(theirs) == len(row.scored)
        for a, b in zip(mine, theirs, strict=True):
            torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)


def test_what_is_saved_is_what_is_loaded(prm, saved):
    again = load_prm(saved)
    assert (again.spec, again.head, again.target, again.digest) == (prm.spec, "binary", "steps", prm.digest)
    assert again.score(PROBLEM, ROWS) == prm.score(PROBLEM, ROWS)
    assert again.score(PROBLEM, ROWS)[0].model == weights_digest(saved)
    assert load_prm(saved, spec="prmkit").score(PROBLEM, ROWS) == prm.score(PROBLEM, ROWS)
    assert load_prm(saved, spec=prm.spec, dtype="bfloat16").module.network.dtype == torch.bfloat16


@pytest.mark.parametrize("kind", ["causal", "encoder"])
def test_scores_do_not_depend_on_batch_order_or_padding(kind, causal_folder, encoder_folder):
    prm = PRM.create(causal_folder if kind == "causal" else encoder_folder, seed=3)
    assert prm.module.causal == (kind == "causal")
    together = values(prm.score(PROBLEM, ROWS))
    turned = values(prm.score(PROBLEM, ROWS[::-1])[::-1])
    alone = values([prm.score(PROBLEM, [row])[0] for row in ROWS])
    prm.batch_tokens = 1
    one_by_one = values(prm.score_many([(PROBLEM, row) for row in ROWS], window=2))
    for other in (turned, alone, one_by_one):
        assert other == pytest.approx(together, abs=1e-5)
    assert [s.trajectory_id for s in prm.score_many((PROBLEM, row) for row in ROWS)] == [r.id for r in ROWS]


def test_a_causal_prm_scores_a_prefix_as_it_scores_the_whole(prm):
    whole = prm.score_steps(PROBLEM.text, [["3 + 4 = 7", "so 7", "so 8"]])[0]
    assert prm.score_steps(PROBLEM.text, [["3 + 4 = 7", "so 7"]])[0] == pytest.approx(whole[:2], abs=1e-5)


def test_score_records_align_with_all_steps(prm):
    found = prm.score(PROBLEM, ROWS)
    for row, scores in zip(ROWS, found, strict=True):
        scores.check(row)
    assert found[2].values[1] is None
    assert found[3].values == ()
    assert found[0].renderer == prm.spec.renderer
    assert found[0].threshold.chosen_on == "fixed"


def test_steps_that_do_not_fit_score_none(causal_folder):
    prm = PRM.create(causal_folder)
    prm.max_tokens = 24
    whole, cut = prm.score(PROBLEM, [ROWS[1], Trajectory.of_steps("x", "p", ["so 8", "3 " * 500_00])])
    assert cut.values == (pytest.approx(whole.values[0], abs=1e-5), None)
    assert math.isnan(prm.score_steps(PROBLEM.text, [["so 8", "3 " * 40]])[0][1])


def test_texts_are_cut_to_what_the_backbone_reads(encoder_folder):
    prm = PRM.create(encoder_folder, spec=PRMSpec(marker="<mark>"))
    found = prm.score_steps("3 + 4 = ?", [["so 8", "3 " * 100], ["so 8"]])
    assert math.isnan(found[0][1])
    assert 0 <= found[1][0] <= 1


def test_strange_text_is_scored(prm):
    rows = [["漢字 \u0000 \ud800 é"], [""], ["\n\n\n"], ["<step><eos><pad>"]]
    found = prm.score_steps("Ω?", rows)
    assert all(len(row) == 1 and 0 <= row[0] <= 1 for row in found)


def test_outcome_model_reads_the_last_scored_step_only(causal_folder, prm, tmp_path):
    outcome = PRM.create(causal_folder, seed=3, target="outcome")
    load = load_prm(outcome.save(tmp_path / "orm"))
    for steps, orm in zip(prm.score(PROBLEM, ROWS), load.score(PROBLEM, ROWS), strict=True):
        last = next((v for v in reversed(steps.values) if v is not None), None)
        assert orm.trajectory_value == last
        assert [v for v in orm.values if v is not None] == ([] if last is None else [last])


def test_create_leaves_the_callers_tokenizer_and_random_state_alone(causal_folder, tokenizer):
    before, state = len(tokenizer), torch.random.get_rng_state()
    prm = PRM.create(causal_folder, tokenizer, PRMSpec(marker="<mark>"), seed=1)
    assert torch.equal(state, torch.random.get_rng_state())
    assert len(tokenizer) == before
    assert len(prm.tokenizer) == before + 1
    old = PRM.create(causal_folder, tokenizer, seed=1).module.network.get_input_embeddings().weight
    new = prm.module.network.get_input_embeddings().weight
    torch.testing.assert_close(new[before], old[:before].mean(0))
    same = PRM.create(causal_folder, tokenizer, PRMSpec(marker="<mark>"), seed=1)
    assert all(
        torch.equal(a, b) for a, b in zip(same.module.parameters(), prm.module.parameters(), strict=True)
    )


def test_random_init_takes_the_shape_only(causal_folder, causal_config, tokenizer):
    fresh = PRM.create(causal_folder, init="random", seed=1)
    config = PRM.create(causal_config, tokenizer, init="random", seed=1)
    trained = PRM.create(causal_folder, seed=1)
    pairs = zip(fresh.module.parameters(), config.module.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not torch.equal(
        fresh.module.network.get_input_embeddings().weight,
        trained.module.network.get_input_embeddings().weight,
    )


def test_scalar_head_and_its_links(causal_folder, tmp_path):
    prm = PRM.create(
        causal_folder, head="scalar", spec=PRMSpec(link="raw", kind="value", classes=1, positive=0)
    )
    found = load_prm(prm.save(tmp_path / "v")).score(PROBLEM, ROWS[:1])[0]
    assert found.kind == "value"
    assert found.range == (-math.inf, math.inf)
    with pytest.raises(ConfigError, match="cannot be read by link 'softmax'"):
        PRM.create(causal_folder, head="scalar", spec=PRMSpec())
    with pytest.raises(ConfigError, match="needs a policy"):
        PRM.create(causal_folder, head="surprisal")


class TestSurprisal:
    @pytest.fixture(scope="class")
    def head(self, causal_folder):
        return PRM.create(causal_folder, head="surprisal", policy=causal_folder, separator="\n", seed=2)

    def test_copy_and_link_give_the_same_scores(self, head, causal_folder, tmp_path):
        wanted = head.score(PROBLEM, ROWS)
        shutil.copytree(causal_folder, tmp_path / "weights" / "policy")
        linked = PRM.create(
            causal_folder, head="surprisal", policy=tmp_path / "weights/policy", separator="\n", seed=2
        )
        copied, link = head.save(tmp_path / "copy"), linked.save(tmp_path / "weights/prm", policy="link")
        assert json.loads((link / "prmkit.json").read_text())["policy"]["path"] == "../policy"
        assert not (link / "policy").exists()
        for folder in (copied, link):
            again = load_prm(folder)
            assert values(again.score(PROBLEM, ROWS)) == pytest.approx(values(wanted), abs=1e-6)
        shutil.move(tmp_path / "weights", tmp_path / "moved")
        assert values(load_prm(tmp_path / "moved/prm").score(PROBLEM, ROWS)) == pytest.approx(
            values(wanted), abs=1e-6
        )

    def test_another_policy_is_refused(self, head, tmp_path):
        folder = head.save(tmp_path / "prm")
        file = folder / "policy" / "model.safetensors"
        state = load_file(file)
        save_file({n: t + 1 for n, t in state.items()}, file, metadata={"format": "pt"})
        with pytest.raises(CheckpointError, match="the policy's weights have digest"):
            load_prm(folder)

    def test_the_policy_sees_its_own_separator(self, head):
        encoded = head.encoder([(PROBLEM, ROWS[0])])[0]
        ids = list(encoded.ids)
        newline = head.tokenizer.convert_tokens_to_ids("\n")
        seen = [newline if i in encoded.marks else token for i, token in enumerate(ids)]
        wanted = token_surprisal(head.policy.model, [seen])[0]
        torch.testing.assert_close(head.policy.features([encoded])[0], wanted)

    def test_the_separator_is_the_line_end_unless_another_is_named(self, causal_folder, tokenizer):
        def separator(given):
            prm = PRM.create(causal_folder, head="surprisal", policy=causal_folder, separator=given)
            return prm.policy.separator

        assert separator(None) == tokenizer.convert_tokens_to_ids("\n")
        assert separator("so") == tokenizer.convert_tokens_to_ids("so")
        assert separator("") is None
        with pytest.raises(ConfigError, match="'so 7' is 3 tokens"):
            separator("so 7")

    def test_a_token_unknown_to_the_policy(self, causal_folder, tokenizer):
        strange = PRM.create(
            causal_folder,
            tokenizer,
            PRMSpec(marker="<mark>"),
            head="surprisal",
            policy=causal_folder,
            separator="",
        )
        with pytest.raises(CheckpointError, match="unknown to the policy"):
            strange.score(PROBLEM, ROWS)

    def test_scores_do_not_depend_on_the_batch(self, head):
        together = values(head.score(PROBLEM, ROWS))
        assert values([head.score(PROBLEM, [row])[0] for row in ROWS]) == pytest.approx(together, abs=1e-5)

    def test_missing_parts(self, head, tmp_path):
        folder = head.save(tmp_path / "prm")
        (folder / "surprisal.safetensors").unlink()
        with pytest.raises(CheckpointError, match="digest"):
            load_prm(folder)
        card = json.loads((folder / "prmkit.json").read_text())
        card["weights"] = weights_digest(folder)
        (folder / "prmkit.json").write_text(json.dumps(card))
        with pytest.raises(CheckpointError, match="surprisal part of the head cannot be read"):
            load_prm(folder)
        shutil.rmtree(folder / "policy")
        save_file({"inner.weight": torch.zeros(4, 4)}, folder / "surprisal.safetensors")
        card["weights"] = weights_digest(folder)
        (folder / "prmkit.json").write_text(json.dumps(card))
        with pytest.raises(CheckpointError, match="surprisal part of the head cannot be read"):
            load_prm(folder)

    def test_features_of_the_problem_and_beyond_the_clip_do_not_matter(self):
        part = SurprisalInput(8)
        solution = torch.tensor([[False, True, True]])
        one = torch.tensor([[[1.0, 2, 3], [-CLIP, 0, 0], [0, 0, 0]]])
        two = torch.tensor([[[9.0, 9, 9], [-1e9, 0, 0], [0, 0, 0]]])
        torch.testing.assert_close(part(one, solution), part(two, solution))


def test_surprisal_golden():
    """Uniform over 4, then (1/2, 1/4, 1/8, 1/8) with the third taken: worked by hand."""
    probabilities = torch.tensor([[[0.25] * 4, [0.5, 0.25, 0.125, 0.125], [1.0, 1e-9, 1e-9, 1e-9]]])
    found = surprisal_of_logits(probabilities.log(), torch.tensor([[0, 3, 2]]))[0]
    assert found[0].tolist() == [0, 0, 0]
    assert found[1].tolist() == pytest.approx([math.log(0.25), 0, math.log(4)], abs=1e-6)
    assert found[2].tolist() == pytest.approx([math.log(0.125), math.log(4), 1.75 * math.log(2)], abs=1e-6)


@given(
    st.lists(st.lists(st.floats(-15, 15), min_size=2, max_size=2), min_size=1, max_size=6), st.floats(0.1, 9)
)
@settings(max_examples=50, deadline=None)
def test_links_agree_with_each_other(rows, temperature):
    logits = torch.tensor(rows)
    right = link(logits, "softmax", temperature=temperature)
    assert ((right >= 0) & (right <= 1)).all()
    torch.testing.assert_close(link(logits, "difference", temperature=temperature), 2 * right - 1)
    odds = (logits[:, 1:] - logits[:, :1]) / temperature
    torch.testing.assert_close(link(odds, "sigmoid"), right, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(link(odds, "raw"), odds[:, 0])
    torch.testing.assert_close(link(logits, "softmax", positive=0, temperature=temperature), 1 - right)


def test_auto_tokenizer_would_split_otherwise(causal_folder, tokenizer):
    """transformers puts Qwen2's own splitting in place of the stored one; ours must give the stored one."""
    text = "3 + 4 = ?\nso 7"
    assert load_tokenizer(causal_folder)(text)["input_ids"] == tokenizer(text)["input_ids"]
    assert AutoTokenizer.from_pretrained(causal_folder)(text)["input_ids"] != tokenizer(text)["input_ids"]


class TestBadFolders:
    def test_another_renderer(self, saved, prm):
        with pytest.raises(
            RendererMismatchError, match="trained with spec 'prmkit', and 'qwen' is asked for"
        ):
            load_prm(saved, spec="qwen")
        with pytest.raises(RendererMismatchError, match="other tokens"):
            load_prm(saved, spec=PRMSpec(after_problem=" "))
        with pytest.raises(RendererMismatchError, match="raw/pieces"):
            load_prm(saved, spec=PRMSpec(joint=False))
        card = json.loads((saved / "prmkit.json").read_text())
        card["fingerprint"] = "0" * 16
        (saved / "prmkit.json").write_text(json.dumps(card))
        with pytest.raises(RendererMismatchError):
            load_prm(saved)

    def test_changed_tokenizer(self, saved):
        file = saved / "tokenizer.json"
        file.write_text(file.read_text().replace("\\\\d+", "\\\\d"))
        with pytest.raises(RendererMismatchError):
            load_prm(saved)

    def test_nan_weights(self, saved):
        state = load_file(saved / "model.safetensors")
        name = sorted(state)[3]
        state[name].view(-1)[5] = math.nan
        save_file(state, saved / "model.safetensors", metadata={"format": "pt"})
        self.restamp(saved)
        with pytest.raises(CheckpointError, match=f"{name}.*NaN or infinity"):
            load_prm(saved)

    def test_weights_changed_or_missing(self, saved):
        state = load_file(saved / "model.safetensors")
        save_file(
            {n: t + 1 for n, t in state.items()}, saved / "model.safetensors", metadata={"format": "pt"}
        )
        with pytest.raises(CheckpointError, match="weights and card were changed apart"):
            load_prm(saved)
        save_file(
            {n: t for n, t in state.items() if "score" not in n},
            saved / "model.safetensors",
            metadata={"format": "pt"},
        )
        self.restamp(saved)
        with pytest.raises(CheckpointError, match="the weights lack 'score"):
            load_prm(saved)

    def test_missing_and_broken_files(self, saved, causal_folder, tmp_path):
        with pytest.raises(CheckpointError, match="no such model folder"):
            load_prm(tmp_path / "absent")
        with pytest.raises(CheckpointError, match=r"has no prmkit.json"):
            load_prm(causal_folder)
        (saved / "prmkit.json").write_text("{")
        with pytest.raises(CheckpointError, match="card cannot be read"):
            load_prm(saved)
        (saved / "prmkit.json").write_text('{"format": 1}')
        with pytest.raises(CheckpointError, match="lacks 'head'"):
            load_prm(saved)
        (saved / "tokenizer.json").write_text("not json")
        with pytest.raises(CheckpointError, match="tokenizer cannot be read"):
            load_prm(saved)
        (saved / "model.safetensors").rename(saved / "pytorch_model.bin")
        with pytest.raises(CheckpointError, match="pickled"):
            load_prm(saved)
        (saved / "config.json").unlink()
        with pytest.raises(CheckpointError, match=r"no config.json"):
            load_prm(saved)

    def test_unknown_spec_entry_and_format(self, saved):
        card = json.loads((saved / "prmkit.json").read_text())
        (saved / "prmkit.json").write_text(json.dumps({**card, "spec": {**card["spec"], "later": 1}}))
        with pytest.raises(CheckpointError, match="unknown entry 'later'"):
            load_prm(saved)
        (saved / "prmkit.json").write_text(json.dumps({**card, "format": 2}))
        with pytest.raises(CheckpointError, match="use the prmkit version that wrote it"):
            load_prm(saved)

    def test_tokenizer_without_the_marker(self, saved):
        card = json.loads((saved / "prmkit.json").read_text())
        card["spec"]["marker"] = "<mark>"
        (saved / "prmkit.json").write_text(json.dumps(card))
        with pytest.raises(CheckpointError, match="cannot write the marker"):
            load_prm(saved)

    def test_unwritable_place(self, prm, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(StorageError, match="cannot be written"):
            prm.save(tmp_path / "file" / "prm")

    def test_nan_in_the_forward_pass(self, causal_folder):
        broken = PRM.create(causal_folder)
        with torch.no_grad():
            broken.module.network.get_input_embeddings().weight.fill_(math.nan)
        with pytest.raises(CheckpointError, match="gives NaN"):
            broken.score(PROBLEM, ROWS)

    def test_foreign_token_classifier_needs_a_spec(self, prm, saved):
        (saved / "prmkit.json").unlink()
        with pytest.raises(UnknownNameError, match="no spec is called 'tlr'"):
            load_prm(saved, spec="tlr")
        with pytest.raises(CheckpointError, match="nothing says how this checkpoint is read"):
            load_prm(saved)
        foreign = load_prm(saved, spec=PRMSpec(name="trl"))
        assert values(foreign.score(PROBLEM, ROWS)) == values(prm.score(PROBLEM, ROWS))

    @staticmethod
    def restamp(folder):
        card = json.loads((folder / "prmkit.json").read_text())
        card["weights"] = weights_digest(folder)
        (folder / "prmkit.json").write_text(json.dumps(card))
