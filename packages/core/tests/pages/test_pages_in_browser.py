"""The pages in a real browser: they draw, they are quiet, their filters work."""

import os
import re
import shutil
import subprocess

import pytest

from prmkit.report import view
from prmkit.report.check import check_file, page
from prmkit.report.html import build_report

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--v=0",
)


@pytest.fixture(scope="session")
def chromium():
    """Path of a Chromium; its absence skips the test, but fails it where CI=true."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        stop = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        stop("no Chromium on PATH: apt-get install -y --no-install-recommends chromium")
    return found


@pytest.fixture
def browse(chromium, tmp_path):
    """Opens a page; gives what the console said, and the DOM or the picture."""

    def run(file, *flags):
        command = [chromium, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *flags, f"file://{file}"]
        done = subprocess.run(command, capture_output=True, timeout=90, check=True)
        log = done.stderr.decode("utf-8", "replace")
        return [line for line in log.splitlines() if "CONSOLE" in line], done.stdout.decode(
            "utf-8", "replace"
        )

    return run


@pytest.fixture(scope="module")
def pages(tmp_path_factory, write_run):
    """The three pages as files; the linter's page is made by each test that needs it."""
    folder = tmp_path_factory.mktemp("pages")
    return {"report": build_report([write_run(folder / "math-demo")], folder / "report")}


@pytest.fixture
def view_page(tmp_path, shown):
    path = tmp_path / "view.html"
    path.write_text(view.page([shown(i, hostile=i % 7 == 1) for i in range(120)], "Traces"), encoding="utf-8")
    return path


@pytest.fixture
def check_page(tmp_path, fake_domain):
    log = tmp_path / "log.txt"
    log.write_text("User: 1 and 1?\nAssistant: So 1 + 1 = 3 apples.\n\nDone.\n")
    path = tmp_path / "check.html"
    path.write_text(page(check_file(str(log)), "Checked"), encoding="utf-8")
    return path


def picture(browse, file, tmp_path, *, width, height=1000, dark=False):
    """Screenshot as an image, after a quiet console."""
    image = pytest.importorskip("PIL.Image", reason="Pillow comes with prmkit[plot]")
    shot = tmp_path / "shot.png"
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    said, _ = browse(file, scheme, f"--window-size={width},{height}", f"--screenshot={shot}")
    assert said == []
    drawn = image.open(shot).convert("L")
    assert drawn.size == (width, height)
    assert len(set(drawn.getdata())) > 40  # an empty page has a handful of greys
    return drawn


@pytest.mark.parametrize(("width", "dark"), [(1200, False), (1200, True), (420, False)])
def test_the_report_draws_in_light_dark_and_narrow(browse, pages, tmp_path, width, dark):
    drawn = picture(browse, pages["report"], tmp_path, width=width, dark=dark)
    ground = drawn.getpixel((3, 500))
    assert ground < 60 if dark else ground > 230


def test_the_report_has_no_sideways_scroll_on_a_narrow_screen(browse, pages, tmp_path):
    page = tmp_path / "narrow.html"
    fits = "document.documentElement.scrollWidth <= innerWidth"
    probe = f"<script>document.title = {fits} ? 'fits' : 'wide'</script>"
    page.write_text(pages["report"].read_text().replace("</body>", f"{probe}</body>"))
    said, dom = browse(page, "--window-size=500,900", "--dump-dom")
    assert said == []
    assert "<title>fits</title>" in dom


@pytest.mark.parametrize("dark", [False, True])
def test_the_traces_draw(browse, view_page, tmp_path, dark):
    picture(browse, view_page, tmp_path, width=1200, dark=dark)


def test_the_linters_page_draws(browse, check_page, tmp_path):
    picture(browse, check_page, tmp_path, width=900)


def test_filters_and_search_of_the_traces_work(browse, view_page, tmp_path):
    script = """<script>
    const out = [];
    const note = () => out.push(document.getElementById('count').textContent + ' / '
      + document.querySelector('#detail h2')?.textContent);
    const set = (id, value, event) => {
      const e = document.getElementById(id);
      e.value = value;
      e.dispatchEvent(new Event(event));
      note();
    };
    note();
    set('filter', 'prm_gold', 'change');
    set('filter', '', 'change');
    set('search', 'trace-0042', 'input');
    set('search', 'no such words', 'input');
    set('search', '', 'input');
    document.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true })); note();
    document.getElementById('next').click();
    const all = (where) => document.querySelectorAll(where);
    out.push(all('#list li').length, all('#list .id')[0].textContent);
    out.push(all('#detail mark').length, all('#detail img').length);
    document.title = out.join(' | ');
    </script>"""
    page = tmp_path / "driven.html"
    page.write_text(
        view_page.read_text(encoding="utf-8").replace("</body>", f"{script}</body>"), encoding="utf-8"
    )
    said, dom = browse(page, "--dump-dom")
    assert said == []
    told = re.search(r"<title>(.*?)</title>", dom, re.DOTALL)[1].split(" | ")
    assert told[0] == "120 shown / trace-0000"
    assert re.fullmatch(r"\d+ of 120 shown / trace-0000", told[1])
    assert 0 < int(told[1].split()[0]) < 120
    assert told[2] == told[0]
    assert told[3] == "1 of 120 shown / trace-0042"
    assert told[4].startswith("0 of 120 shown / undefined")
    assert told[6] == "120 shown / trace-0001"
    assert told[7:9] == ["40", "trace-0040right"]
    assert (int(told[9]) > 0, told[10]) == (True, "0")


def test_a_noisy_page_is_noticed(browse, tmp_path):
    loud = tmp_path / "loud.html"
    loud.write_text("<script>undefinedName()</script>")
    said, _ = browse(loud, "--dump-dom")
    assert said
