"""An exchange: is its API there, are the subscribers filled in, does its hook speak to us?"""

import time
from collections.abc import Generator, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bridge.core.errors import JournalRefused
from bridge.core.past_calls import CallJournal
from bridge.core.watch import WorkHours
from bridge.doctor.clock import clock_findings
from bridge.doctor.codes import Code
from bridge.doctor.finding import Finding, bad, doubtful, good
from bridge.doctor.keys import PLACEHOLDER, key_findings
from bridge.doctor.reach import Peer, reach
from bridge.doctor.texts import milliseconds, span
from bridge.doctor.tls import tls_findings
from bridge.settings import ExchangeSection
from bridge.store.archive import Archive
from bridge.store.passages import Passage, Way
from bridge.web.auth import token_hash
from bridge.web.sources import Sources
from bridge.wire import Wire, WireError
from bridge.wiring.healing import exchange_journal
from bridge.wiring.partners import exchange_url

FUTURE_S = 10 * 60.0
OLD_SECRET_S = 24 * 3600.0  # unused for so long, while the new one is used: nobody needs it
KEYS_UNTRIED = "ключи абонентов не проверялись"
KEYS_HOW = (
    "проверить: vpbx-bridge check --keys — попросит ВАТС от имени каждого набрать невозможный номер «-»; "
    "зазвонить ничто не должно, но ВАТС этого не обещает: лучше не в рабочее время"
)


def exchange_findings(
    name: str, section: ExchangeSection, archive: Archive | None, *, keys: bool
) -> Iterator[Finding]:
    """Everything about one exchange; `keys` asks it about each subscriber's key."""
    link = f"ВАТС {name}"
    there = yield from _answers(link, name, section)
    yield from _subscribers(link, name, section)
    yield _hook(link, name, section, archive.last_heard(name) if archive else None)
    yield from _passages(link, name, section, archive)
    if there and (journal := exchange_journal(section)):
        yield from _journal(link, journal, section.timezone, name)
        yield from _reconciled(link, name, archive)
    if not keys:
        yield good(link, Code.KEYS_UNTRIED, KEYS_UNTRIED, KEYS_HOW)
    elif there:
        yield from key_findings(link, section)


def _answers(link: str, name: str, section: ExchangeSection) -> Generator[Finding, None, bool]:
    """Yields what there is to say; returns whether its API answers."""
    setting = f"exchange.{name}.base_url"
    peer = Peer(link=link, url=exchange_url(section), setting=setting)
    reached = yield from reach(peer)
    if reached is None:
        return False
    yield good(link, Code.NET_REACHED, reached.said)
    if not (yield from tls_findings(peer, reached)):
        return False
    wire = Wire(connect_s=3, total_s=6)
    try:
        answer = wire.get(f"{peer.url}/")
    except WireError as error:
        advice = f"проверьте {setting} и что API включён в кабинете ВАТС"
        yield bad(link, Code.EXCHANGE_SILENT, f"{peer.url}: {error.reason}", advice)
        return False
    finally:
        wire.close()
    yield good(link, Code.EXCHANGE_ANSWERS, f"{peer.url} отвечает, {milliseconds(answer.took_s)}")
    yield from clock_findings(link, answer, "ВАТС")
    return True


def _subscribers(link: str, name: str, section: ExchangeSection) -> Iterator[Finding]:
    if not section.subscribers:
        advice = f"впишите сотрудников в [[exchange.{name}.subscribers]]"
        yield doubtful(link, Code.EXCHANGE_NOBODY, "нет абонентов", advice)
    for person in section.subscribers:
        key = person.key.get_secret_value()
        if PLACEHOLDER in key:
            said = f"у абонента «{person.name}» не вписан ключ"
            yield bad(link, Code.EXCHANGE_PLACEHOLDER, said, "возьмите его в кабинете ВАТС")
        elif section.api == "simple-calls" and not person.extension:
            said = f"у абонента «{person.name}» нет extension"
            yield bad(link, Code.EXCHANGE_NO_EXTENSION, said, "для simple-calls он обязателен")
        elif key and not (key.isascii() and key.isalnum()):
            said = f"в ключе абонента «{person.name}» знаки, которых в ключах Мобилона не видели"
            advice = "скопируйте ключ из кабинета ВАТС заново: лишний пробел или русская буква"
            yield doubtful(link, Code.EXCHANGE_ODD_KEY, said, advice)


