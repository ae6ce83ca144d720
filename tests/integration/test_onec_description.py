"""The WSDL of a firm's own web service over real sockets: when it is asked for, and what it may not do."""

import gzip
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridge.core.delivery import Away, Denied
from bridge.onec import description as module
from bridge.onec.description import Description, NoDescription
from bridge.onec.transport import OnecTransport
from bridge.onec.wsdl import MAX_WSDL_BYTES
from bridge.resources import wsdl_text
from bridge.wire import Wire
from support.onecserver import OnecServer, http, recorded
from support.rawserver import RawServer, closed_port_url

CRM = wsdl_text("onec/crm.wsdl").encode()
RENAMED = CRM.replace("ВходящийЗвонок".encode(), "НовыйЗвонок".encode())
RING = "ВходящийЗвонок"

Made = Callable[..., Description]


@pytest.fixture
def made() -> Iterator[Made]:
    wire = Wire(connect_s=1, total_s=1)
    long = Wire(connect_s=1, total_s=1, max_bytes=MAX_WSDL_BYTES, reuse=False)

    def description(url: str, file: Path | None = None) -> Description:
        transport = OnecTransport(url=url, namespace="", user="Мост", password="тайна-1С", wire=wire)
        return Description(transport, wire=long, file=file)

    yield description
    wire.close()
    long.close()


def given(document: bytes, *headers: str) -> bytes:
    return http(200, document, "Content-Type: text/xml; charset=utf-8", *headers)


def refusal(description: Description) -> Away | Denied:
    with pytest.raises(NoDescription) as refused:
        description.operation(RING)
    return refused.value.outcome


