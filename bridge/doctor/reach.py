"""Is a machine there at all: its name, its port. Shared by every link that has an address."""

import queue
import socket
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from bridge.doctor.codes import Code
from bridge.doctor.finding import Finding, bad
from bridge.doctor.texts import milliseconds
from bridge.settings.kinds import loopback

DNS_S = 6.0  # the resolver of the system has no deadline of its own
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True)
class Peer:
    """Whom we want to reach, and which setting names it.

    `ca_file` "" means the authorities that the bridge trusts by itself; `ca_setting` is where the
    administrator may name another, "" when nowhere.
    """

    link: str
    url: str
    setting: str
    connect_s: float = 3.0
    ca_file: str = ""
    ca_setting: str = ""
    called_by_1c: bool = False  # our own entrance: judged with the system's authorities, as 1C does

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        parts = urlsplit(self.url)
        return parts.port or PORTS.get(parts.scheme, 0)

    @property
    def secure(self) -> bool:
        return self.url.startswith("https://")

    @property
    def here(self) -> bool:
        return loopback(self.url)


@dataclass(frozen=True, kw_only=True)
class Reached:
    """An address that takes connections, ready for `socket.connect`."""

    family: int
    address: Any
    said: str


def reach(peer: Peer) -> Generator[Finding, None, Reached | None]:
    """Name and port. Yields what is wrong, returns the address that answered."""
    try:
        found = _resolved(peer.host, peer.port)
    except TimeoutError:
        advice = "проверьте настройку DNS на этом компьютере"
        yield bad(peer.link, Code.NET_DNS, f"DNS не отвечает на вопрос об имени {peer.host}", advice)
        return None
    except (OSError, UnicodeError):
        advice = f"проверьте опечатку в {peer.setting}, интернет и DNS этого компьютера"
        yield bad(peer.link, Code.NET_DNS, f"имя {peer.host} не найдено в DNS", advice)
        return None
    error: OSError | None = None
    until = time.monotonic() + peer.connect_s
    for family, address in found:
        started = time.monotonic()
        try:
            connect(family, address, max(0.1, until - started)).close()
        except OSError as failed:
            error = error or failed
            continue
        return Reached(family=family, address=address, said=_said(peer, address, time.monotonic() - started))
    yield _closed(peer, error, [address[0] for _, address in found])
    return None


def connect(family: int, address: Any, timeout_s: float) -> socket.socket:
    """A connected socket whose every step is bounded by `timeout_s`."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.settimeout(timeout_s)
    try:
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _resolved(host: str, port: int) -> list[tuple[int, Any]]:
    """Addresses in the order of the system; the lookup runs aside, since it cannot be interrupted.

    Raises:
        OSError, UnicodeError: there is no such name.
        TimeoutError: nobody answered in time.
    """
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="check dns", daemon=True).start()
    try:
        answer = answers.get(timeout=DNS_S)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    return [(family, address) for family, _, _, _, address in answer]


def _said(peer: Peer, address: Any, took_s: float) -> str:
    named = "" if _is_address(peer.host) else f" ({address[0]})"
    return f"{peer.host}{named}, порт {peer.port} открыт, {milliseconds(took_s)}"


def _closed(peer: Peer, error: OSError | None, addresses: list[str]) -> Finding:
    where = f"{peer.host}:{peer.port}"
    if not _is_address(peer.host):
        where += f" ({', '.join(dict.fromkeys(addresses))})"
    match error:
        case ConnectionRefusedError():
            said = f"{where}: соединение отвергнуто, порт закрыт"
            advice = f"проверьте адрес и порт в {peer.setting}; если они верны, сервер там выключен"
            return bad(peer.link, Code.NET_REFUSED, said, advice)
        case TimeoutError():
            said = f"{where}: машина не отвечает {peer.connect_s:g} с"
            advice = "обычно это брандмауэр: откройте порт для этого компьютера; или машина выключена"
            return bad(peer.link, Code.NET_TIMEOUT, said, advice)
    advice = "проверьте сеть, VPN и маршрут с этого компьютера"
    return bad(peer.link, Code.NET_UNREACHABLE, f"{where}: нет пути в сети", advice)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
