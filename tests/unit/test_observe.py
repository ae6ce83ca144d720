"""Secrets and numbers never reach a log, whoever puts them there."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import structlog

from bridge import lines, observe
from bridge.core.calls import CallState


@pytest.fixture(autouse=True)
def _configured(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    observe.configure(json_lines=True)
    observe.hide("tops3cret-key")
    yield
    observe.configure()


def test_a_line_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    observe.configure(marks={"sandbox": True})
    observe.log.warning("dial_refused", reason="a b", code=103, infobase="buh", empty="", none=None)
    line = capsys.readouterr().err
    at, _, said = line.partition(" ")
    assert datetime.fromisoformat(at)
    facts = "code=103 empty= infobase=buh none=None reason='a b' sandbox=True"
    assert said == f"[warning  ] dial_refused             {facts}\n"


def test_a_line_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    observe.configure(json_lines=True, marks={"sandbox": True})
    observe.log.error("incident", path="/ф", what=CallState.END, odd=Path("x"), exc_info=None)
    line = json.loads(capsys.readouterr().err)
    assert datetime.fromisoformat(line.pop("timestamp"))
    assert line == {
        "path": "/ф",
        "what": "END",
        "odd": repr(Path("x")),
        "event": "incident",
        "level": "error",
        "sandbox": True,
    }


def test_a_line_that_is_written_later_has_the_time_and_the_secrets_of_when_it_was_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "GATHER_S", 0.5)
    lines.in_background()
    began = datetime.now()
    observe.log.info("delivered", reason="the tops3cret-key of 89235292926")
    ended = datetime.now()
    lines.flush()
    line = json.loads(capsys.readouterr().err)
    assert began <= datetime.fromisoformat(line["timestamp"]) <= ended
    assert line["reason"] == "the *** of 892***26"


@pytest.mark.parametrize("json_lines", [False, True])
def test_a_traceback_stands_below_the_words_and_inside_the_json(
    capsys: pytest.CaptureFixture[str], *, json_lines: bool
) -> None:
    observe.configure(json_lines=json_lines)
    try:
        int("broken")
    except ValueError as error:
        observe.log.error("incident", exc_info=error)
    said = capsys.readouterr().err
    below = json.loads(said)["exception"] if json_lines else said.partition("\n")[2].rstrip("\n")
    assert below.startswith("Traceback (most recent call last):\n")
    assert below.endswith("\nValueError: invalid literal for int() with base 10: 'broken'")


@pytest.mark.parametrize(("level", "heard"), [("INFO", 3), ("WARNING", 2), ("ERROR", 1)])
def test_what_is_below_the_level_is_not_said(
    capsys: pytest.CaptureFixture[str], level: str, heard: int
) -> None:
    observe.configure(level=level)
    for say in (observe.log.info, observe.log.warning, observe.log.error):
        say("dial")
    assert len(capsys.readouterr().err.splitlines()) == heard


def test_a_registered_secret_is_hidden_in_our_lines(capsys: pytest.CaptureFixture[str]) -> None:
    observe.log.info("dial", reason="the exchange said: tops3cret-key is wrong")
    line = json.loads(capsys.readouterr().err)
    assert line["reason"] == "the exchange said: *** is wrong"


def test_a_registered_secret_is_hidden_in_the_lines_of_libraries(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("urllib3").warning("GET /call?key=%s", "tops3cret-key")
    assert "tops3cret" not in capsys.readouterr().err


@pytest.mark.parametrize("text", ["89235292926", "+7 (923) 529-29-26", "number=89235292926&x"])
def test_a_telephone_number_in_a_text_is_cut(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    observe.log.info("dial", reason=f"about {text} it said no")
    said = json.loads(capsys.readouterr().err)["reason"]
    assert sum(char.isdigit() for char in said) <= 5


@pytest.mark.parametrize(
    "text",
    [
        "звонят на 8 923 529-29-26.",
        "тел.89235292926",
        "тел89235292926;",
        "8.923.529.29.26",
        "8_923_529_29_26",
        "8 - (923) - 529 - 29 - 26!",
        "+7 923 529\u201129\u201126",
        "８９２３５２９２９２６",
        "«274-50-00».",
    ],
)
def test_a_number_that_a_person_typed_is_cut_whatever_stands_around_it(text: str) -> None:
    assert sum(char.isdigit() for char in observe.typed(text)) <= 5


@pytest.mark.parametrize(
    "text", ["заявление 17 / 23.11.2026", "вх. 17-223 от 01.02.26.", "п. 2 ст. 14 152-ФЗ", ""]
)
def test_what_a_reason_is_for_stays(text: str) -> None:
    assert observe.typed(text) == text


def test_a_traceback_is_scrubbed_too(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        int("no such number 89235292926 for tops3cret-key")
    except ValueError as error:
        observe.log.error("incident", exc_info=error)
    said = capsys.readouterr().err
    assert "tops3cret" not in said
    assert "89235292926" not in said
    assert "ValueError" in said


def test_ids_that_an_operator_looks_for_stay_whole(capsys: pytest.CaptureFixture[str]) -> None:
    observe.log.info("hook_taken", call_id="1565770000.25643", event_id=1234567890)
    line = json.loads(capsys.readouterr().err)
    assert (line["call_id"], line["event_id"]) == ("1565770000.25643", 1234567890)


class Broken:
    """A standard error whose disk is full or whose reader has gone."""

    def write(self, _: str) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        raise BrokenPipeError


@pytest.mark.parametrize("stream", [Broken(), None])
def test_a_log_that_cannot_be_written_stops_nothing(stream: object, monkeypatch: pytest.MonkeyPatch) -> None:
    before = lines.lost
    monkeypatch.setattr("sys.stderr", stream)
    observe.log.error("incident", exc_info=ValueError("x"))
    logging.getLogger("urllib3").warning("lost")
    monkeypatch.undo()
    assert lines.lost == before + 2


CONTROLS = "\x00\x1b\x07\x7f\x85\x9b\u2028\u2029\u202e\u2066"


@pytest.mark.parametrize("json_lines", [False, True])
def test_no_control_character_is_written_whoever_says_it(
    capsys: pytest.CaptureFixture[str], *, json_lines: bool
) -> None:
    """A terminal obeys some of them; others begin a line that was never logged."""
    observe.configure(json_lines=json_lines)
    for one in CONTROLS:
        observe.log.info("dial", number=f"8{one}[2J")
        logging.getLogger("urllib3").warning("said %s", f"8{one}[2J")
    said = capsys.readouterr().err
    assert not set(said) & set(CONTROLS)
    assert said.count("\n") == 2 * len(CONTROLS)


def test_a_line_that_a_library_repeats_cannot_pass_for_one_of_ours(
    capsys: pytest.CaptureFixture[str],
) -> None:
    observe.configure()
    logging.getLogger("urllib3").warning("peer said: %s", "x\n2026-11-23T10:00:00 [info     ] dial  code=0")
    first, second = capsys.readouterr().err.rstrip("\n").split("\n")
    assert first.endswith("x")
    assert second.startswith("    2026")


@pytest.mark.parametrize(("json_lines", "mark"), [(False, "sandbox=True"), (True, '"sandbox": true')])
def test_every_line_of_a_marked_process_has_its_mark(
    capsys: pytest.CaptureFixture[str], *, json_lines: bool, mark: str
) -> None:
    observe.configure(json_lines=json_lines, level="ERROR", marks={"sandbox": True})
    observe.log.info("dial", number="1**")
    observe.log.error("incident", reason="broken")
    logging.getLogger("urllib3").warning("said")
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert all(mark in line for line in said)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"exchange": "main", "event_id": 12345, "state": "ANSWER", "caller": "891**01", "duplicate": False},
        {
            "reason": "a b",
            "said": "x=y",
            "quoted": 'say "x"',
            "his": "o'",
            "lines": "a\nb\tc\rd",
            "empty": "",
        },
        {"none": None, "part": 1.5, "many": ["a", 2], "raw": b"x", "ru": "звонок", "nested": {"a": "b c"}},
        {"exception": "Traceback:\n  x", "incident": "1234"},
        {"exception": "Traceback:\n  x"},
    ],
)
@pytest.mark.parametrize("event", ["dial", "an_event_whose_name_is_longer_than_its_column"])
def test_a_line_of_text_is_written_as_structlog_writes_it(event: str, facts: dict[str, object]) -> None:
    whole = {"event": event, "level": "info", "timestamp": "2026-11-23T10:00:00.000001", **facts}
    theirs = structlog.dev.ConsoleRenderer(colors=False, pad_event_to=24)
    assert observe._text(None, "info", dict(whole)) == theirs(None, "info", dict(whole))
