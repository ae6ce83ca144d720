"""`/caller/<exchange>/<secret>`: who may ask, how it is asked, in which form it is answered."""

import json
from io import BytesIO
from typing import Any

import pytest

from bridge.core.caller import NOBODY, CallerCard
from bridge.observe import Figures
from bridge.onec.saying import card_xml
from bridge.web.callerid import CallerEndpoint
from bridge.web.path_secret import PathKeeper

SECRET = "a-hook-secret-of-tests-0001"
OLD_SECRET = "an-older-secret-of-tests-0000"
CHIZH = CallerCard(title='ООО "Рога & Копыта"', category="VIP", manager="244")


class Names:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def answer(self, exchange: str, number: str) -> CallerCard:
        self.asked.append((exchange, number))
        return CHIZH if number.strip().endswith("9235292926") else NOBODY


class Answer:
    def __init__(
        self, path: str, query: str = "", method: str = "GET", body: bytes = b"", **headers: str
    ) -> None:
        self.names = Names()
        secrets = {"main": (SECRET, OLD_SECRET), "second": (SECRET + "-2", "")}
        endpoint = CallerEndpoint(PathKeeper(secrets, figures=Figures()), self.names, card_xml)
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
            "REMOTE_ADDR": "192.0.2.1",
            **headers,
        }
        self.body = b"".join(endpoint(environ, self._start)).decode()

    def _start(self, status: str, headers: list[tuple[str, str]]) -> Any:
        self.status = int(status[:3])
        self.headers = dict(headers)


def ask(query: str = "number=89235292926", method: str = "GET", body: bytes = b"", **headers: str) -> Answer:
    return Answer(f"/caller/main/{SECRET}", query, method, body, **headers)


def test_a_name_comes_as_the_manual_shows_it_and_is_kept_by_nobody_on_the_way() -> None:
    answer = ask()
    assert answer.status == 200
    assert answer.body == card_xml(CHIZH)
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.names.asked == [("main", "89235292926")]


@pytest.mark.parametrize(
    ("accept", "json_wanted"),
    [
        ("application/json", True),
        ("application/json, text/plain, */*", True),
        ("Application/JSON;q=0.9, text/xml;q=0.5", True),
        ("", False),
        ("*/*", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("application/json, text/xml", False),
        ("application/json;q=0", False),
        ("application/json;q=0.1, */*;q=0.5", False),
        ("application/json;q=many", False),
        ("application/json;q=nan", False),
        (",;=q", False),
    ],
)
def test_json_is_for_those_who_prefer_it(accept: str, json_wanted: bool) -> None:
    answer = ask(HTTP_ACCEPT=accept)
    if json_wanted:
        expected = {"title": CHIZH.title, "category": "VIP", "manager": {"phone": "244"}}
        assert json.loads(answer.body) == expected
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    else:
        assert answer.body == card_xml(CHIZH)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_stranger_is_nobody_with_the_same_fields() -> None:
    assert (ask("number=89990001122").status, ask("number=89990001122").body) == (200, card_xml(NOBODY))
    answer = ask("number=", HTTP_ACCEPT="application/json")
    assert json.loads(answer.body) == {"title": "", "category": "", "manager": {"phone": ""}}


@pytest.mark.parametrize(
    "query", ["", "num=1", "number=1&number=2", "number=%ff", "Number=89235292926", "&" * 40]
)
def test_what_is_no_question_is_refused_in_russian(query: str) -> None:
    answer = ask(query)
    assert answer.status == 400
    assert "Нужен параметр number" in answer.body
    assert answer.names.asked == []


def test_a_form_may_ask() -> None:
    form = {"CONTENT_TYPE": "application/x-www-form-urlencoded; charset=utf-8"}
    assert ask("", "POST", b"number=%2B79235292926", **form).names.asked == [("main", "+79235292926")]
    assert ask("", "POST", b"number=1&" * 1000, **form).status == 400
    assert ask("number=1", "POST", b"number=2", **form).status == 400


def test_a_plus_that_nobody_escaped_is_forgiven() -> None:
    assert ask("number=+79235292926").body == card_xml(CHIZH)


def test_head_has_no_body_and_other_methods_are_refused() -> None:
    head = ask(method="HEAD")
    assert (head.status, head.body) == (200, "")
    assert int(head.headers["Content-Length"]) == len(card_xml(CHIZH).encode())
    assert ask(method="PUT").status == 405
    assert ask(method="DELETE").headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize(
    "path",
    [
        "/caller/main/",
        "/caller/main",
        "/caller/main/wrong",
        f"/caller/main/{SECRET}x",
        f"/caller/main/{SECRET}/more",
        f"/caller/second/{SECRET}",
        f"/caller/second/{OLD_SECRET}",
        "/caller/second//",
        f"/caller/nobody/{SECRET}",
        "/caller/nobody/-",
        "/caller/",
    ],
)
def test_a_stranger_is_told_nothing(path: str) -> None:
    answer = Answer(path, "number=89235292926")
    assert (answer.status, answer.body) == (404, "not found")
    assert answer.names.asked == []


def test_the_old_secret_is_as_good_as_the_new_one() -> None:
    assert Answer(f"/caller/main/{OLD_SECRET}", "number=89235292926").status == 200


def test_a_slash_at_the_end_is_forgiven() -> None:
    assert Answer(f"/caller/main/{SECRET}/", "number=89235292926").status == 200
