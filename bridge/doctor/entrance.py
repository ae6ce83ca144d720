"""The bridge's own address as the world sees it: is it there, is it this bridge, may all get in?"""

import ssl
import time
from collections.abc import Generator, Iterator
from http.client import HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from bridge.doctor.codes import Code
from bridge.doctor.finding import Finding, bad, doubtful, good
from bridge.doctor.handshakes import accepts_tls12
from bridge.doctor.reach import Peer, Reached, reach
from bridge.doctor.texts import milliseconds
from bridge.doctor.tls import tls_findings
from bridge.settings import Settings
from bridge.settings.kinds import loopback
from bridge.web.hooks import PREFIX as HOOKS
from bridge.web.path_secret import NOT_FOUND
from bridge.web.soap.vocabulary import ENGLISH
from bridge.wire import Answer, Headers, Wire, WireError
from bridge.wiring.partners import exchange_url, mailboxes

ADDRESS, MAILBOX = "адрес моста", "ящик"
MEGABYTE = 1024 * 1024
ASK_S = 5.0


def local_url(settings: Settings) -> str:
    """Where the bridge of these settings listens, from this computer."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.server.host, settings.server.host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.server.port}"


def entrance_findings(settings: Settings) -> Iterator[Finding]:
    """From outside: is it there, is it this bridge, would 1C and the exchange get in?"""
    if mailboxes(settings) and settings.server.mailbox_waiters > settings.server.threads // 4:
        said = f"ждать смогут не больше {settings.server.threads // 4}, четверти server.threads"
        yield doubtful(MAILBOX, Code.MAILBOX_PLACES, said, "увеличьте server.threads")
    if not settings.server.link_secret.get_secret_value():
        advice = "для ссылок на записи: vpbx-bridge token --link, строку — в [server]"
        yield good(
            ADDRESS, Code.OWN_NO_LINKS, "ссылок на записи разговоров не будет (link_secret пуст)", advice
        )
    url = settings.server.public_url
    if loopback(url) and not all(loopback(exchange_url(one)) for one in settings.exchange.values()):
        said = f"public_url {url} — это сам этот компьютер: ВАТС из интернета мост не найдёт"
        advice = "укажите адрес, видный из интернета, и поставьте прокси с TLS: docs/install.md"
        yield doubtful(ADDRESS, Code.OWN_LOOPBACK, said, advice)
    yield from _networks(settings)
    peer = Peer(link=ADDRESS, url=url, setting="server.public_url", called_by_1c=True)
    reached = yield from _from_outside(peer, settings)
    if reached is None or not (yield from tls_findings(peer, reached)):
        return
    if peer.secure and not accepts_tls12(peer, reached):
        said = "прокси не принимает TLS 1.2, а веб-хук Мобилона новее не умеет: звонки не дойдут"
        yield doubtful(ADDRESS, Code.OWN_TLS12, said, "разрешите на прокси TLS 1.2 рядом с 1.3")
    yield from _this_bridge(settings)


def _networks(settings: Settings) -> Iterator[Finding]:
    """Behind a proxy that is not named everybody comes from its address, and the exchange from no network."""
    named = [name for name, section in settings.exchange.items() if section.networks]
    behind = loopback(local_url(settings)) and not loopback(settings.server.public_url)
    if named and behind and not settings.server.trusted_proxy:
        said = (
            f"у ВАТС {', '.join(named)} заданы networks, мост слушает {settings.server.listen}, "
            "а trusted_proxy не указан: все запросы приходят с адреса прокси, и веб-хуки получат отказ"
        )
        advice = 'впишите адрес прокси, обычно trusted_proxy = "127.0.0.1", и перезапустите мост'
        yield bad(ADDRESS, Code.OWN_NETWORKS_PROXY, said, advice)


def _from_outside(peer: Peer, settings: Settings) -> Generator[Finding, None, Reached | None]:
    """A bridge that does not run is no mistake of the address, nor is a router that hides it from within."""
    findings = reach(peer)
    while True:
        try:
            finding = next(findings)
        except StopIteration as over:
            reached: Reached | None = over.value
            return reached
        if not _alive(_ask(local_url(settings), "/healthz")):
            said = f"{peer.url} не отвечает: мост не запущен"
            advice = "запустите его (vpbx-bridge serve или службу) и повторите проверку"
            yield doubtful(ADDRESS, Code.OWN_AWAY, said, advice)
        if finding.code is Code.NET_DNS or peer.here:
            if finding.code is Code.NET_DNS:
                yield finding
            continue
        advice = (
            "проверьте адрес снаружи, с телефона без Wi-Fi: <public_url>/healthz покажет alive; "
            "маршрутизатор может не пускать изнутри на свой же внешний адрес"
        )
        yield doubtful(ADDRESS, finding.code, finding.said, advice)


def _this_bridge(settings: Settings) -> Iterator[Finding]:
    url = settings.server.public_url
    answer = _ask(url, "/healthz")
    if answer is None:
        advice = "запустите мост (vpbx-bridge serve) и проверьте прокси"
        yield doubtful(ADDRESS, Code.OWN_AWAY, f"{url}: соединение есть, ответа нет", advice)
        return
    if not _alive(answer):
        if not _alive(_ask(local_url(settings), "/healthz")):
            said = f"{url}: прокси отвечает (HTTP {answer.status}), а мост за ним не запущен"
            yield doubtful(ADDRESS, Code.OWN_AWAY, said, "запустите мост (vpbx-bridge serve)")
            return
        said = f"{url} отвечает, но это не мост (HTTP {answer.status})"
        advice = f"проверьте server.public_url и куда ведёт прокси: мост слушает {settings.server.listen}"
        yield bad(ADDRESS, Code.OWN_STRANGER, said, advice)
        return
    wsdl = _ask(url, f"{ENGLISH.path}?wsdl")
    if wsdl is None or f'"{url}{ENGLISH.path}"'.encode() not in wsdl.body:
        said = f"{url} отвечает мост, но с другими настройками: в его WSDL другой адрес"
        advice = "перезапустите мост, если меняли public_url; или прокси ведёт на другой мост"
        yield doubtful(ADDRESS, Code.OWN_STRANGER, said, advice)
        return
    yield good(ADDRESS, Code.OWN_GOOD, f"{url} отвечает этот мост, {milliseconds(answer.took_s)}")
    yield from _hooks(settings)


def _hooks(settings: Settings) -> Iterator[Finding]:
    """An empty hook: refused by name (400) by whoever knows the secret, and nothing is stored.

    One that only the exchange's networks may use is asked without the secret: its 404 is the bridge's own.
    """
    for name, section in settings.exchange.items():
        if section.networks:
            yield _closed_hook(settings, name)
            continue
        answer = _ask(settings.server.public_url, f"{HOOKS}{name}/{section.hook_secret.get_secret_value()}")
        if answer is not None and answer.status == 400:
            yield good(
                ADDRESS, Code.OWN_HOOK_OPEN, f"веб-хук ВАТС {name} доходит до моста по внешнему адресу"
            )
            continue
        status = f"HTTP {answer.status}" if answer else "ответа нет"
        said = f"веб-хук ВАТС {name} до моста не доходит ({status})"
        advice = f"проверьте, что прокси пропускает {HOOKS}, и перезапустите мост, если меняли hook_secret"
        yield bad(ADDRESS, Code.OWN_HOOK_CLOSED, said, advice)


def _closed_hook(settings: Settings, name: str) -> Finding:
    answer = _ask(settings.server.public_url, f"{HOOKS}{name}/check")
    if answer is not None and (answer.status, answer.body) == (NOT_FOUND.status, NOT_FOUND.body):
        said = f"адрес веб-хука ВАТС {name} ведёт в мост; пускает он только networks"
        advice = f"пустит ли он ВАТС, видно по ней самой: vpbx-bridge check --only {name}"
        return good(ADDRESS, Code.OWN_HOOK_NETWORKS, said, advice)
    status = f"HTTP {answer.status}" if answer else "ответа нет"
    said = f"веб-хук ВАТС {name} до моста не доходит ({status})"
    return bad(ADDRESS, Code.OWN_HOOK_CLOSED, said, f"проверьте, что прокси пропускает {HOOKS}")


def _alive(answer: Answer | None) -> bool:
    return answer is not None and answer.status == 200 and answer.body == b"alive"


def _ask(url: str, path: str) -> Answer | None:
    """A GET of something of ours; None when no answer came. TLS is trusted as 1C trusts it."""
    if url.startswith("https://"):
        return _ask_securely(url, path)
    wire = Wire(connect_s=3, total_s=5)
    try:
        return wire.get(url + path)
    except WireError:
        return None
    finally:
        wire.close()


def _ask_securely(url: str, path: str) -> Answer | None:
    """`Wire` knows no authorities of the system."""
    parts = urlsplit(url)
    context, started = ssl.create_default_context(), time.monotonic()
    connection = HTTPSConnection(parts.hostname or "", parts.port or 443, timeout=ASK_S, context=context)
    try:
        connection.request("GET", f"{parts.path}{path}")
        response = connection.getresponse()
        body = response.read(MEGABYTE)
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return Answer(
        status=response.status,
        headers=Headers(response.getheaders()),
        body=body,
        took_s=time.monotonic() - started,
    )
