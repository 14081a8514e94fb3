"""What goes wrong elsewhere when public checkpoints are read, and broken or hostile folders."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from prmkit import load_prm
from prmkit.cards import PRMSpec
from prmkit.encode.assemble import assemble
from prmkit.encode.tokenise import Encoder
from prmkit.errors import CheckpointError, ConfigError, UnknownNameError
from prmkit.model.public import token_ids
from prmkit.model.spec import families, family
from prmkit.render import render
from prmkit.score.calibrate import logit
from prmkit.types import Problem, Trajectory

PROBLEM = Problem("p", "2 + 3?")


def row(steps):
    return Trajectory.of_steps("t", "p", steps)


def encode(tokenizer, spec, steps):
    return Encoder(tokenizer, spec)([(PROBLEM, row(steps))])[0]


def text(tokenizer, spec, steps):
    pieces = render(PROBLEM, row(steps), spec)
    return assemble(pieces, tokenizer, default_system=spec.default_system).text


def qwen_head(tiny, folder, t, *, width=32, classes=2, scale=1.0):
    shapes = {"0.weight": (32, width), "0.bias": (32,), "2.weight": (classes, 32), "2.bias": (classes,)}
    tensors = {f"score.{n}": scale * tiny.draw(*s, seed=i) for i, (n, s) in enumerate(shapes.items())}
    return tiny.checkpoint(folder, "qwen", t, tensors, architectures=["Qwen2ForProcessRewardModel"])


def test_a_class_that_underflows_to_zero_moves_no_score(tiny, qwen, tmp_path):
    """Elsewhere zeros are dropped before the rest is paired up again, which shifts every later step."""
    prm = load_prm(qwen_head(tiny, tmp_path / "q", qwen), spec="qwen2.5-math-prm")
    steps = [f"{i} + {i * i % 7} = {3 * i}" for i in range(12)]
    soft = prm.score_steps(PROBLEM.text, [steps])[0]
    last, middle = prm.module.network.head[2], logit(sorted(soft)[6])
    with torch.no_grad():  # the same order, far apart on both sides of one half
        last.bias[1] -= middle
        last.weight.mul_(1e6)
        last.bias.mul_(1e6)
    found = prm.score_steps(PROBLEM.text, [steps])[0]
    assert len(found) == len(steps)
    hard = [(one, each) for one, each in zip(found, soft, strict=True) if each != sorted(soft)[6]]
    assert [one for one, _ in hard] == [float(each > sorted(soft)[6]) for _, each in hard]
    assert {0.0, 1.0} <= set(found)


@pytest.mark.parametrize("name", ["pure", "skywork"])
def test_steps_tokenised_apart_give_other_tokens_than_one_text(qwen, name):
    spec = replace(family(name).spec, marker="\n\n", after_problem="")
    steps = ["so.", "no."]
    apart, whole = encode(qwen, spec, steps), encode(qwen, replace(spec, joint=True), steps)
    assert apart.ids != whole.ids
    assert qwen.decode(apart.ids) == qwen.decode(whole.ids)
    assert [qwen.decode([apart.ids[mark]]) for mark in apart.marks] == ["\n\n"] * 2
    assert [qwen.decode([whole.ids[mark]]) for mark in whole.marks] == [".\n\n"] * 2


def test_begin_tokens(qwen):
    assert encode(qwen, family("skywork").spec, ["5"]).ids[0] == qwen.bos_token_id
    assert encode(qwen, family("pure").spec, ["5"]).ids[0] != qwen.bos_token_id
    assert encode(qwen, PRMSpec(marker="\n", bos="never"), ["5"]).ids[0] != qwen.bos_token_id


def test_the_template_says_nothing_of_its_own_unless_asked(qwen, llama):
    chat = PRMSpec(template="chat", marker="\n", after_problem="")
    user = "<|im_start|>user\n2 + 3?<|im_end|>\n<|im_start|>assistant\n5\n<|im_end|>\n"
    assert text(qwen, chat, ["5"]) == user
    kept = text(qwen, replace(chat, default_system=True), ["5"])
    assert kept == "<|im_start|>system\nBe of use.<|im_end|>\n" + user
    assert text(qwen, replace(chat, system="S"), ["5"]) == "<|im_start|>system\nS<|im_end|>\n" + user
    dated = text(llama, replace(chat, marker="!", default_system=True), ["5"])
    assert "26 Jul 2024" in dated
    assert text(llama, replace(chat, marker="!"), ["5"]) == (
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n2 + 3?<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n5!<|eot_id|>"
    )


def test_templates_without_a_default_are_left_alone(qwen, llama):
    for template in (
        "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}\n{% endfor %}",
        "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'system' %}{{ m['content'] }}"
        "{% elif m['role'] == 'user' %}<u>{{ m['content'] }}{% else %}<a>{{ m['content'] }}</s>{% endif %}"
        "{% endfor %}",
        "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "<{{ m['role'] }}>{{ m['content'] }}</{{ m['role'] }}>{% endfor %}",
    ):
        for tokenizer in (qwen, llama):
            before, tokenizer.chat_template = tokenizer.chat_template, template
            try:
                spec = PRMSpec(template="chat", marker="\n")
                assert text(tokenizer, spec, ["5"]) == text(
                    tokenizer, replace(spec, default_system=True), ["5"]
                )
            finally:
                tokenizer.chat_template = before


def test_steps_that_look_like_the_template_are_found_by_turn(llama):
    spec = family("rlhflow").spec
    steps = ["system", "user", "26", "+", "  5 \n"]
    one = encode(llama, spec, steps)
    before = [llama.decode(one.ids[mark - 1 : mark + 2]) for mark in one.marks]
    assert before == ["<|end_header_id|>\n\n+"] * 5
    assert len(set(one.marks)) == 5


def test_minus_one_reads_the_token_before_the_answer(llama):
    one = encode(llama, family("rlhflow").spec, ["2 + 3 = 5", "so 5"])
    assert [llama.decode([one.ids[mark]]) for mark in one.marks] == ["\n\n"] * 2
    at = encode(llama, replace(family("rlhflow").spec, read_offset=0), ["2 + 3 = 5", "so 5"])
    assert [llama.decode([at.ids[mark]]) for mark in at.marks] == ["+"] * 2


@pytest.mark.parametrize(
    ("name", "marker"),
    [("qwen2.5-math-prm", "<extra_0>"), ("math-shepherd", " ки"), ("pqm", "[PRM]"), ("pure", "\n")],
)
def test_a_marker_written_by_the_solver_is_not_read(qwen, name, marker):
    spec = family(name).spec
    one = encode(qwen, spec, [f"5{marker}6", "so", f"{marker}"])
    assert len(set(one.marks)) == 3
    assert [qwen.decode([one.ids[mark]]).strip() for mark in one.marks] == [marker.strip()] * 3
    ends = [len(encode(qwen, spec, [f"5{marker}6", "so", f"{marker}"][: k + 1]).ids) for k in range(3)]
    if spec.template == "raw":
        assert [mark + 1 for mark in one.marks] == ends


def test_a_heading_is_not_written_twice(qwen):
    spec = family("math-shepherd").spec
    assert text(qwen, spec, ["Step 1: a", "b", " step 3. c"]) == (
        "2 + 3? Step 1: a ки\nStep 2: b ки\n step 3. c ки"
    )


class TestBrokenFolders:
    def test_no_spec_says_what_to_do_and_never_chooses(self, tiny, qwen, tmp_path):
        folder = qwen_head(tiny, tmp_path / "q", qwen)
        with pytest.raises(CheckpointError, match="nothing says how") as told:
            load_prm(folder)
        assert "look like qwen2.5-math-prm" in str(told.value)
        assert all(name in str(told.value) for name in families())
        assert "read_offset" in str(told.value)
        with pytest.raises(UnknownNameError, match="did you mean 'skywork'"):
            load_prm(folder, spec="skyworks")

    @pytest.mark.parametrize("name", ["visualprm", "vl-prm", "ursa"])
    def test_remote_code_stays_off(self, tiny, qwen, tmp_path, name):
        with pytest.raises(CheckpointError, match=r"cannot be opened: .*(stays off|not known)"):
            load_prm(qwen_head(tiny, tmp_path / "q", qwen), spec=name)

    def test_code_of_the_checkpoint_is_not_run(self, tiny, qwen, tmp_path):
        folder = qwen_head(tiny, tmp_path / "q", qwen)
        (folder / "modeling_evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
        config = (folder / "config.json").read_text()
        (folder / "config.json").write_text(
            config.replace(
                "{", '{"auto_map": {"AutoModel": "modeling_evil.M", "AutoConfig": "modeling_evil.C"},', 1
            )
        )
        load_prm(folder, spec="qwen2.5-math-prm")
        assert not (tmp_path / "ran").exists()

    def test_missing_marker(self, tiny, bare, tmp_path):
        folder = tiny.checkpoint(tmp_path / "bare", "llama", bare)
        for name in ("pqm", "qwen2.5-math-prm"):
            with pytest.raises(CheckpointError, match="cannot write the marker"):
                load_prm(folder, spec=name)

    def test_missing_tensors(self, tiny, qwen, tmp_path):
        folder = tiny.checkpoint(tmp_path / "plain", "qwen", qwen)
        with pytest.raises(CheckpointError, match=r"no tensor 'v_head.summary.weight'"):
            load_prm(folder, spec="skywork")
        state = load_file(folder / "model.safetensors")
        state.pop("model.norm.weight")
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(CheckpointError, match=r"lack 'norm.weight'"):
            load_prm(folder, spec="openr")
        state.pop("lm_head.weight")
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(CheckpointError, match="lack"):
            load_prm(folder, spec="openr")

    def test_missing_vocabulary_matrix(self, tiny, llama, tmp_path):
        folder = tiny.checkpoint(tmp_path / "plain", "llama", llama)
        state = load_file(folder / "model.safetensors")
        state.pop("lm_head.weight")
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(CheckpointError, match=r"no tensor 'lm_head.weight'"):
            load_prm(folder, spec="er-prm")

    def test_a_head_of_another_width(self, tiny, qwen, tmp_path):
        with pytest.raises(
            CheckpointError, match=r"model.safetensors: .*score.0.weight' has shape \(32, 16\)"
        ):
            load_prm(qwen_head(tiny, tmp_path / "narrow", qwen, width=16), spec="qwen2.5-math-prm")
        with pytest.raises(CheckpointError, match="3 outputs per token, the spec reads 2"):
            load_prm(qwen_head(tiny, tmp_path / "three", qwen, classes=3), spec="qwen2.5-math-prm")
        with pytest.raises(CheckpointError, match="1 outputs per token, the spec reads 2"):
            load_prm(tiny.classifier(tmp_path / "one", qwen, 1), spec="pure")

    @pytest.mark.parametrize(
        ("name", "tensor"), [("skywork", "v_head.summary.bias"), ("openr", "lm_head.weight")]
    )
    def test_nan_in_a_head(self, tiny, qwen, tmp_path, name, tensor):
        extra = {"v_head.summary.weight": tiny.draw(1, 32), "v_head.summary.bias": tiny.draw(1)}
        folder = tiny.checkpoint(tmp_path / "nan", "qwen", qwen, extra)
        state = load_file(folder / "model.safetensors")
        state[tensor][:] = float("nan")
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(CheckpointError, match=f"{tensor}'.*NaN or infinity"):
            load_prm(folder, spec=name)

    def test_pickled_heads_are_never_opened(self, tiny, qwen, tmp_path):
        folder = tiny.checkpoint(tmp_path / "flux", "qwen", qwen)
        (folder / "reward_head.pt").write_bytes(b"cos\nsystem\n(S'touch /tmp/ran'\ntR.")
        with pytest.raises(CheckpointError, match=r"reward_head.pt is pickled") as told:
            load_prm(folder, spec="reasonflux-1.5b")
        assert "prmkit prm convert" in str(told.value)

    def test_a_spec_of_ones_own_reads_one_output(self, tiny, qwen, tmp_path):
        folder = tiny.classifier(tmp_path / "one", qwen, 1)
        prm = load_prm(folder, spec=PRMSpec(name="mine", marker="\n", link="sigmoid"))
        assert prm.head == "scalar"
        assert 0 < prm.score_steps("2 + 3?", [["5"]])[0][0] < 1

    def test_an_adapter_alone_is_no_model(self, tmp_path):
        (tmp_path / "adapter_config.json").write_text("{}")
        with pytest.raises(CheckpointError, match="holds an adapter") as told:
            load_prm(tmp_path, spec="openr")
        assert "merge" in str(told.value)

    def test_tokens_that_are_not_one_token(self, qwen):
        assert token_ids(qwen, ["correct", "incorrect"], whole=False) == [
            qwen.convert_tokens_to_ids(one) for one in ("co", "in")
        ]
        with pytest.raises(CheckpointError, match="'correct' is"):
            token_ids(qwen, ["correct", "+"])
        with pytest.raises(CheckpointError, match="same token"):
            token_ids(qwen, ["correct", "coin"], whole=False)

    def test_saving_a_public_checkpoint_is_refused(self, tiny, qwen, tmp_path):
        prm = load_prm(qwen_head(tiny, tmp_path / "q", qwen), spec="qwen2.5-math-prm")
        with pytest.raises(ConfigError, match="cannot be saved again"):
            prm.save(tmp_path / "again")

    def test_half_precision(self, tiny, qwen, tmp_path):
        folder = qwen_head(tiny, tmp_path / "q", qwen)
        half = load_prm(folder, spec="qwen2.5-math-prm", dtype="bfloat16")
        assert {one.dtype for one in half.module.parameters()} == {torch.bfloat16}
        full = load_prm(folder, spec="qwen2.5-math-prm")
        assert half.score_steps("2 + 3?", [["5"]])[0] == pytest.approx(
            full.score_steps("2 + 3?", [["5"]])[0], abs=0.1
        )


def test_every_family_is_whole():
    names = set(families())
    wanted = (
        "trl math-shepherd rlhflow qwen2.5-math-prm skywork reasonflux reasonflux-1.5b thinkprm genprm eurus"
    )
    wanted += " implicit-prm llemma-prm800k fover saffron pure er-prm pqm reasoneval openr multi-rm visualprm"
    assert {*wanted.split(), "vl-prm", "ursa"} <= names
    assert sum(one.spec.status == "verified" and not one.missing for one in families().values()) >= 18
    for one in families().values():
        assert one.summary
        assert one.source
        assert one.checkpoints
        assert bool(one.processbench) == bool(one.figures)
    unverified = {one.name for one in families().values() if one.spec.status == "unverified"}
    assert unverified == {"thinkprm", "visualprm", "vl-prm"}
