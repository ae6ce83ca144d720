"""The web service that an infobase publishes: reached, let in, described, called. Stops where it breaks."""

from base64 import b64encode
from collections.abc import Generator, Iterator
from dataclasses import replace

from bridge.doctor.calling import Caller, call_findings, own_call_findings
from bridge.doctor.clock import clock_findings
from bridge.doctor.codes import Code
from bridge.doctor.contents import Expected, compare, expected_of
from bridge.doctor.finding import BAD, WARNING, Finding, bad, good
from bridge.doctor.reach import Peer, reach
from bridge.doctor.refusals import Infobase, no_answer, not_1c, refusal
from bridge.doctor.texts import milliseconds
from bridge.doctor.tls import tls_findings
from bridge.doctor.wsdl import NotWsdl, Published, read_wsdl
from bridge.settings import Settings
from bridge.wire import Answer, Wire, WireError

MAX_WSDL_BYTES = 4 * 1024 * 1024
# a WSDL may be closed while the calls go through
_MAYBE_ONLY_HIDDEN = frozenset({Code.ONEC_NOT_PUBLISHED, Code.ONEC_FORBIDDEN, Code.ONEC_HTTP})
# a handler, or the rights to it, was met
_CALLED = frozenset(
    {
        Code.CALL_GOOD,
        Code.CALL_SLOW,
        Code.CALL_NAMES_LATE,
        Code.CALL_FAULT,
        Code.CALL_NO_RIGHT,
        Code.CALL_NO_ANSWER,
    }
)


def publication_findings(name: str, settings: Settings) -> Iterator[Finding]:
    """Everything between the bridge and the handler in 1C."""
    link, section = f"1С {name}", settings.infobase[name]
    base = Infobase(link=link, name=name, section=section)
    peer = Peer(
        link=link,
        url=base.url,
        setting=f"infobase.{name}.url",
        connect_s=section.connect_s,
        ca_file=str(section.ca_file or ""),
        ca_setting=f"infobase.{name}.ca_file",
    )
    reached = yield from reach(peer)
    if reached is None:
        return
    yield good(link, Code.NET_REACHED, reached.said)
    if not (yield from tls_findings(peer, reached)):
        return
    wire = Wire(
        connect_s=section.connect_s,
        total_s=section.timeout_s,
        ca_file=peer.ca_file,
        max_bytes=MAX_WSDL_BYTES,
    )
    try:
        yield from _service_findings(base, wire, settings)
    finally:
        wire.close()


def _service_findings(base: Infobase, wire: Wire, settings: Settings) -> Iterator[Finding]:
    login = b64encode(f"{base.section.user}:{base.section.password.get_secret_value()}".encode()).decode()
    headers: dict[str, str | bytes] = {"Authorization": f"Basic {login}"} if base.section.user else {}
    try:
        answer = wire.get(f"{base.url}?wsdl", headers)
    except WireError as error:
        yield no_answer(base, error, "описание (?wsdl)")
        return
    yield from clock_findings(base.link, answer, "сервера 1С")
    expected = expected_of(base.name, base.section)
    caller_s = settings.exchange[base.section.exchange].caller_s
    caller = Caller(base=base, wire=wire, login=headers, expected=expected, caller_s=caller_s)
    trouble = refusal(base, answer)
    if trouble and trouble.code in _MAYBE_ONLY_HIDDEN:
        yield from _without_wsdl(caller, trouble, settings)
        return
    try:
        published = read_wsdl(b"" if trouble else answer.body)
    except NotWsdl:
        yield trouble or not_1c(base, answer)
        return
    yield good(
        base.link, Code.WSDL_READ, f"веб-сервис {_names(published)} опубликован, {_let_in(base, answer)}"
    )
    if not (yield from _compared(base, expected, published)):
        return
    if base.section.contract == "custom":
        yield from own_call_findings(base, settings)
    else:
        yield from call_findings(caller, published.operations)


def _compared(base: Infobase, expected: Expected, published: Published) -> Generator[Finding, None, bool]:
    """Yields the differences; returns False when a call would meet nobody."""
    callable_ = True
    for finding in compare(base.link, base.name, expected, published, base.url):
        callable_ = callable_ and finding.grade < BAD
        yield finding
    return callable_


def _without_wsdl(caller: Caller, trouble: Finding, settings: Settings) -> Iterator[Finding]:
    """Many administrators never publish the WSDL; then the harmless call decides."""
    base = caller.base
    if base.section.contract == "custom":
        found = list(_by_file(base, caller.expected, settings))
    else:
        found = list(call_findings(caller, None))
    if any(one.code in _CALLED for one in found):
        said = "описание (?wsdl) закрыто, но сама 1С отвечает на вызовы: мосту этого достаточно"
        yield good(base.link, Code.WSDL_HIDDEN, said)
        yield from found
        return
    untried = any(one.code is Code.CALL_UNTRIED for one in found)  # nobody knows whether a call would pass
    yield replace(trouble, grade=WARNING) if untried else trouble
    yield from (one for one in found if one.code is not trouble.code)


def _by_file(base: Infobase, expected: Expected, settings: Settings) -> Iterator[Finding]:
    """A firm's own web service whose description lies beside the settings; without it nothing can be said."""
    file = base.section.custom.wsdl_file
    if file is None:
        return
    try:
        published = read_wsdl(file.read_bytes())
    except (OSError, NotWsdl):
        said, advice = f"файл {file} — не WSDL", f"исправьте infobase.{base.name}.custom.wsdl_file"
        yield bad(base.link, Code.WSDL_UNREADABLE, said, advice)
        return
    if (yield from _compared(base, expected, published)):
        yield from own_call_findings(base, settings)


def _names(published: Published) -> str:
    return ", ".join(published.services) or "без имени"


def _let_in(base: Infobase, answer: Answer) -> str:
    entrance = f"вход «{base.section.user}» принят" if base.section.user else "без имени и пароля"
    return f"{entrance}, {milliseconds(answer.took_s)}"
