"""A reader that remembers shapes understands and refuses exactly as one that reads everything carefully."""

import io
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bridge.web.soap import shapes
from bridge.web.soap.envelope import Call
from bridge.web.soap.front import Reader
from bridge.web.soap.problem import SoapError, Version
from bridge.web.soap.service import contract
from bridge.web.soap.vocabulary import ENGLISH, RUSSIAN

QUICK = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
XML = '<?xml version="1.0" encoding="{}"?>'
NS11, NS12 = Version.V11.value, Version.V12.value
NIL = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="{}"'

# `@` is where a text goes, as it is
BODIES = {
    "1C": f'<soap:Envelope xmlns:soap="{NS11}"><soap:Header/><soap:Body><m:PollEvents xmlns:m="NS">'
    '<m:Key xmlns:xs="http://www.w3.org/2001/XMLSchema">@</m:Key><m:AfterId>@</m:AfterId>\n'
    "<m:WaitSeconds>@</m:WaitSeconds></m:PollEvents></soap:Body></soap:Envelope>",
    "1C, SOAP 1.2, an empty key": f'<e:Envelope xmlns:e="{NS12}"><e:Body><PollEvents xmlns="NS"><Key/>'
    "<WaitSeconds>@</WaitSeconds><AfterId>@</AfterId></PollEvents></e:Body></e:Envelope>",
    "no namespace": f'<Envelope xmlns="{NS11}"><Body><MakeCall xmlns=""><Number>@</Number><Key>@</Key>'
    "</MakeCall></Body></Envelope>",
    "a header with a text": f'<e:Envelope xmlns:e="{NS11}"><e:Header><To xmlns="urn:a">@</To></e:Header>'
    '<e:Body><MakeCall xmlns="NS"><Number>@</Number><Key>1</Key></MakeCall></e:Body></e:Envelope>',
    "a header that must be understood": f'<e:Envelope xmlns:e="{NS11}"><e:Header><To e:mustUnderstand="@" '
    'xmlns="urn:a">@</To></e:Header><e:Body><Ping xmlns="NS"/></e:Body></e:Envelope>',
    "CDATA": f'<e:Envelope xmlns:e="{NS11}"><e:Body><MakeCall xmlns="NS"><Key><![CDATA[@]]></Key>'
    "<Number>@<![CDATA[a]]>@</Number></MakeCall></e:Body></e:Envelope>",
    "comments": f'<e:Envelope xmlns:e="{NS11}"><!-- <Key>@</Key> --><e:Body><MakeCall xmlns="NS">'
    "<Key>@<!-- @ -->@</Key><Number><!-- @ -->@</Number></MakeCall></e:Body></e:Envelope>",
    "an attribute with a bracket": f'<e:Envelope xmlns:e="{NS11}"><e:Body><MakeCall xmlns="NS">'
    '<Key a="x>@">@</Key><Number b=">@">@</Number></MakeCall></e:Body></e:Envelope>',
    "nil": f'<e:Envelope xmlns:e="{NS11}"><e:Body><MakeCall xmlns="NS"><Key {NIL.format("true")}>@</Key>'
    f"<Number {NIL.format('@')}>@</Number></MakeCall></e:Body></e:Envelope>",
    "an entity": f'<e:Envelope xmlns:e="{NS11}"><e:Body><MakeCall xmlns="NS"><Key>a&amp;@</Key>'
    "<Number>&#@;</Number></MakeCall></e:Body></e:Envelope>",
    "an element in a text": f'<e:Envelope xmlns:e="{NS11}"><e:Body><MakeCall xmlns="NS"><Key><b>@</b></Key>'
    "<Number>@</Number></MakeCall></e:Body></e:Envelope>",
    "an unknown parameter": f'<e:Envelope xmlns:e="{NS11}"><e:Body><GetCallJournal xmlns="NS"><Key>@</Key>'
    "<Note>@</Note><Date>@</Date></GetCallJournal></e:Body></e:Envelope>",
    "the same twice": f'<e:Envelope xmlns:e="{NS11}"><e:Body><MakeCall xmlns="NS"><Key>@</Key><Key>@</Key>'
    "<Number>@</Number></MakeCall></e:Body></e:Envelope>",
    "texts where none belong": f'<e:Envelope xmlns:e="{NS11}"><e:Body><MakeCall xmlns="NS">'
    "<Key>@</Key>@<Number>@</Number>@</MakeCall>@</e:Body>@</e:Envelope>@",
    "a DTD": f'<!DOCTYPE a [<!ENTITY k "@">]><e:Envelope xmlns:e="{NS11}"><e:Body><MakeCall xmlns="NS">'
    "<Key>@</Key><Number>@</Number></MakeCall></e:Body></e:Envelope>",
}
DECLARED = ["", *map(XML.format, ("utf-8", "windows-1251", "us-ascii", "utf-16", "koi8-r", "x-none"))]
MEDIA = [
    "text/xml",
    "text/xml; charset=utf-8",
    'text/xml; charset="UTF-8"',
    "text/xml; charset=windows-1251",
    "text/xml; charset=us-ascii",
    "text/xml; charset=utf-16le",
    "application/soap+xml",
    "",
]
AWKWARD = "\0\x01\t\n\r\x0b\x7f\x85\u2028\ufeff\ufffe\uffff😀<>&'\"]!-#;@ёЖж"
TEXTS = st.one_of(
    st.sampled_from(
        ["101", "", " 7 ", "2026-11-23", "ж1", "ж3", "x" * 4096, "x" * 4097, "&amp;", "]]>", "1"]
    ),
    st.text(st.one_of(st.sampled_from(AWKWARD), st.characters(codec="utf-8")), max_size=8),
)


