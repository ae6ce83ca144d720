"""What the console is made of, without a browser and without a socket."""

import hashlib
import json
import re
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bridge.cli.serving import _doctor
from bridge.core.calls import CallEvent, CallState, Direction
from bridge.core.delivery import DeliveryState, Purpose
from bridge.core.errors import TooMuch
from bridge.core.folded import CallStatus
from bridge.core.overview import Attempt, HourFigures
from bridge.sim.scenarios import SCENARIOS
from bridge.web.console import answers, passwords, texts
from bridge.web.console.chart import BASE, TOP, chart
from bridge.web.console.english import IN_ENGLISH
from bridge.web.console.entering import form_token, is_form_of
from bridge.web.console.look import Look
from bridge.web.console.pages.call import masked, told
from bridge.web.console.roads import Condition
from bridge.web.console.visit import Fields
from bridge.web.console.words import speaker
from support.stand import said

CONSOLE = Path(answers.__file__).parent
# what a person is told in Russian is said by `_(...)` and `say(...)`, or stands in a table of `texts`
SAID = re.compile(r"""\b(?:_|say)\(\s*(?:"([^"]*)"|'([^']*)')""")
RUSSIAN = re.compile(r"[а-яё]", re.IGNORECASE)
DEPENDENCIES = Path(__file__).parents[2] / "docs" / "dependencies.md"


def heard(**changes: str) -> CallEvent:
    facts = {"from_number": "", "to_number": "", "user_key": "", **changes}
    return said("c1", CallState.END, 1565770001, **facts)


def look(**changes: object) -> Look:
    facts = {"say": speaker("ru"), "language": "ru", "zone": UTC, "masked": False, **changes}
    return Look(**facts)


# --- words ----------------------------------------------------------------------------------------
def said_in(path: Path) -> set[str]:
    found = {one[1] or one[2] for one in SAID.finditer(path.read_text(encoding="utf-8"))}
    return {text for text in found if text}


def test_every_text_of_the_console_has_its_english():
    said = set().union(*(said_in(path) for path in CONSOLE.rglob("*") if path.suffix in (".html", ".py")))
    tables = (texts.LINKS, texts.STATES, texts.STATUSES)
    said |= {text for table in tables for text, _ in table.values()}
    said |= {
        text
        for table in (
            texts.ALARMS,
            texts.ADVICE,
            texts.VERDICTS,
            texts.EVENTS,
            texts.PURPOSES,
            texts.DEEDS,
            texts.HEADS,
            texts.SCENARIOS,
        )
        for text in table.values()
    }
    assert len(said) > 150
    assert said - set(IN_ENGLISH) == set()


def test_no_russian_is_left_in_a_template_outside_of_what_is_translated():
    ours = {"По-русски", "Позвонить"}  # names: of a language, of an operation
    for path in (CONSOLE / "templates").glob("*.html"):
        bare = SAID.sub("", path.read_text(encoding="utf-8"))
        assert set(re.findall(r"[А-Яа-яё][А-Яа-яё -]*[А-Яа-яё]", bare)) - ours == set(), path.name


def test_the_english_fills_in_the_same_words():
    words = re.compile(r"\{(\w+)\}")
    assert {
        text
        for text, english in IN_ENGLISH.items()
        if sorted(words.findall(text)) != sorted(words.findall(english))
    } == set()
    assert {text for text in IN_ENGLISH.values() if RUSSIAN.search(text)} == set()


def test_everything_that_the_bridge_can_say_has_words():
    assert set(texts.LINKS) | set(texts.ALARMS) == set(Condition)
    assert set(texts.ALARMS) == set(texts.ADVICE)
    assert set(texts.STATES) == set(DeliveryState)
    assert set(texts.STATUSES) == set(CallStatus)
    assert set(texts.EVENTS) == {one.value for one in CallState}
    assert set(texts.PURPOSES) == {one.value for one in Purpose}
    assert list(texts.SCENARIOS) == list(SCENARIOS)


# --- how things look ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("number", "to_viewer"),
    [("89160000001", "89*******01"), ("101", "101"), ("", "—"), ("CallAPI", "CallAPI")],
)
def test_a_viewer_sees_no_whole_number_but_extensions(number, to_viewer):
    assert look(masked=True).number(number) == to_viewer
    assert look().number(number) == (number or "—")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 с"),
        (59.9, "59 с"),
        (60, "1 мин"),
        (3599, "59 мин"),
        (7200, "2 ч"),
        (200_000, "2 дн."),
        (-5, "0 с"),
    ],
)
def test_a_span_is_told_in_its_largest_unit(seconds, said):
    assert look().span(seconds) == said


def test_times_are_of_the_zone_that_is_asked_for():
    there = look(zone=ZoneInfo("Asia/Krasnoyarsk"))
    assert there.moment(1_700_000_000.0) == "15.11.2023 05:13:20"
    assert there.iso(1_700_000_000.0) == "2023-11-15T05:13:20+07:00"


def test_each_direction_has_its_word():
    assert len({look().direction(one) for one in Direction}) == len(Direction)


@pytest.mark.parametrize("highest", [0, 1, 3, 7, 999, 30_000])
def test_no_bar_leaves_the_chart(highest):
    made = chart([HourFigures(hour=hour, calls=highest if hour == 9 else 0, failed=1) for hour in range(24)])
    assert made.most >= highest
    assert len(made.bars) == 24
    for bar in made.bars:
        assert TOP - 0.1 <= bar.calls_y <= BASE
        assert bar.calls_y + bar.calls_height == pytest.approx(BASE)
        assert 0 <= bar.x <= made.width - bar.width
        assert bar.x < bar.failed_x < bar.failed_x + bar.failed_width < bar.x + bar.width  # both are seen


