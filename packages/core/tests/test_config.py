"""Settings: YAML to dataclass and back; what is wrong is named by its path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from prmkit.config import fill, from_mapping, load, override, parse, save
from prmkit.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Optimiser:
    lr: float = 1e-4
    kind: Literal["adamw", "sgd"] = "adamw"

    def __post_init__(self) -> None:
        if self.lr <= 0:
            raise ConfigError(f"a learning rate of {self.lr}", do="give a number > 0", field="lr")


@dataclass(frozen=True, slots=True)
class Training:
    backbone: str
    epochs: int = 3
    soft: bool = True
    limit: int | None = None
    layers: tuple[int, ...] = (1, 2)
    optimiser: Optimiser = field(default_factory=Optimiser)
    stages: tuple[Optimiser, ...] = ()
    options: Mapping[str, float] = field(default_factory=dict)
    batch: int | Literal["auto"] = "auto"
    words: tuple[str, str] = ("right", "wrong")
    span: tuple[str, float] = ("all", 1.0)


def test_every_default_is_written_out() -> None:
    config = from_mapping(Training, {"backbone": "tiny"})
    assert fill(config) == {
        "backbone": "tiny",
        "epochs": 3,
        "soft": True,
        "limit": None,
        "layers": [1, 2],
        "optimiser": {"lr": 1e-4, "kind": "adamw"},
        "stages": [],
        "options": {},
        "batch": "auto",
        "words": ["right", "wrong"],
        "span": ["all", 1.0],
    }
    assert from_mapping(Training, fill(config)) == config


@pytest.mark.parametrize(
    ("data", "field_", "words"),
    [
        ({"backbone": "x", "epoch": 3}, "epoch", "did you mean 'epochs'"),
        ({"backbone": "x", "optimiser": {"rate": 1}}, "optimiser.rate", "known: lr, kind"),
        ({}, "backbone", "needs 'backbone'"),
        ({"backbone": 7}, "backbone", "not a string"),
        ({"backbone": "x", "epochs": "three"}, "epochs", "a whole number"),
        ({"backbone": "x", "epochs": 2.5}, "epochs", "a whole number"),
        ({"backbone": "x", "epochs": True}, "epochs", "true/false"),
        ({"backbone": "x", "soft": 1}, "soft", "true or false"),
        ({"backbone": "x", "layers": 3}, "layers", "a list"),
        ({"backbone": "x", "layers": [1, "b"]}, "layers[1]", "a whole number"),
        ({"backbone": "x", "optimiser": {"kind": "adam"}}, "optimiser.kind", "'adamw', 'sgd'"),
        ({"backbone": "x", "optimiser": {"lr": -1}}, "optimiser.lr", "give a number > 0"),
        ({"backbone": "x", "stages": [{}, {"lr": "big"}]}, "stages[1].lr", "not a number"),
        ({"backbone": "x", "options": {"a": None}}, "options.a", "not a number"),
        ({"backbone": "x", "batch": "all"}, "batch", "a whole number"),
        ({"backbone": "x", "words": ["yes"]}, "words", "a list of 2 entries"),
        ({"backbone": "x", "words": ["yes", 0]}, "words[1]", "not a string"),
        ({"backbone": "x", "span": ["1e-4", "far"]}, "span[1]", "not a number"),
    ],
)
def test_mistakes_are_named_by_path(data: dict, field_: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        from_mapping(Training, data)
    assert caught.value.field == field_
    assert words in str(caught.value)


def test_numbers_as_people_write_them() -> None:
    data = parse("backbone: x\noptimiser: {lr: 1e-5}\noptions: {a: 3}\nstages: [{lr: 2E3}]\nbatch: 4\n")
    config = from_mapping(Training, data)
    assert (config.optimiser.lr, config.options["a"], config.stages[0].lr, config.batch) == (
        1e-5,
        3.0,
        2e3,
        4,
    )
    assert from_mapping(Training, {"backbone": "1e5"}).backbone == "1e5"  # text stays text


def test_overrides() -> None:
    data = {"backbone": "x", "optimiser": {"lr": 0.1}}
    changed = override(data, ["optimiser.lr=1e-3", "layers=[4, 5]", "limit=null", "backbone=a=b", "new.x=1"])
    assert changed["optimiser"]["lr"] == "1e-3"
    assert changed["layers"] == [4, 5]
    assert changed["limit"] is None
    assert changed["backbone"] == "a=b"
    assert data == {"backbone": "x", "optimiser": {"lr": 0.1}}
    for wrong in ("epochs", "=3", "a..b=1", "backbone.x=1", "a=[1"):
        with pytest.raises(ConfigError):
            override(data, [wrong])


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    save(Training("tiny", epochs=5), path)
    assert load(Training, path) == Training("tiny", epochs=5)
    assert load(Training, path, sets=["epochs=7"]).epochs == 7
    path.write_text("backbone: x\nepochs: many\n")
    with pytest.raises(ConfigError) as caught:
        load(Training, path)
    assert (caught.value.file, caught.value.field) == (str(path), "epochs")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(Training, tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1", "not YAML"),
        ("- a\n- b", "a config is a mapping"),
        ("a: 1\nb: 2\na: 3\n", "key 'a' stands twice (line 3)"),
        ("a: !!python/object/apply:os.system ['echo']", "not YAML"),
    ],
)
def test_unreadable_texts(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert words in str(caught.value)
    assert parse("") == {}


@given(
    st.builds(
        Training,
        st.text(),
        epochs=st.integers(),
        soft=st.booleans(),
        limit=st.none() | st.integers(),
        layers=st.lists(st.integers(), max_size=3).map(tuple),
        optimiser=st.builds(Optimiser, st.floats(1e-12, 1e6), st.sampled_from(["adamw", "sgd"])),
        options=st.dictionaries(st.text(), st.floats(-1e6, 1e6), max_size=2),
        batch=st.integers() | st.just("auto"),
        words=st.tuples(st.text(), st.text()),
    )
)
def test_yaml_gives_the_same_settings_back(config: Training) -> None:
    assert from_mapping(Training, parse(yaml.safe_dump(fill(config), allow_unicode=True))) == config
