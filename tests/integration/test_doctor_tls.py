"""The doctor says what is wrong with a certificate, and everything that is wrong with it at once."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge.doctor import Code, Finding
from bridge.doctor import tls as doctor_tls
from bridge.doctor.finding import GOOD, WARNING
from bridge.doctor.handshakes import accepts_tls12
from bridge.doctor.reach import Peer, Reached
from bridge.doctor.tls import tls_findings

TLS = Path(__file__).parents[1] / "wire" / "tls"


@contextmanager
def answering(certificate: str, *, tls13_only: bool = False) -> Iterator[int]:
    """A server that shakes hands and says no more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / certificate, TLS / "server.key")
    if tls13_only:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    with serving(lambda sock: context.wrap_socket(sock, server_side=True).close()) as port:
        yield port


@contextmanager
def serving(converse: object) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.02)
    over = threading.Event()

    def run() -> None:
        while not over.is_set():
            try:
                sock, _ = listener.accept()
            except TimeoutError:
                continue
            sock.settimeout(5)
            try:
                converse(sock)  # type: ignore[operator]
            except OSError:
                pass  # the client has seen enough
            finally:
                sock.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        thread.join()
        listener.close()


def peer(port: int, **changes: object) -> Peer:
    facts = {
        "link": "1С buh",
        "url": f"https://127.0.0.1:{port}/ws/VATS",
        "setting": "infobase.buh.url",
        "ca_setting": "infobase.buh.ca_file",
        "ca_file": str(TLS / "firm-ca.pem"),
        **changes,
    }
    return Peer(**facts)  # type: ignore[arg-type]


def reached(port: int) -> Reached:
    return Reached(family=socket.AF_INET, address=("127.0.0.1", port), said="")


def look(port: int, **changes: object) -> tuple[list[Finding], bool]:
    found: list[Finding] = []
    findings = tls_findings(peer(port, **changes), reached(port))
    while True:
        try:
            found.append(next(findings))
        except StopIteration as over:
            return found, over.value


def codes(found: list[Finding]) -> list[Code]:
    return [one.code for one in found]


def test_a_good_certificate_is_good_and_says_until_when() -> None:
    with answering("firm.pem") as port:
        found, usable = look(port)
    assert (codes(found), usable) == ([Code.TLS_GOOD], True)
    assert "31.12.2125" in found[0].said
    assert "Firma Test" in found[0].said


@pytest.mark.parametrize(
    ("certificate", "expected", "said"),
    [
        ("expired.pem", [Code.TLS_EXPIRED], "истёк 01.03.2021"),
        ("early.pem", [Code.TLS_EARLY], "только с 01.01.2120"),
        ("other-name.pem", [Code.TLS_WRONG_NAME], "1c.example.ru, www.example.ru"),
        ("expired-other-name.pem", [Code.TLS_EXPIRED, Code.TLS_WRONG_NAME], "не на имя 127.0.0.1"),
        ("self-signed.pem", [Code.TLS_SELF_SIGNED], "самоподписанный"),
        ("server.pem", [Code.TLS_UNKNOWN_CA], "неизвестный центр"),
    ],
)
def test_every_reason_against_a_certificate_is_named(
    certificate: str, expected: list[Code], said: str
) -> None:
    with answering(certificate) as port:
        found, usable = look(port)
    assert (codes(found), usable) == (expected, False)
    assert said in " ".join(one.said for one in found)
    assert all(one.advice for one in found)


def test_a_certificate_of_an_authority_that_the_settings_do_not_name(tmp_path: Path) -> None:
    with answering("firm.pem") as port:
        found, _ = look(port, ca_file="")
    assert codes(found) == [Code.TLS_UNKNOWN_CA]
    assert "Firma Test" in found[0].said
    assert "infobase.buh.ca_file" in found[0].advice


def test_an_authority_that_only_the_system_knows_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "firm-ca.pem"))
    with answering("firm.pem") as port:
        found, _ = look(port, ca_file="")
        own, usable = look(port, ca_file="", called_by_1c=True)
    assert (codes(found), "но не мосту" in found[0].said) == ([Code.TLS_UNKNOWN_CA], True)
    assert (codes(own), usable) == ([Code.TLS_GOOD], True)


def test_our_own_self_signed_certificate_is_refused_by_1c() -> None:
    with answering("self-signed.pem") as port:
        found, _ = look(port, called_by_1c=True, ca_file="", ca_setting="")
    assert codes(found) == [Code.TLS_SELF_SIGNED]
    assert "8.3.24" in found[0].advice


def test_a_self_signed_certificate_that_the_settings_name_is_good() -> None:
    with answering("self-signed.pem") as port:
        found, usable = look(port, ca_file=str(TLS / "self-signed.pem"))
    assert (codes(found), usable) == ([Code.TLS_GOOD], True)


def test_a_certificate_that_ends_soon_is_worth_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_tls, "SOON_S", 200 * 365 * 24 * 3600.0)
    with answering("firm.pem") as port:
        found, usable = look(port)
    assert ([(one.code, one.grade) for one in found], usable) == ([(Code.TLS_EXPIRES, WARNING)], True)


def test_a_file_of_authorities_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "ca.der").write_bytes(b"\x30\x82\x00\x00")
    found, usable = look(9, ca_file=str(tmp_path / "ca.der"))
    assert (codes(found), usable) == ([Code.TLS_CA_FILE], False)


@pytest.mark.parametrize(
    ("bytes_", "code"),
    [
        (b"\x15\x03\x01\x00\x02\x02\x46", Code.TLS_OLD),  # alert: protocol version
        (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", Code.TLS_NONE),
        (b"\x15\x03\x03\x00\x02\x02\x28", Code.TLS_BROKEN),  # alert: handshake failure
        (b"", Code.TLS_BROKEN),
    ],
)
def test_a_server_that_speaks_no_tls_of_ours(bytes_: bytes, code: Code) -> None:
    def converse(sock: socket.socket) -> None:
        sock.recv(65536)
        sock.sendall(bytes_)

    with serving(converse) as port:
        found, usable = look(port)
    assert (codes(found), usable) == ([code], False)
    assert found[0].advice


def test_whether_tls_12_is_let_in() -> None:
    for tls13_only in (False, True):
        with answering("firm.pem", tls13_only=tls13_only) as port:
            assert accepts_tls12(peer(port), reached(port)) is not tls13_only


def test_http_to_another_machine_shows_the_password() -> None:
    found = list(tls_findings(peer(80, url="http://1c.firma.ru/base/ws/VATS"), reached(80)))
    assert codes(found) == [Code.NET_PLAIN]
    ours = peer(80, url="http://bridge.firma.ru", called_by_1c=True)
    assert codes(list(tls_findings(ours, reached(80)))) == [Code.OWN_PLAIN]
    here = list(tls_findings(peer(80, url="http://127.0.0.1/base/ws/VATS"), reached(80)))
    assert here == []


def test_a_good_finding_has_the_grade_of_good() -> None:
    with answering("firm.pem") as port:
        assert look(port)[0][0].grade == GOOD
