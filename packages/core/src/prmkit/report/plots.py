"""Figures as small inline SVG that takes its colours and fonts from the page.

matplotlib draws with stand-in colours that become CSS variables, so that one figure serves
light, dark and print. Without matplotlib (extra ``plot``) every function returns None, and the
page says so.
"""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from prmkit.report.tables import Estimate

mpl: Any
try:
    import matplotlib as mpl
    from matplotlib.figure import Figure as Canvas
except ImportError:  # the light install has no plots
    mpl = None

INK, SOFT, LINE, PAPER = "#000001", "#000002", "#000003", "#000004"
SERIES = tuple(f"#00010{i}" for i in range(8))
MARKERS = "osD^vPX*"
LABEL = 40
"""Characters of a line below an axis."""
"""A marker per series, so that lines can be told apart without colour."""
_VARIABLES = {INK: "--ink", SOFT: "--soft", LINE: "--line", PAPER: "--paper"} | {
    colour: f"--c{i}" for i, colour in enumerate(SERIES)
}
SLOT = "@@"
"""Stands before every id of a figure; the page puts the figure's number in its place."""
_RC = {
    "svg.fonttype": "none",
    "font.size": 9,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": LINE,
    "axes.labelcolor": SOFT,
    "axes.facecolor": "none",
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "figure.facecolor": "none",
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "text.parse_math": False,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawn figure with words for those who cannot see it."""

    svg: str
    title: str
    caption: str = ""

    def numbered(self, number: int) -> str:
        """The drawing with ids that no other figure of the page has."""
        return self.svg.replace(SLOT, f"f{number}-")


class Point(NamedTuple):
    """One point of a curve with its interval."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None


class Bin(NamedTuple):
    """One bin of a reliability diagram."""

    predicted: float
    """Mean score of the bin."""
    observed: float
    """Share of right steps in it."""
    n: int = 0
    low: float | None = None
    high: float | None = None


def available() -> bool:
    """Whether matplotlib is installed."""
    return mpl is not None


def _draw(
    title: str,
    size: tuple[float, float],
    paint: Callable[[Any], None],
    caption: str = "",
    columns: int = 1,
    rows: int = 1,
) -> Figure | None:
    """Run ``paint`` on fresh axes and return the figure, or None without matplotlib."""
    if mpl is None:
        return None
    with mpl.rc_context({**_RC, "svg.hashsalt": title}):
        canvas = Canvas(figsize=size, layout="constrained")
        axes = canvas.subplots(rows, columns, sharey=columns > 1)
        paint(axes)
        out = io.StringIO()
        canvas.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    return Figure(_inline(out.getvalue(), title), title, caption)


def _inline(svg: str, title: str) -> str:
    """SVG that may stand in a page: no header, page colours, only ids that are used."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{SLOT}{m[1]}"' if m[1] in used else "", svg)
    svg = re.sub(r'(href="#|url\(#)(?=[^")]+)', lambda m: m.group() + SLOT, svg)
    # Coordinates need no more than two decimals; text between tags is left as it is.
    svg = re.sub(r"<[^>]+>", lambda tag: re.sub(r"(\d+\.\d{2})\d+", r"\1", tag.group()), svg)
    safe = title.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return re.sub(r"<svg [^>]*?(viewBox=\"[^\"]+\")[^>]*>", _opening(svg, safe), svg, count=1)


def _opening(svg: str, title: str) -> str:
    """The svg element with its size, for readers of any kind."""
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    width, height = (float(v) * 4 / 3 for v in box.groups()) if box else (480.0, 320.0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{box.group()[9:-1] if box else "0 0 360 240"}" width="{width:.0f}" height="{height:.0f}" '
        f'role="img" aria-label="{title}">'
    )


def curves(
    series: Mapping[str, Sequence[Point]],
    *,
    title: str,
    x: str,
    y: str,
    caption: str = "",
    log2: bool = False,
    chance: float | None = None,
    quiet: Sequence[str] = (),
    ticks: Sequence[str] = (),
    bands: Sequence[str] | None = None,
) -> Figure | None:
    """Lines with bands; each line is named at its right end.

    Args:
        series: Name → points in rising order of x.
        title: Title for those who cannot see it.
        x: Name of the horizontal axis.
        y: Name of the vertical axis.
        caption: What stands below.
        log2: Horizontal axis in powers of two.
        chance: Height of a dotted line for chance.
        quiet: Series drawn in grey (ceilings, floors).
        ticks: Names for x = 1, 2, 3, ...
        bands: Series whose interval is drawn, all when None: many bands hide each other.
    """
    shown = {name: points for name, points in series.items() if points}
    if not shown:
        return None

    def paint(axes: Any) -> None:
        ends: list[tuple[float, float, str, str]] = []
        colours = iter(SERIES)
        for position, (name, points) in enumerate(shown.items()):
            colour = SOFT if name in quiet else next(colours, SOFT)
            xs, ys = [p.x for p in points], [p.y for p in points]
            banded = [p for p in points if p.low is not None and p.high is not None]
            if len(banded) > 1 and name not in quiet and (bands is None or name in bands):
                axes.fill_between(
                    [p.x for p in banded], [p.low for p in banded], [p.high for p in banded],
                    color=colour, alpha=0.12, linewidth=0,
                )  # fmt: skip
            axes.plot(
                xs, ys, color=colour, linewidth=1.5, markersize=3.5, linestyle="--" if name in quiet else "-",
                marker=MARKERS[position % len(MARKERS)] if len(points) <= 24 else None,
            )  # fmt: skip
            ends.append((ys[-1], xs[-1], name, colour))
        if log2:
            axes.set_xscale("log", base=2)
            at = sorted({p.x for points in shown.values() for p in points})
            axes.set_xticks(at, [f"{x:g}" for x in at])
            axes.minorticks_off()
        elif ticks:
            axes.set_xticks(range(1, len(ticks) + 1), ticks)
        if chance is not None:
            axes.axhline(chance, color=SOFT, linewidth=0.8, linestyle=":")
            axes.annotate("chance", (0, chance), xycoords=("axes fraction", "data"), xytext=(3, 3),
                          textcoords="offset points", fontsize=8, color=SOFT)  # fmt: skip
        axes.grid(axis="y")
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        _name_ends(axes, ends)

    return _draw(title, (6.4, 3.3), paint, caption)


def multiples(
    panels: Mapping[str, Mapping[str, Sequence[Point]]],
    *,
    title: str,
    x: str,
    y: str,
    caption: str = "",
    quiet: Sequence[str] = (),
    across: int = 3,
) -> Figure | None:
    """Small panels of curves under one legend; a series has one colour and marker in all of them.

    Args:
        panels: Panel → series → points; every panel names the same series, some of them empty.
        title: Title for those who cannot see it.
        x: Name of the horizontal axis, in powers of two.
        y: Name of the vertical axis, which all panels share.
        caption: What stands below.
        quiet: Series drawn in grey (ceilings, floors).
        across: Most panels in a row.
    """
    if not panels:
        return None
    columns = min(across, len(panels))
    rows = -(-len(panels) // columns)

    def paint(axes: Any) -> None:
        grid = [axes] if columns == rows == 1 else list(axes.flat)
        handles: dict[str, Any] = {}
        for ax, (name, series) in zip(grid, panels.items(), strict=False):
            for place, (who, points) in enumerate(series.items()):
                if points:
                    (handles[who],) = ax.plot(
                        [p.x for p in points], [p.y for p in points], linewidth=1.4, markersize=3,
                        color=SOFT if who in quiet else SERIES[place], marker=MARKERS[place],
                        linestyle="--" if who in quiet else "-",
                    )  # fmt: skip
            ax.set_xscale("log", base=2)
            at = sorted({p.x for points in series.values() for p in points})
            ax.set_xticks(few := [x for x in at if x in (1, 2, 4, 8, 16, 32, 64, 128) or len(at) < 4])
            ax.set_xticklabels([f"{one:g}" for one in few])
            ax.minorticks_off()
            ax.grid(axis="y")
            ax.set_title(name, fontsize=9, color=INK, loc="left")
        for ax in grid[len(panels) :]:
            ax.set_axis_off()
        grid[0].figure.supxlabel(x, fontsize=9, color=SOFT)
        grid[0].figure.supylabel(y, fontsize=9, color=SOFT)
        grid[0].figure.legend(
            handles.values(), handles, loc="outside upper left", ncols=6, frameon=False, fontsize=8.5,
            labelcolor=INK,
        )  # fmt: skip

    return _draw(title, (2.9 * columns + 0.5, 2.3 * rows + 0.6), paint, caption, columns, rows)


def _name_ends(axes: Any, ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Write each line's name right of its last point, moved apart where they would overlap."""
    low, high = axes.get_ylim()
    gap = (high - low) * 0.062
    placed = float("-inf")
    for height, at, name, colour in sorted(ends):
        placed = max(height, placed + gap)
        axes.annotate(
            name, (at, height), xytext=(1.02, placed), textcoords=("axes fraction", "data"), color=colour,
            fontsize=8.5, va="center", annotation_clip=False,
        )  # fmt: skip


def forest(
    panels: Mapping[str, Mapping[str, Estimate]],
    *,
    title: str,
    caption: str = "",
    zero: bool = False,
    accent: Sequence[str] = (),
    quiet: Sequence[str] = (),
    worse: Sequence[str] = (),
) -> Figure | None:
    """Intervals as bars, one panel per metric, one row per name.

    Args:
        panels: Metric → row name → estimate.
        title: Title for those who cannot see it.
        caption: What stands below.
        zero: Draw a line at zero, for differences.
        accent: Rows drawn in the first colour.
        worse: Rows drawn in the second colour, as squares.
        quiet: Rows drawn hollow (ceilings).
    """
    names = list(dict.fromkeys(name for panel in panels.values() for name in panel))
    if not names:
        return None

    def paint(axes: Any) -> None:
        grid = [axes] if len(panels) == 1 else list(axes)
        for ax, (metric, panel) in zip(grid, panels.items(), strict=True):
            for height, name in enumerate(reversed(names)):
                found = panel.get(name)
                if found is None:
                    continue
                colour = SERIES[0] if name in accent else SERIES[1] if name in worse else SOFT
                if found.interval:
                    ax.plot([found.low, found.high], [height, height], color=colour, linewidth=1.6)
                ax.plot(
                    [found.value], [height], linestyle="none", markersize=5, color=colour,
                    marker="s" if name in worse else "o", markerfacecolor=PAPER if name in quiet else colour,
                )  # fmt: skip
            ax.set_yticks(range(len(names)), list(reversed(names)))
            ax.tick_params(axis="y", labelcolor=INK)
            ax.set_ylim(-0.6, len(names) - 0.4)
            ax.grid(axis="x")
            ax.spines["left"].set_visible(False)
            ax.set_xlabel(textwrap.fill(metric, LABEL))
            ax.locator_params(axis="x", nbins=5)
            if zero:
                ax.axvline(0, color=INK, linewidth=0.9)

    wide = 3.6 if len(panels) == 1 else 0.0
    more = max(len(textwrap.wrap(metric, LABEL)) for metric in panels) - 1
    return _draw(
        title,
        (max(2.7 + wide, 1.6 + 2.5 * len(panels)), 0.6 + 0.27 * len(names) + 0.16 * more),
        paint,
        caption,
        len(panels),
    )


def reliability(series: Mapping[str, Sequence[Bin]], *, title: str, caption: str = "") -> Figure | None:
    """Mean score against the share of right steps; a calibrated scorer lies on the diagonal."""
    shown = {name: bins for name, bins in series.items() if bins}
    if not shown:
        return None

    def paint(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, linestyle=":")
        for position, (name, bins) in enumerate(shown.items()):
            colour = SERIES[position % len(SERIES)]
            for b in bins:
                if b.low is not None and b.high is not None:
                    axes.plot(
                        [b.predicted, b.predicted], [b.low, b.high], color=colour, linewidth=1, alpha=0.5
                    )
            axes.plot(
                [b.predicted for b in bins], [b.observed for b in bins], color=colour, linewidth=1.3,
                marker=MARKERS[position % len(MARKERS)], markersize=4, label=name,
            )  # fmt: skip
        axes.set(
            xlim=(-0.02, 1.02),
            ylim=(-0.02, 1.02),
            xlabel="mean score of the bin",
            ylabel="share of right steps",
        )
        axes.set_aspect("equal")
        axes.grid(visible=True)
        axes.legend(frameon=False, fontsize=8.5, loc="upper left", labelcolor="linecolor")

    return _draw(title, (4.4, 3.6), paint, caption)