# --- what came, without people --------------------------------------------------------------------
def test_what_came_is_shown_without_numbers_and_keys():
    raw = json.dumps(
        {
            "uuid": "2ebc-1",
            "subid": "1565770000.25644",
            "from": "89160000001",
            "to": "+7 (391) 200-00-00",
            "userkey": "gW3cyUJAtl50PhF",
            "time": 1565770001,
        }
    )
    shown = masked(raw, heard(from_number="89160000001", user_key="gW3cyUJAtl50PhF"))
    assert "89160000001" not in shown
    assert "200-00-00" not in shown
    assert "gW3cyUJAtl50PhF" not in shown
    assert {"1565770000.25644", "1565770001", "2ebc-1"} <= set(re.findall(r"[\w.-]+", shown))


@pytest.mark.parametrize("number", ["89160000001", "%2B79160000001", "8%20916%200000001", "8-916-000-00-01"])
def test_a_query_of_the_old_hook_is_hidden_too(number):
    shown = masked(f"key=k0000000000000aa&number={number}", heard(user_key="k0000000000000aa"))
    assert shown.startswith("key=***&number=")
    assert "0000001" not in shown
    assert "000-00-01" not in shown


@pytest.mark.parametrize(
    "part", ["89160000001_101.mp3", "in-79160000001-101", "tel%3A+79160000001", "x9160000001"]
)
def test_the_numbers_of_an_event_are_hidden_inside_of_words_too(part):
    shown = masked(
        f'{{"recordUrl":"https://records.example/{part}"}}', heard(from_number="+7 (916) 000-00-01")
    )
    assert "16000000" not in shown
    assert "records.example" in shown


@pytest.mark.parametrize("answer", ["Нет абонента 89160000001", "+7 916 000-00-01.", "phone=89160000001;"])
def test_whoever_sees_no_numbers_sees_none_in_what_1c_said(answer):
    assert look().prose(answer) == answer
    assert not re.search(r"16000000|916 000", look(masked=True).prose(answer))


def test_attempts_that_ended_alike_are_one_line():
    attempts = [Attempt(at=float(at), verdict="retry", answer="1С выключена") for at in range(5)]
    attempts += [
        Attempt(at=5.0, verdict="retry", answer="я" * 500),
        Attempt(at=6.0, verdict="done", answer="1"),
    ]
    assert [(one.since, one.until, one.count, one.verdict, len(one.answer)) for one in told(attempts)] == [
        (0.0, 4.0, 5, "retry", 12),
        (5.0, 5.0, 1, "retry", 200),
        (6.0, 6.0, 1, "done", 1),
    ]
    assert told([]) == []


# --- passwords and forms --------------------------------------------------------------------------
def test_a_password_is_kept_as_a_hash_of_its_own_salt():
    first, second = passwords.hashed("верный пароль 1"), passwords.hashed("верный пароль 1")
    assert first != second
    assert "верный" not in first
    assert passwords.same("верный пароль 1", first)
    assert not passwords.same("неверный пароль", first)
    assert not passwords.same("", passwords.NOBODY)


@pytest.mark.parametrize(
    ("password", "good"),
    [("short", False), ("long enough 1", True), ("x" * 201, False), ("the-Anna-1234", False)],
)
def test_what_is_no_password(password, good):
    assert (passwords.problem_of(password, "anna") == "") is good


def test_a_form_is_of_one_browser():
    assert is_form_of("token", form_token("token"))
    assert not is_form_of("token", form_token("another"))
    assert not is_form_of("", form_token(""))
    assert not is_form_of("token", "")
    assert not is_form_of("token", "Ж")


def test_fields_are_read_without_trust():
    fields = Fields.of_query({"QUERY_STRING": "id=1&id=2&id=x&n=99999999999999999999&m=%D0%96+"})
    assert fields.numbers("id") == [1, 2]
    assert fields.number("n") is None
    assert fields.number("absent") is None
    assert fields["m"] == "Ж"
    with pytest.raises(ValueError, match="decode"):
        Fields.of_query({"QUERY_STRING": "a=%ff"})


# --- files ----------------------------------------------------------------------------------------
def test_vendored_files_are_the_ones_that_are_written_down():
    text = DEPENDENCIES.read_text(encoding="utf-8")
    vendored = sorted(path for path in answers.STATIC.iterdir() if ".min." in path.name)
    assert len(vendored) == 2
    for path in vendored:
        assert f"| `{path.name}` | `{hashlib.sha256(path.read_bytes()).hexdigest()}` |" in text


def test_pages_have_nothing_inline_and_nothing_of_other_hosts():
    for path in (CONSOLE / "templates").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"<style|\sstyle=|<script(?! src=)|\son\w+=|javascript:|hx-on|//\w+\.\w", text
        ), path.name


def test_the_doctor_looks_for_one_at_a_time(tmp_path):
    look = _doctor(tmp_path / "absent.toml")
    first = look()
    assert next(first).grade == 2
    with pytest.raises(TooMuch, match="уже идёт"):
        next(look())
    first.close()
    assert next(look()).grade == 2
