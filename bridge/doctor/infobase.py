"""An infobase: can it call us, can we call it, and what is stuck between us?"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge.core.delivery import DeliveryState
from bridge.core.tokens import known
from bridge.doctor.codes import Code
from bridge.doctor.entrance import local_url
from bridge.doctor.finding import Finding, bad, doubtful, good
from bridge.doctor.publication import publication_findings
from bridge.doctor.texts import span
from bridge.settings import Settings
from bridge.store.archive import Archive
from bridge.store.dials import EVERYBODY
from bridge.wire import Wire, WireError

UNPOLLED_S = 10 * 60.0
_AWAY = "bridge_infobase_away"


@dataclass(frozen=True, kw_only=True)
class Commands:
    """Commands as the administrator has to type them, with the settings file where it is another."""

    config: Path

    def __call__(self, words: str) -> str:
        given = "" if self.config == Path("bridge.toml") else f' -c "{self.config}"'
        return f"vpbx-bridge {words}{given}"


def infobase_findings(
    name: str, settings: Settings, archive: Archive | None, command: Commands
) -> Iterator[Finding]:
    link, section = f"1С {name}", settings.infobase[name]
    yield from _entering(link, name, section.token_hashes, archive, command)
    match section.contract:
        case "none":
            yield good(link, Code.INFOBASE_UNTOLD, "мост ей не сообщает (contract = none)")
        case "mailbox":
            yield _mailbox(link, archive.last_polled().get(name) if archive else None)
        case _:
            yield from publication_findings(name, settings)
            yield from _bridge_says(link, name, settings)
    yield from _stopped(link, name, archive, command)
    yield from _stuck(link, name, archive, command)


def _entering(
    link: str, name: str, in_file: Sequence[str], archive: Archive | None, command: Commands
) -> Iterator[Finding]:
    """May anybody enter as this infobase, and is a line left of somebody who may not?"""
    told = [
        one for one in known({name: in_file}, archive.tokens() if archive else ()) if one.infobase == name
    ]
    if not any(one.valid for one in told):
        said = "у базы нет ни одного действующего пароля: 1С не сможет звонить"
        yield doubtful(link, Code.INFOBASE_SHUT, said, f"выдайте: {command(f'token issue {name}')}")
    for one in told:
        if one.in_file and not one.valid:
            said = f"в token_hashes строка отозванного пароля, sha256:{one.id}…"
            yield doubtful(link, Code.INFOBASE_REVOKED, said, "она не действует: удалите её")


def _mailbox(link: str, polled_at: float | None) -> Finding:
    how = "в 1С должно быть включено регламентное задание, которое вызывает PollEvents"
    if polled_at is None:
        return doubtful(link, Code.MAILBOX_NEVER, "ящик ещё ни разу не забирали", how)
    silent_s = max(0.0, time.time() - polled_at)
    if silent_s > UNPOLLED_S:
        return doubtful(link, Code.MAILBOX_SILENT, f"ящик не забирали {span(silent_s)}", how)
    return good(link, Code.MAILBOX_COLLECTED, f"ящик забирали {span(silent_s)} назад")


def _stopped(link: str, name: str, archive: Archive | None, command: Commands) -> Iterator[Finding]:
    """A person forbade dialling, and may have forgotten."""
    for stop in archive.dial_stops() if archive else ():
        if stop.infobase in (EVERYBODY, name):
            why = f": {stop.why}" if stop.why else ""
            allow = "dials allow" + (f" --infobase {name}" if stop.infobase else "")
            said = f"звонки из 1С остановлены {span(max(0.0, time.time() - stop.at))} назад{why}"
            yield doubtful(link, Code.DIALS_STOPPED, said, f"разрешить: {command(allow)}")


def _stuck(link: str, name: str, archive: Archive | None, command: Commands) -> Iterator[Finding]:
    if archive is None:
        return
    counts = archive.counts()
    dead, waiting = counts.get((name, DeliveryState.DEAD), 0), counts.get((name, DeliveryState.QUEUED), 0)
    if dead:
        replay, listing = (
            command(f"events replay --dead --infobase {name}"),
            command("events list --state dead"),
        )
        advice = f"исправьте причину ({listing}), затем: {replay}"
        yield doubtful(link, Code.DELIVERY_DEAD, f"разобрать вручную: {dead}", advice)
    if waiting:
        oldest = next((depth.oldest_at for depth in archive.depths() if depth.infobase == name), None)
        since = f", старшее {span(max(0.0, time.time() - oldest))}" if oldest is not None else ""
        advice = f"мост повторяет сам; причина: {command('events list --state queued')}"
        yield doubtful(link, Code.DELIVERY_WAITS, f"ждут в очереди: {waiting}{since}", advice)


def _bridge_says(link: str, name: str, settings: Settings) -> Iterator[Finding]:
    """What the running bridge thinks of this infobase, if it runs here."""
    wire = Wire(connect_s=1, total_s=3, max_bytes=4 * 1024 * 1024)
    try:
        text = wire.get(f"{local_url(settings)}/metrics").body.decode("utf-8", "replace")
    except WireError:
        return
    finally:
        wire.close()
    states = [
        line.rpartition(" ")[2]
        for line in text.splitlines()
        if line.startswith(f'{_AWAY}{{infobase="{name}"}}')
    ]
    if any(state.startswith("2") for state in states):
        said = "работающий мост перестал её звать: 1С не приняла пароль"
        yield bad(link, Code.BRIDGE_SAYS_DENIED, said, "исправьте user и password, затем перезапустите мост")
    elif any(state.startswith("1") for state in states):
        said = "работающий мост считает её выключенной"
        advice = "если проверка выше прошла, делать ничего не надо: мост узнает об этом со следующим событием"
        yield doubtful(link, Code.BRIDGE_SAYS_AWAY, said, advice)
