"""Everything that README and docs show is run, page by page, in an empty folder."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted(ROOT.glob("*/*/README.md"))]
FENCE = re.compile(r"^```(bash|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# The two set-up commands would recurse; installing from an index needs a network.
NOT_RUN = re.compile(
    r"^(make (demo|test|env|check|bench|docs)\b|git clone |cd prmkit\b|pip install |export )"
)

# Each block has names of its own; what they import is loaded once.
EACH_ALONE = """
import sys
for code in sys.argv[1:]:
    exec(compile(code, "<page>", "exec"), {"__name__": "__main__"})
"""
STARTS = {"python": [sys.executable, "-c", EACH_ALONE], "bash": ["bash", "-euo", "pipefail", "-c"]}


def snippets(page: Path) -> list[tuple[str, str]]:
    """(language, code) of each block, without the lines that cannot run inside a test."""
    found = []
    for language, code in FENCE.findall(page.read_text(encoding="utf-8")):
        if language == "bash":
            lines = [line for line in code.splitlines() if not NOT_RUN.match(line)]
            code = "\n".join(lines)
        if code.strip():
            found.append((language, code))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_page_runs(page: Path, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path / "hf"),
    }
    for language, blocks in itertools.groupby(snippets(page), key=lambda block: block[0]):
        codes = [code for _, code in blocks]
        done = subprocess.run(
            [*STARTS[language], *(codes if language == "python" else ["\n".join(codes)])],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300 * len(codes),
        )
        assert done.returncode == 0, f"{codes}\n--- printed:\n{done.stdout[-2000:]}{done.stderr[-3000:]}"


def test_readme_shows_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in text
    assert "make test" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_inside_the_tree_resolve(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target} does not exist"
