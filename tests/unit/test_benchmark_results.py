"""The arithmetic of the bench: ratios within one round, medians, verdicts that are never bent."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2]))
from benchmarks.side_by_side.goals import Goal, verdicts, verdicts_as_json
from benchmarks.side_by_side.plot import bars
from benchmarks.side_by_side.report import number, plots, tables
from benchmarks.side_by_side.results import Results, spread

FULL = {"p50_ms": 1.0, "p99_ms": 4.0, "cpu_us": 100.0, "failed": 0.0, "foreign": 0.1}


@pytest.fixture
def results():
    """Ours 100, 200, 600 in the rounds where the peer has 100, 100, 200."""
    made = Results()
    for turn, (ours, peer) in enumerate([(100, 100), (200, 100), (600, 200)]):
        made.add("soap", "a case", "ours", 64, turn, rate=ours, **FULL)
        made.add("soap", "a case", "peer", 64, turn, rate=peer, **FULL)
        made.add("soap", "a case", "ours", 8, turn, rate=200, **FULL)
    return made


def test_a_ratio_is_taken_within_each_round_and_then_its_median(results):
    ratio = results.ratio("a case", "ours", "peer", 64)
    assert (ratio.median, ratio.least, ratio.most, ratio.rounds) == (2.0, 1.0, 3.0, 3)


def test_a_round_that_one_of_them_missed_gives_no_ratio(results):
    results.add("soap", "a case", "ours", 64, 3, rate=10_000)
    assert results.ratio("a case", "ours", "peer", 64).rounds == 3


def test_a_peer_that_was_not_measured_gives_none(results):
    assert results.ratio("a case", "ours", "nobody", 64) is None
    assert results.spread("a case", "nobody", 64, "rate") is None
    assert spread([]) is None


def test_a_peer_that_answered_nothing_gives_no_ratio(results):
    results.add("soap", "a case", "dead", 64, 0, rate=0.0)
    assert results.ratio("a case", "ours", "dead", 64) is None


def test_one_peer_is_held_against_itself_at_another_number_of_connections(results):
    assert results.ratio("a case", "ours", "ours", 64, to_at=8).median == 1.0


def test_differences_and_quotients_are_of_one_round(results):
    assert results.difference("a case", "ours", "peer", 64, "rate").median == 100
    assert results.quotient("a case", "ours", 64, "p99_ms", "p50_ms").median == 4.0


@pytest.mark.parametrize(
    ("least", "most", "verdict"),
    [
        (2.0, None, "reached"),
        (2.01, None, "**not reached**"),
        (None, 2.0, "reached"),
        (None, 1.99, "**not reached**"),
    ],
)
def test_the_median_alone_decides(results, least, most, verdict):
    goal = Goal(text="G", measure=lambda r: r.ratio("a case", "ours", "peer", 64), least=least, most=most)
    assert verdicts([goal], results).splitlines()[-1].endswith(f"| 2 [1–3] × | 3 | {verdict} |")
    assert verdicts_as_json([goal], results)[0]["reached"] == (verdict == "reached")


def test_what_was_not_measured_is_not_reached(results):
    goal = Goal(text="G", measure=lambda r: r.ratio("no case", "ours", "peer", 64), least=1.0)
    assert verdicts([goal], results).endswith("| not measured |")
    assert "reached" not in verdicts_as_json([goal], results)[0]


def test_a_table_has_a_line_for_each_server_and_says_how_much_failed(results):
    results.add("soap", "a case", "peer", 8, 0, rate=1.0, **(FULL | {"failed": 3.0}))
    lines = tables(results, "soap").splitlines()
    assert lines[0] == "#### a case"
    assert lines[-2].startswith("| ours | 200 [200–200] | 1/4 | 200 [100–600] | 1/4 | 100 / 100 | 0 |")
    assert lines[-1].startswith("| peer | 1 | 1/4 | 100 [100–200] | 1/4 | 100 / 100 | 3 |")


def test_ours_is_held_against_everybody_else_at_every_number_of_connections(results):
    results.add("soap", "a case", "bridge P", 64, 1, rate=50)
    lines = tables(results, "soap").splitlines()
    assert lines[-4:] == [
        "| rate at 8/64 to that of | bridge P |",
        "| --- | --- |",
        "| ours | – / 0.25 |",
        "| peer | – / 0.5 |",
    ]


def test_figures_that_are_no_load_stand_under_their_names():
    made = Results()
    made.add("startup", "memory", "ours", 10_000, 0, pss_mb=40.5)
    made.add("startup", "memory", "ours", 100_000, 0, pss_mb=41.0)
    lines = tables(made, "startup").splitlines()
    assert lines[2] == "| what | at | pss_mb |"
    assert lines[4:] == ["| ours | 10000 | 40.5 |", "| ours | 100000 | 41 |"]


def test_a_plot_escapes_and_shows_every_median(results):
    [(name, drawing)] = plots(results, "soap").items()
    assert name == "soap-1.svg"
    assert drawing.count("<line") == 3
    assert "&lt;peer&gt;" in bars("t", ["1"], {"<peer>": [spread([1.0])], "absent": [None]})


def test_numbers_keep_three_digits():
    assert [number(one) for one in (0, 0.01234, 1.5, 99.96, 12345.6)] == [
        "0",
        "0.0123",
        "1.5",
        "100",
        "12346",
    ]