def _reader(language: Any = ENGLISH) -> Reader:
    return Reader({language.namespace: contract(language)})


def _asked(reader: Reader, body: bytes, media: str) -> Call | tuple[str, int, Version]:
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": media,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    try:
        return reader.understand(environ)
    except SoapError as problem:
        return problem.text, problem.status, problem.version


def _filled(template: str, texts: list[str], encoding: str) -> bytes:
    pieces = template.replace("NS", ENGLISH.namespace).split("@")
    whole = pieces[0] + "".join(texts[number % len(texts)] + piece for number, piece in enumerate(pieces[1:]))
    return whole.encode(encoding, "replace")


def _compare(
    template: str, declared: str, media: str, encoding: str, several: list[list[str]], reader: Reader
) -> None:
    for texts in several:
        body = _filled(declared + template, texts, encoding)
        assert _asked(reader, body, media) == _asked(_reader(), body, media)


REQUESTS: Any = {
    "template": st.sampled_from(list(BODIES.values())),
    "declared": st.sampled_from(DECLARED),
    "media": st.sampled_from(MEDIA),
    "encoding": st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8-sig", "cp1251", "utf-16-le", "utf-16"]),
    "several": st.lists(st.lists(TEXTS, min_size=1, max_size=3), min_size=4, max_size=6),
}


@QUICK
@given(**REQUESTS)
def test_what_is_remembered_is_understood_as_what_is_read(
    template: str, declared: str, media: str, encoding: str, several: list[list[str]]
) -> None:
    reader = _reader()
    plain = [["101"], ["102"]]  # to be learnt from
    _compare(template, declared, media, encoding, plain + several, reader)


USUAL = ["1C", "1C, SOAP 1.2, an empty key", "no namespace", "a header with a text", "an unknown parameter"]


@pytest.mark.parametrize("name", USUAL)
def test_a_usual_request_is_read_carefully_only_until_it_is_known(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = _reader()
    day = ["2026-11-23"] if "Date" in BODIES[name] else ["5"]
    for _ in range(2):
        _asked(reader, _filled(BODIES[name], day, "utf-8"), "text/xml")
    monkeypatch.setattr("bridge.web.soap.front.scan", None)
    assert isinstance(
        _asked(reader, _filled(BODIES[name], [day[0].replace("5", "7")], "utf-8"), "text/xml"), Call
    )


def test_a_text_of_the_shape_is_never_taken_for_another_one() -> None:
    """`ж1` was once what the first text was changed for in an experiment."""
    template = (
        f'<e:Envelope xmlns:e="{NS11}"><e:Body><MakeCall xmlns="NS"><Key>&#1078;1</Key>'
        "<Number>@</Number></MakeCall></e:Body></e:Envelope>"
    )
    _compare(template, "", "text/xml", "utf-8", [["101"], ["102"], ["103"]], _reader())


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "MAX_SHAPES", 4)
    reader = _reader(RUSSIAN)
    for number in range(20):
        body = (
            f'<e:Envelope xmlns:e="{NS11}"><e:Body><Проверить xmlns="{RUSSIAN.namespace}" a="{number}"/>'
            "</e:Body></e:Envelope>"
        )
        for _ in range(3):
            assert isinstance(_asked(reader, body.encode(), "text/xml"), Call)
    assert len(reader._shapes._known) <= 4
    assert len(reader._shapes._met) <= 4


@pytest.mark.parametrize("careless", [r">([^<>]*)</", r">([^<>&]*)</"])
def test_a_careless_memory_is_caught(careless: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "_TEXTS", re.compile(careless))

    @settings(QUICK, max_examples=2000, phases=[Phase.generate], database=None)
    @given(**REQUESTS | {"template": st.just(BODIES["1C"]), "encoding": st.just("utf-8")})
    def compare(template: str, declared: str, media: str, encoding: str, several: list[list[str]]) -> None:
        _compare(template, declared, media, encoding, [["101"], ["102"], *several], _reader())

    with pytest.raises(AssertionError):
        compare()