# --- when it is asked for ----------------------------------------------------------------------------
def test_it_is_asked_for_once_with_our_login_and_begins_the_session(made: Made) -> None:
    with OnecServer(given(CRM, "Set-Cookie: ibsession=s1; path=/")) as server:
        description = made(server.url)
        assert server.requests == []
        threads = [threading.Thread(target=description.operation, args=(RING,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (request,) = server.requests
    assert request.line == "GET /base/ws/VATS?wsdl HTTP/1.1"
    assert request["Authorization"].startswith("Basic ")
    assert request["IBSession"] == "start"


def test_it_is_asked_for_again_when_1c_has_refused_a_call(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DOUBTED_S", 0.0)
    with OnecServer(given(CRM), given(RENAMED)) as server:
        description = made(server.url)
        description.operation(RING)
        description.operation(RING)
        assert len(server.requests) == 1
        description.doubt()
        description.operation("НовыйЗвонок")
        assert len(server.requests) == 2


def test_an_operation_that_is_being_published_is_found_soon(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DOUBTED_S", 0.0)
    with OnecServer(given(RENAMED), given(CRM)) as server:
        description = made(server.url)
        assert "нет операции «ВходящийЗвонок»" in refusal(description).reason
        description.operation(RING)


def test_it_is_asked_for_again_after_an_hour_and_the_old_one_is_good_while_1c_is_away(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_S", -1.0)
    with OnecServer(given(CRM), recorded("busy-503"), given(CRM)) as server:
        description = made(server.url)
        for asked in (1, 2, 2):
            description.operation(RING)
            assert len(server.requests) == asked


def test_names_of_any_length_make_no_long_reason(made: Made) -> None:
    many = CRM.replace("ВходящийЗвонок".encode(), "Ж".encode() * 20_000)
    with OnecServer(given(many)) as server:
        reason = refusal(made(server.url)).reason
    assert "нет операции «ВходящийЗвонок»; есть:" in reason
    assert len(reason) <= 300


def test_a_copy_in_a_file_is_read_and_1c_is_not_asked(made: Made, tmp_path: Path) -> None:
    file = tmp_path / "crm.wsdl"
    file.write_bytes(b"\xef\xbb\xbf" + CRM)
    with OnecServer(given(CRM)) as server:
        assert made(server.url, file).operation(RING).media
        assert server.requests == []
        file.write_bytes(b"<html/>")
        assert "файл crm.wsdl" in refusal(made(server.url, file)).reason
        file.write_bytes(b" " * (MAX_WSDL_BYTES + 1))
        assert "больше 4 МБ" in refusal(made(server.url, file)).reason
        file.unlink()
        assert "не читается" in refusal(made(server.url, file)).reason


# --- what 1C answers instead -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answer", "expected", "said"),
    [
        (recorded("login-401"), Denied, "логин или пароль"),
        (recorded("forbidden-403"), Denied, "запретила доступ"),
        (recorded("locked-403"), Away, "технические работы"),
        (recorded("not-published-404"), Away, "публикация не найдена"),
        (recorded("no-session-406"), Away, "свободные лицензии"),
        (recorded("busy-503"), Away, "временно недоступна"),
        (recorded("no-service-500"), Away, "publishExtensionsByDefault"),
        (recorded("login-page-200"), Away, "вместо 1С ответила страница"),
        (recorded("fault-handler"), Away, "описание веб-сервиса (?wsdl)"),
        (recorded("garbage-200"), Away, "вместо 1С"),
        (recorded("empty-200"), Away, "пустой ответ"),
        (recorded("incoming-call"), Away, "описание веб-сервиса (?wsdl)"),
        (recorded("redirect-301"), Away, "перенаправляет"),
        (given(gzip.compress(CRM), "Content-Encoding: gzip"), Away, "ответ сжат"),
        (given(CRM[:-500]), Away, "вместо 1С"),
    ],
)
def test_what_comes_instead_of_it_is_named(answer: bytes, expected: type, said: str, made: Made) -> None:
    with OnecServer(answer) as server:
        outcome = refusal(made(server.url))
    assert type(outcome) is expected
    assert said in outcome.reason
    assert "тайна" not in outcome.reason


def test_an_absent_or_silent_1c_is_away_and_not_this_events_doing(made: Made) -> None:
    for url in (closed_port_url(), ""):
        with RawServer(silent=True) as silent:
            outcome = refusal(made(url or silent.url))
        assert isinstance(outcome, Away)
        assert not outcome.hung


# --- what it may not do ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "reference",
    [
        '<import xmlns="http://schemas.xmlsoap.org/wsdl/" namespace="n" location="{0}"/><types>',
        '<types><xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="o">'
        '<xs:import namespace="n" schemaLocation="{0}"/></xs:schema>',
        '<types><xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="o">'
        '<xs:include schemaLocation="{0}"/></xs:schema>',
    ],
)
def test_it_leads_to_no_other_server_and_to_no_file(reference: str, made: Made, tmp_path: Path) -> None:
    secret = tmp_path / "secret.xsd"
    secret.write_text("<secret-of-the-disk/>", encoding="utf-8")
    with OnecServer(given(CRM)) as other:
        for address in (f"http://127.0.0.1:{other.port}/x.xsd", secret.as_uri(), str(secret), "x.xsd"):
            hostile = CRM.replace(b"<types>", reference.format(address).encode())
            with OnecServer(given(hostile)) as server:
                outcome = refusal(made(server.url))
                assert len(server.requests) == 1
            assert isinstance(outcome, Away)
            assert "мост по ссылкам не ходит" in outcome.reason
            assert "secret-of-the-disk" not in outcome.reason
        assert other.requests == []


@pytest.mark.parametrize(
    ("declared", "used"),
    [
        (
            f'<!DOCTYPE d [<!ENTITY a "{"ha" * 1000}">'
            + "".join(f'<!ENTITY {name} "{f"&{before};" * 1000}">' for before, name in ("ab", "bc", "cd"))
            + "]>",
            "&d;",
        ),
        ('<!DOCTYPE d [<!ENTITY d SYSTEM "{other}">]>', "&d;"),
        ('<!DOCTYPE d SYSTEM "{other}">', ""),
        ('<!DOCTYPE d [<!ENTITY % p SYSTEM "{other}"> %p;]>', ""),
    ],
)
def test_entities_are_neither_expanded_nor_fetched(declared: str, used: str, made: Made) -> None:
    with OnecServer(given(CRM)) as other:
        address = f"http://127.0.0.1:{other.port}/x"
        hostile = CRM.replace(b"?>", b"?>" + declared.replace("{other}", address).encode(), 1)
        hostile = hostile.replace(b"<types>", used.encode() + b"<types>")
        with OnecServer(given(hostile)) as server:
            outcome = refusal(made(server.url))
        assert other.requests == []
    assert isinstance(outcome, Away)
    assert "DOCTYPE" in outcome.reason


def test_more_than_4_mb_are_not_even_read(made: Made) -> None:
    with OnecServer(given(CRM + b" " * 10_000_000)) as server:
        outcome = refusal(made(server.url))
    assert isinstance(outcome, Away)
    assert "слишком длинный ответ" in outcome.reason
