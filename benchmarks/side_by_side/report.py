"""What a run says: a table for each case, ready to be pasted into a page, and plots."""

from benchmarks.side_by_side.plot import bars
from benchmarks.side_by_side.results import Record, Results, Spread, spread

OURS = "bridge"  # how the names of our own servers begin


def tables(results: Results, part: str) -> str:
    """All cases of a part, in Markdown."""
    return "\n\n".join(f"#### {case}\n\n{table(results, case)}" for case in results.cases(part))


def table(results: Results, case: str) -> str:
    """One line for each peer; one column of rates for each `at`, medians with least and most.

    Loads have a fixed set of columns; other figures are shown under their names.
    """
    loads = any("rate" in one.figures for one in results if one.case == case)
    if not loads:
        return _figures(results, case)
    return "\n\n".join(one for one in (_loads(results, case), _ratios(results, case)) if one)


def _loads(results: Results, case: str) -> str:
    ats, peers = results.ats(case), results.peers(case)
    head = ["server"]
    for at in ats:
        head += [f"req/s at {at}", "p50/p99 ms"]
    head += ["CPU µs/req at " + "/".join(str(at) for at in ats), "failed", "foreign cores"]
    lines = [_row(head), _row(["---"] * len(head))]
    for peer in peers:
        cells = [peer]
        for at in ats:
            cells.append(_cell(results.spread(case, peer, at, "rate")))
            p50, p99 = (results.spread(case, peer, at, name) for name in ("p50_ms", "p99_ms"))
            cells.append(f"{number(p50.median)}/{number(p99.median)}" if p50 and p99 else "–")
        cpu = [results.spread(case, peer, at, "cpu_us") for at in ats]
        cells.append(" / ".join(number(one.median) if one else "–" for one in cpu))
        mine = [one for one in results if (one.case, one.peer) == (case, peer)]
        cells.append(str(int(sum(one.figures.get("failed", 0) for one in mine))))
        foreign = spread([one.figures["foreign"] for one in mine if "foreign" in one.figures])
        cells.append(f"{foreign.median:.2f}" if foreign else "–")
        lines.append(_row(cells))
    return "\n".join(lines)


def _ratios(results: Results, case: str) -> str:
    """Rates of the bridge to everybody else's, each from one round; "" when one of both is missing."""
    peers = results.peers(case)
    ours = [one for one in peers if one.startswith(OURS)]
    others = [one for one in peers if not one.startswith(OURS)]
    if not ours or not others:
        return ""
    ats = results.ats(case)
    lines = [_row(["rate at " + "/".join(str(at) for at in ats) + " to that of", *ours])]
    lines.append(_row(["---"] * (len(ours) + 1)))
    for other in others:
        found = [[results.ratio(case, one, other, at) for at in ats] for one in ours]
        lines.append(_row([other, *(" / ".join(_cell(ratio) for ratio in row) for row in found)]))
    return "\n".join(lines)


def _figures(results: Results, case: str) -> str:
    records = [one for one in results if one.case == case]
    names = list(dict.fromkeys(name for one in records for name in one.figures))
    several = len(results.ats(case)) > 1
    lines = [_row(["what", *(["at"] if several else []), *names])]
    lines.append(_row(["---"] * (len(names) + 1 + several)))
    for peer, at in dict.fromkeys((one.peer, one.at) for one in records):
        cells = [_cell(results.spread(case, peer, at, name)) for name in names]
        lines.append(_row([peer, *([str(at)] if several else []), *cells]))
    return "\n".join(lines)


def plots(results: Results, part: str) -> dict[str, str]:
    """File name -> SVG: the rates of each case, a group of bars for each peer."""
    drawn = {}
    for index, case in enumerate(results.cases(part), 1):
        ats = results.ats(case)
        rates = {peer: [results.spread(case, peer, at, "rate") for at in ats] for peer in results.peers(case)}
        if any(any(values) for values in rates.values()):
            title = f"{case}: answers a second"
            drawn[f"{part}-{index}.svg"] = bars(title, [str(at) for at in ats], rates)
    return drawn


def number(value: float) -> str:
    """Three digits that matter."""
    if value == 0:
        return "0"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _cell(figure: Spread | None) -> str:
    if figure is None:
        return "–"
    text = number(figure.median)
    return text if figure.rounds == 1 else f"{text} [{number(figure.least)}–{number(figure.most)}]"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def progress(record: Record) -> str:
    """One line while it runs."""
    figures = record.figures
    text = f"  round {record.round + 1}  {record.case:42.42} {record.peer:38.38} at {record.at:<4}"
    if "rate" in figures:
        text += f" {figures['rate']:10.0f}/s"
        for name in ("p50_ms", "p99_ms", "cpu_us"):
            text += f"  {name} {number(figures[name])}"
    else:
        text += "  ".join(f" {name} {number(value)}" for name, value in figures.items())
    if figures.get("failed"):
        text += f"  FAILED {int(figures['failed'])}"
    return text
