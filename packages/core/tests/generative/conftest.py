"""A tiny chat model of random weights whose tokenizer knows the words of the verifications used here."""

import re

import pytest

torch = pytest.importorskip("torch")

from transformers import Qwen2Config, Qwen2ForCausalLM, set_seed  # noqa: E402

from prmkit.label.critiques import Judged  # noqa: E402
from prmkit.model.spec import family  # noqa: E402
from prmkit.testkit.words import word_tokenizer  # noqa: E402
from prmkit.train.critique_rows import read_critique, variant_of  # noqa: E402
from prmkit.types import Problem, Sample, StepLabels, Trajectory  # noqa: E402

torch.set_num_threads(1)
CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPLIT = r"<\|?\w+\|?>|</\w+>| (?:Yes|No)\b|\w+|\s|."
SPECIAL = ["<|im_end|>", "<|im_start|>", "<pad>"]
GPRM = family("thinkprm").spec
GENPRM = family("genprm").spec


def said(rights, *, spec=GPRM):
    """A verification of steps that are right until one is not."""
    words = "".join(
        f"Step {i + 1}: \\boxed{{{'correct' if r else 'incorrect'}}}\n" for i, r in enumerate(rights)
    )
    return f"{words}</think>{spec.decision}{' Yes' if all(rights) else ' No'}"


def turns(rights):
    """The same with a turn for each step, as GenPRM writes it."""
    code = "<verify>\n```python\nprint(5)\n```\n[Code Output]\n\n```\n5\n```\n</verify>\n"
    return "".join(
        f"{GENPRM.opening}2 + 3 = 5\n</analyze>\n{code}{GENPRM.decision}{word}{GENPRM.closing}"
        for word in ("Yes" if right else "No" for right in rights)
    )


def make(name, rights, *, spec=GPRM, text=None):
    """A solution of steps ``ok`` and ``bad``, and its verification."""
    problem = Problem(f"p-{name}", "2 + 3?", reference="17")
    t = Trajectory.of_steps(
        name, problem.id, ["ok" if r else "bad" for r in rights], outcome=float(all(rights))
    )
    first = None if all(rights) else rights.index(False)
    labels = StepLabels.until_first_error(t, first, "test@1")
    text = text or (turns(rights) if spec.template == "chat_turns" else said(rights))
    return Judged(Sample(problem, t, labels), read_critique(t, text, spec))


@pytest.fixture(scope="session")
def tokenizer():
    gorm = variant_of(GPRM, "gorm")
    texts = [turns([True, False]), said([True, False]), "ok bad 2 + 3 ? user assistant system 1 3 4"]
    for spec in (GPRM, gorm, GENPRM):
        texts += [
            spec.before_problem,
            spec.after_problem,
            spec.heading,
            spec.after_solution,
            spec.system or "",
        ]
    words = [w for text in [*texts, " Yes No Yes No\n"] for w in re.findall(SPLIT, text, re.DOTALL)]
    return word_tokenizer(words, split=SPLIT, special=SPECIAL, eos_token="<|im_end|>", chat_template=CHAT)


@pytest.fixture(scope="session")
def network(tokenizer):
    """Builder of equal random models."""

    def build(seed=0):
        set_seed(seed)
        config = Qwen2Config(
            vocab_size=len(tokenizer),
            hidden_size=48,
            intermediate_size=96,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=1024,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=None,
            tie_word_embeddings=True,
        )
        return Qwen2ForCausalLM(config)

    return build


@pytest.fixture(scope="session")
def judged():
    """Builder of one verified solution: ``judged("a", [True, False])``."""
    return make


@pytest.fixture(scope="session")
def task():
    """Verifications of short solutions, right and wrong ones."""
    shapes = [[True], [False], [True, True], [True, False], [True, True, True], [True, True, False]]
    return [make(f"{i}", rights) for i, rights in enumerate(shapes)]
