"""Settings: a YAML mapping to a frozen dataclass and back, every default written out.

There is no interpolation, no inheritance and no import path in a config; parts are named as they
are registered. A key that the dataclass does not know is an error that names the nearest one.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import yaml

from prmkit.errors import ConfigError, PrmkitError, RecordError
from prmkit.records import from_dict, to_dict, write_text
from prmkit.records.codec import fields_of, is_record, without_none

T = TypeVar("T")

_EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")


def from_mapping(cls: type[T], data: Mapping[str, Any]) -> T:
    """The settings of type ``cls`` that ``data`` describes; what is not given takes its default.

    Raises:
        ConfigError: A key is unknown or missing, or a value has a wrong type or range; the error's
            ``field`` is the path to it.

    Examples:
        >>> from prmkit.types import Threshold
        >>> from_mapping(Threshold, {"value": 1, "chosen_on": "fixed"})
        Threshold(value=1.0, chosen_on='fixed')
    """
    try:
        return from_dict(cls, _exponents(cls, data))
    except RecordError as error:
        raise ConfigError(error.message, do=error.do, field=error.field) from error


def fill(config: Any) -> dict[str, Any]:
    """The settings as a mapping, every default written out."""
    return to_dict(config)


def load(cls: type[T], path: str | Path, *, sets: Iterable[str] = ()) -> T:
    """Settings from a YAML file, with ``a.b=value`` overrides on top.

    Raises:
        ConfigError: The file is missing or no YAML mapping, repeats a key, or a setting is wrong.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", do="check the path", file=path) from error
    try:
        return from_mapping(cls, override(parse(text), sets))
    except PrmkitError as error:
        raise error.at(file=path) from error


def save(config: Any, path: str | Path) -> None:
    """Write the settings as YAML, every default written out.

    Raises:
        StorageError: The file cannot be written.
    """
    write_text(path, yaml.safe_dump(fill(config), sort_keys=False, allow_unicode=True, width=110))


def parse(text: str) -> dict[str, Any]:
    """The mapping in a YAML text.

    Raises:
        ConfigError: Not YAML, not a mapping, or a key given twice.
    """
    try:
        data = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise ConfigError(f"not YAML: {error}", do="correct the line it names") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"a config is a mapping, got {data!r:.60}", do="write 'name: value' lines")
    return data


def override(data: Mapping[str, Any], sets: Iterable[str]) -> dict[str, Any]:
    """A copy of ``data`` with ``a.b=value`` applied; values are read as YAML.

    Raises:
        ConfigError: An override is malformed, or goes below a value that is no mapping.

    Examples:
        >>> override({"train": {"lr": 0.1}}, ["train.lr=0.2", "train.layers=[1, 2]"])
        {'train': {'lr': 0.2, 'layers': [1, 2]}}
    """
    changed: dict[str, Any] = copy.deepcopy(dict(data))
    for text in sets:
        key, equals, raw = text.partition("=")
        names = key.strip().split(".")
        if not equals or not all(names):
            raise ConfigError(f"{text!r} sets nothing", do="write --set section.name=value")
        try:
            value = yaml.load(raw, _Loader)
        except yaml.YAMLError as error:
            raise ConfigError(f"{text!r} has no readable value", do="quote the value as in YAML") from error
        place = changed
        for name in names[:-1]:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise ConfigError(
                    f"{name!r} holds no further settings", do="drop what follows it", field=key.strip()
                )
        place[names[-1]] = value
    return changed


class _Loader(yaml.SafeLoader):
    """YAML without objects, and without a key that silently replaces an earlier one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = key_node.value
            if key in seen and key != "<<":
                raise ConfigError(
                    f"key {key!r} stands twice (line {key_node.start_mark.line + 1})", do="remove one of them"
                )
            if isinstance(key, str):
                seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _exponents(hint: Any, value: Any) -> Any:
    """YAML 1.1 reads ``1e-4`` as text; where a number is wanted it becomes one."""
    hint, _ = without_none(hint)
    if hint is float and isinstance(value, str) and _EXPONENT.fullmatch(value):
        return float(value)
    if is_record(hint) and isinstance(value, Mapping):
        known = fields_of(hint)
        return {name: _exponents(known[name][0], v) if name in known else v for name, v in value.items()}
    if get_origin(hint) is tuple and isinstance(value, list):
        first, *rest = get_args(hint)
        hints = [first] * len(value) if rest == [...] else [first, *rest]
        return [_exponents(one, item) for one, item in zip(hints, value, strict=False)]
    return value