def _hook(link: str, name: str, section: ExchangeSection, heard_at: float | None) -> Finding:
    where = (
        f"в кабинете ВАТС укажите <server.public_url>/hooks/{name}/<exchange.{name}.hook_secret>"
        "?key={KEY}&number={NUMBER}"
    )
    if heard_at is None:
        return doubtful(link, Code.HOOK_NEVER, "веб-хук ещё ни разу не приходил", where)
    now = time.time()
    zone = ZoneInfo(section.timezone)
    hours = WorkHours.parse(section.work_hours, section.work_days)
    silent_s = hours.between(_wall_s(heard_at, zone), _wall_s(now, zone))
    ago = span(now - heard_at)
    if section.silence_s and silent_s >= section.silence_s:
        said = f"веб-хук молчит {ago}, из них рабочего времени {span(silent_s)}"
        return doubtful(link, Code.HOOK_SILENT, said, f"если звонки были: {where}")
    return good(link, Code.HOOK_HEARD, f"веб-хук приходил {ago} назад")


def _passages(link: str, name: str, section: ExchangeSection, archive: Archive | None) -> Iterator[Finding]:
    """Which secret it comes by while that is being changed; whether it came from an unlisted network."""
    seen = {one.way: one for one in archive.passages() if one.exchange == name} if archive else {}
    yield from _outside(link, name, section, seen.get(Way.OUTSIDE))
    old_secret = section.old_hook_secret.get_secret_value()
    if not old_secret:
        return
    old, new = (
        one if (one := seen.get(way)) and one.is_of(token_hash(secret)) else None
        for way, secret in ((Way.OLD, old_secret), (Way.CURRENT, section.hook_secret.get_secret_value()))
    )
    now = time.time()
    by_new = f"по новому приходила {span(now - new.at)} назад" if new else "по новому ещё не приходила"
    by_old = (
        f"по прежнему секрету ВАТС приходила {span(now - old.at)} назад"
        if old
        else ("по прежнему секрету ВАТС не приходила")
    )
    said = f"{by_old}, {by_new}"
    if new and (old is None or (old.at < new.at and now - old.at > OLD_SECRET_S)):
        advice = f"прежний больше не нужен: уберите exchange.{name}.old_hook_secret и перезапустите мост"
        yield good(link, Code.HOOK_NEW_SECRET, said, advice)
        return
    advice = "замените секрет в кабинете ВАТС (адрес веб-хука и «кто звонит»), прежний пока не убирайте"
    yield doubtful(link, Code.HOOK_OLD_SECRET, said, advice)


def _outside(link: str, name: str, section: ExchangeSection, last: Passage | None) -> Iterator[Finding]:
    if last is None or Sources({name: section.networks}).admit(name, last.peer):
        return
    said = (
        f"{span(time.time() - last.at)} назад с верным секретом или паролем пришли с адреса {last.peer}, "
        "которого нет в networks; мост отказал"
    )
    advice = (
        f"если это ВАТС, добавьте её сеть в exchange.{name}.networks; если нет — секрет знает чужой, "
        "замените его: vpbx-bridge token --hook"
    )
    yield doubtful(link, Code.HOOK_OUTSIDE, said, advice)


def _wall_s(at: float, zone: ZoneInfo) -> float:
    """What the wall of the exchange shows, in seconds from its 1970-01-01."""
    offset = datetime.fromtimestamp(at, zone).utcoffset() or timedelta()
    return at + offset.total_seconds()


def _journal(link: str, journal: CallJournal, timezone: str, name: str) -> Iterator[Finding]:
    day = datetime.now(ZoneInfo(timezone)).date().isoformat()
    try:
        told = journal.calls(day)
    except JournalRefused as refused:
        advice = f"если АТС доступна, проверьте exchange.{name}.journal_token"
        yield bad(link, Code.JOURNAL_REFUSED, f"журнал звонков: {refused}", advice)
        return
    yield good(link, Code.JOURNAL_READ, f"журнал звонков читается, звонков сегодня: {len(told.calls)}")
    ahead_s = max((call.started_s for call in told.calls), default=0) - time.time()
    if ahead_s > FUTURE_S:
        said = f"в журнале звонок из будущего, на {span(ahead_s)} вперёд: часовой пояс не тот"
        advice = f"укажите exchange.{name}.timezone, в котором ВАТС пишет время (сейчас {timezone})"
        yield doubtful(link, Code.JOURNAL_FUTURE, said, advice)


def _reconciled(link: str, name: str, archive: Archive | None) -> Iterator[Finding]:
    """What the last reconciliation came to."""
    done = [one for one in archive.reconciliations() if one.exchange == name] if archive else []
    if not done:
        advice = "она пройдёт ночью; сейчас: vpbx-bridge reconcile"
        yield doubtful(link, Code.RECONCILED_NEVER, "сверки ещё не было", advice)
        return
    last = done[0]
    if last.problem:
        said, advice = f"сверка за {last.day}: {last.problem}", "повторить: vpbx-bridge reconcile"
        yield doubtful(link, Code.RECONCILED_BADLY, said, advice)
        return
    said = f"сверка за {last.day}: в АТС {last.in_exchange}, в мосте {last.known}, добавлено {last.added}"
    yield good(link, Code.RECONCILED, said)
