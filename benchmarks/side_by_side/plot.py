"""Bars as SVG, written by hand: nothing to install, and a page shows them as they are."""

from collections.abc import Mapping, Sequence
from html import escape

from benchmarks.side_by_side.results import Spread

WIDTH, LEFT, RIGHT, BAR, GAP, TOP = 860, 300, 110, 12, 8, 56
COLOURS = ("#9db8d9", "#4f81bd", "#1f3d66", "#c0504d")


def bars(title: str, names: Sequence[str], groups: Mapping[str, Sequence[Spread | None]]) -> str:
    """A group of bars for each key, one bar for each of `names`: its median, a whisker from least to most."""
    longest = max((one.most for row in groups.values() for one in row if one), default=1.0) or 1.0
    scale = (WIDTH - LEFT - RIGHT) / longest
    height = TOP + sum(len(row) * BAR + GAP for row in groups.values()) + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="8" y="18" font-size="14" font-weight="bold">{escape(title)}</text>',
    ]
    for index, name in enumerate(names):
        x = 8 + index * 90
        parts.append(f'<rect x="{x}" y="28" width="10" height="10" fill="{COLOURS[index % len(COLOURS)]}"/>')
        parts.append(f'<text x="{x + 14}" y="37">at {escape(name)}</text>')
    y = float(TOP)
    for group, row in groups.items():
        middle = y + len(row) * BAR / 2 + 4
        parts.append(f'<text x="{LEFT - 8}" y="{middle:.0f}" text-anchor="end">{escape(group)}</text>')
        for index, one in enumerate(row):
            if one:
                parts.append(_bar(one, y, scale, COLOURS[index % len(COLOURS)]))
            y += BAR
        y += GAP
    return "\n".join([*parts, "</svg>\n"])


def _bar(one: Spread, y: float, scale: float, colour: str) -> str:
    middle, end = y + BAR / 2, LEFT + one.median * scale
    low, high = LEFT + one.least * scale, LEFT + one.most * scale
    size = f'width="{one.median * scale:.1f}" height="{BAR - 2}"'
    return (
        f'<rect x="{LEFT}" y="{y + 1:.1f}" {size} fill="{colour}"/>'
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle:.1f}" y2="{middle:.1f}" stroke="#333"/>'
        f'<text x="{max(end, high) + 5:.1f}" y="{y + BAR - 2:.1f}">{one.median:,.4g}</text>'
    )
