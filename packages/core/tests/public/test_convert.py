"""Pickled heads to safetensors; the host never unpickles."""

import ast
import contextlib
import io
import pickle
import shutil
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from prmkit import load_prm
from prmkit.errors import CheckpointError
from prmkit.model.convert import INSIDE, convert
from prmkit.verify.sandbox import SandboxPool
from prmkit.verify.sandbox.image import cache_folder


class Here:
    """Runs the sandbox's own code in this process, for files that this test wrote."""

    def run(self, code, inputs=None, limits=None):
        tree = ast.parse(code)
        last = ast.Expression(tree.body.pop().value)
        names = dict(inputs)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(tree, "inside", "exec"), names)
                value = eval(compile(last, "inside", "eval"), names)
        except Exception as error:
            return SimpleNamespace(status="error", exception=f"{type(error).__name__}: {error}", value=None)
        return SimpleNamespace(status="ok", exception=None, value=value)


class Says:
    """A sandbox that was taken over."""

    def __init__(self, value):
        self.value = value

    def run(self, code, inputs=None, limits=None):
        return SimpleNamespace(status="ok", exception=None, value=self.value)


class Touch:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_a_head_is_taken_over_and_then_read(tiny, qwen, tmp_path):
    folder = tiny.checkpoint(tmp_path / "flux", "qwen", qwen)
    head = {"weight": tiny.draw(1, 32), "bias": tiny.draw(1)}
    torch.save(head, folder / "reward_head.pt")
    torch.save({"any": 1}, folder / "training_args.bin")
    [(old, new)] = convert(folder, pool=Here())
    assert (old.name, new.name) == ("reward_head.pt", "reward_head.safetensors")
    found = load_file(new)
    assert torch.equal(found["reward_head.weight"], head["weight"])
    assert torch.equal(found["reward_head.bias"], head["bias"])
    prm = load_prm(folder, spec="reasonflux-1.5b")
    assert 0 < prm.score_steps("2 + 3?", [["5"]])[0][0] < 1
    assert old.exists()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.bool, torch.int64])
def test_types_and_names(tmp_path, dtype):
    (tmp_path / "m").mkdir()
    mask = torch.tensor([[0, 1, 1], [1, 0, 0]]).to(dtype)
    torch.save(mask.t(), tmp_path / "m" / "unseen_mask.pt")
    torch.save({"v_head.summary.weight": mask, "empty": torch.empty(0, 3)}, tmp_path / "m" / "value_head.bin")
    convert(tmp_path / "m", pool=Here())
    assert torch.equal(load_file(tmp_path / "m" / "unseen_mask.safetensors")["unseen_mask"], mask.t())
    heads = load_file(tmp_path / "m" / "value_head.safetensors")
    assert torch.equal(heads["v_head.summary.weight"], mask)
    assert heads["empty"].shape == (0, 3)


def test_hostile_files_are_refused(tmp_path):
    folder = tmp_path / "m"
    folder.mkdir()
    with pytest.raises(CheckpointError, match="no pickled heads"):
        convert(folder, pool=Here())
    with pytest.raises(CheckpointError, match="no such model folder"):
        convert(tmp_path / "none", pool=Here())
    (folder / "head.pt").write_bytes(pickle.dumps(Touch(tmp_path / "ran"), protocol=2))
    with pytest.raises(CheckpointError, match="holds more than tensors"):
        convert(folder, pool=Here())
    assert not (tmp_path / "ran").exists()
    torch.save({"weight": torch.tensor([float("nan")])}, folder / "head.pt")
    with pytest.raises(CheckpointError, match="NaN or infinity"):
        convert(folder, pool=Here())
    assert not (folder / "head.safetensors").exists()


@pytest.mark.parametrize(
    "told",
    [
        {"w": ["float32", [2], "AAAA"]},
        {"w": ["float32", [-1], ""]},
        {"w": ["object", [1], "AAAAAA=="]},
        {"w": ["float32", [1], "not base64!"]},
        {"w": ["float32", [True, 1.5], "AAAAAA=="]},
        {"../w\n": ["float32", [1], "AAAAAA=="]},
        {"w": 3},
        [1],
        None,
    ],
)
def test_what_a_sandbox_says_is_not_believed(tmp_path, told):
    (tmp_path / "head.pt").write_bytes(b"x")
    with pytest.raises(CheckpointError):
        convert(tmp_path, pool=Says(told))
    assert not (tmp_path / "head.safetensors").exists()


def built() -> bool:
    """Whether the sandbox's copy of torch is there: the first one takes minutes."""
    with contextlib.suppress(Exception):
        return shutil.which("bwrap") is not None and any(cache_folder().glob("*/site/torch"))
    return False


@pytest.mark.skipif(
    not built(), reason="prmkit prm convert was never run here: building its sandbox takes minutes"
)
def test_in_the_real_sandbox(tmp_path):
    (tmp_path / "m").mkdir()
    torch.save({"weight": torch.ones(1, 4)}, tmp_path / "m" / "head.pt")
    (tmp_path / "m" / "evil.pt").write_bytes(pickle.dumps(Touch(tmp_path / "ran"), protocol=2))
    with SandboxPool(imports=("torch",)) as pool:
        assert pool.run(INSIDE, {"data": ""}).status == "error"
        with pytest.raises(CheckpointError, match=r"evil.pt: the file holds more than tensors"):
            convert(tmp_path / "m", pool=pool)
        (tmp_path / "m" / "evil.pt").unlink()
        [(_, new)] = convert(tmp_path / "m", pool=pool)
    assert torch.equal(load_file(new)["head.weight"], torch.ones(1, 4))
    assert not (tmp_path / "ran").exists()
