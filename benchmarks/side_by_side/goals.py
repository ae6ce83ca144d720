"""The lines of "Done when" of issue 8, each with its figure of this run: reached or not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.side_by_side.results import Results, Spread


@dataclass(frozen=True, kw_only=True)
class Goal:
    """`measure` gives what is held against the bound; None when it was not measured.

    The median of the ratios of the rounds decides; exactly one of `least` and `most` is given.
    """

    text: str
    measure: Callable[[Results], Spread | None]
    least: float | None = None
    most: float | None = None
    unit: str = "×"

    @property
    def bound(self) -> str:
        return f"≥ {self.least:g} {self.unit}" if self.least is not None else f"≤ {self.most:g} {self.unit}"

    def reached(self, figure: Spread) -> bool:
        if self.least is not None:
            return figure.median >= self.least
        return self.most is not None and figure.median <= self.most


def verdicts(goals: Sequence[Goal], results: Results) -> str:
    """A Markdown table."""
    lines = ["| goal | bound | measured: median [min–max] | rounds | verdict |", "|---|---|---|---|---|"]
    for goal in goals:
        figure = goal.measure(results)
        if figure is None:
            lines.append(f"| {goal.text} | {goal.bound} | – | – | not measured |")
            continue
        verdict = "reached" if goal.reached(figure) else "**not reached**"
        lines.append(
            f"| {goal.text} | {goal.bound} | {figure:.3g} {goal.unit} | {figure.rounds} | {verdict} |"
        )
    return "\n".join(lines)


def verdicts_as_json(goals: Sequence[Goal], results: Results) -> list[dict[str, object]]:
    said: list[dict[str, object]] = []
    for goal in goals:
        figure = goal.measure(results)
        facts: dict[str, object] = {
            "goal": goal.text,
            "least": goal.least,
            "most": goal.most,
            "unit": goal.unit,
        }
        if figure is not None:
            facts |= {"median": figure.median, "min": figure.least, "max": figure.most}
            facts |= {"rounds": figure.rounds, "reached": goal.reached(figure)}
        said.append(facts)
    return said
