"""The links themselves: the bridge's own ground, each exchange, each infobase."""

import time
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bridge.core.delivery import DeliveryState
from bridge.core.errors import JournalRefused, StoreUnavailable
from bridge.core.ports import CallJournal
from bridge.doctor.finding import Finding, bad, doubtful, good
from bridge.doctor.publication import publication_findings
from bridge.settings import ExchangeSection, InfobaseSection, Settings
from bridge.store.archive import Archive
from bridge.store.opening import open_store, place_of, weakness_of
from bridge.wire import Wire, WireError
from bridge.wiring.healing import exchange_journal
from bridge.wiring.partners import exchange_url, mailboxes

SILENCE_S = 24 * 3600.0
UNPOLLED_S = 10 * 60.0
_PLACEHOLDER = "впишите"


def own_findings(settings: Settings) -> list[Finding]:
    """The database, and the bridge's address as the world sees it."""
    findings = [_database(settings)]
    if mailboxes(settings) and settings.server.mailbox_waiters > settings.server.threads // 4:
        findings.append(
            doubtful(
                "ящик",
                f"ждать смогут не больше {settings.server.threads // 4}, четверти server.threads",
                "увеличьте server.threads",
            )
        )
    url = settings.server.public_url
    try:
        answer = Wire(connect_s=3, total_s=5).get(f"{url}/healthz")
    except WireError as error:
        findings.append(
            doubtful(
                "адрес моста",
                f"{url}: {error.reason}",
                "запустите мост (vpbx-bridge serve) и проверьте прокси",
            )
        )
    else:
        if answer.status == 200 and answer.body == b"alive":
            findings.append(good("адрес моста", f"{url} отвечает, {answer.took_s * 1000:.0f} мс"))
        else:
            said = f"{url} отвечает, но это не мост (HTTP {answer.status})"
            findings.append(bad("адрес моста", said, "проверьте server.public_url и прокси"))
    if url.startswith("http://") and urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
        findings.append(
            doubtful(
                "адрес моста",
                "ключи и номера идут по сети открыто",
                "поставьте прокси с TLS: docs/install.md",
            )
        )
    return findings


def _database(settings: Settings) -> Finding:
    place = place_of(settings.server.database)
    try:
        store = open_store(settings.server.database)
        weakness = weakness_of(settings.server.database)
    except StoreUnavailable as error:
        if "другой мост" in str(error):
            return good("база", f"{place}: её держит работающий мост")
        advice = (
            "проверьте в server.database адрес, имя и пароль и что сервер запущен"
            if settings.server.database_file is None
            else "проверьте server.database, права на папку и место на диске"
        )
        return bad("база", str(error), advice)
    try:
        store.ping()
    except StoreUnavailable as error:
        return bad("база", str(error), "проверьте место на диске и права на файл")
    finally:
        store.close()
    if weakness:
        said = f"{place}: {weakness} — отключение питания сотрёт принятые события"
        return bad("база", said, "включите это в postgresql.conf")
    return good("база", f"{place} принимает записи")


def exchange_findings(name: str, section: ExchangeSection, archive: Archive | None) -> list[Finding]:
    """Is the exchange's API there, are the subscribers filled in, does its hook speak to us?"""
    link = f"ВАТС {name}"
    findings = [_reachable(link, exchange_url(section), f"exchange.{name}.base_url")]
    if not section.subscribers:
        findings.append(
            doubtful(link, "нет абонентов", f"впишите сотрудников в [[exchange.{name}.subscribers]]")
        )
    for person in section.subscribers:
        if _PLACEHOLDER in person.key.get_secret_value():
            findings.append(
                bad(link, f"у абонента «{person.name}» не вписан ключ", "возьмите его в кабинете ВАТС")
            )
        elif section.api == "simple-calls" and not person.extension:
            findings.append(
                bad(link, f"у абонента «{person.name}» нет extension", "для simple-calls он обязателен")
            )
    findings.append(_hook(link, archive.last_heard(name) if archive else None, name))
    if journal := exchange_journal(section):
        findings.append(_journal(link, journal, section.timezone, name))
        findings += _reconciled(link, name, archive)
    return findings


def _journal(link: str, journal: CallJournal, timezone: str, name: str) -> Finding:
    day = datetime.now(ZoneInfo(timezone)).date().isoformat()
    try:
        told = journal.calls(day)
    except JournalRefused as refused:
        return bad(
            link, f"журнал звонков: {refused}", f"если АТС доступна, проверьте exchange.{name}.journal_token"
        )
    return good(link, f"журнал звонков читается, звонков сегодня: {len(told.calls)}")


def _reconciled(link: str, name: str, archive: Archive | None) -> list[Finding]:
    """What the last reconciliation came to."""
    done = [one for one in archive.reconciliations() if one.exchange == name] if archive else []
    if not done:
        return [doubtful(link, "сверки ещё не было", "она пройдёт ночью; сейчас: vpbx-bridge reconcile")]
    last = done[0]
    if last.problem:
        return [doubtful(link, f"сверка за {last.day}: {last.problem}", "повторить: vpbx-bridge reconcile")]
    said = f"сверка за {last.day}: в АТС {last.in_exchange}, в мосте {last.known}, добавлено {last.added}"
    return [good(link, said)]


def _reachable(link: str, url: str, setting: str) -> Finding:
    try:
        answer = Wire(connect_s=3, total_s=6).get(f"{url}/")
    except WireError as error:
        return bad(link, f"{url}: {error.reason}", f"проверьте интернет, DNS и {setting}")
    return good(link, f"{url} отвечает, {answer.took_s * 1000:.0f} мс")


def _hook(link: str, heard_at: float | None, name: str) -> Finding:
    where = (
        f"в кабинете ВАТС укажите <server.public_url>/hooks/{name}/<exchange.{name}.hook_secret>"
        "?key={KEY}&number={NUMBER}"
    )
    if heard_at is None:
        return doubtful(link, "веб-хук ещё ни разу не приходил", where)
    silent_s = time.time() - heard_at
    if silent_s > SILENCE_S:
        return doubtful(link, f"веб-хук молчит {silent_s / 3600:.0f} ч", where)
    return good(link, f"веб-хук приходил {silent_s / 60:.0f} мин назад")


def infobase_findings(name: str, section: InfobaseSection, archive: Archive | None) -> list[Finding]:
    """Can 1C call us, can we call 1C, and what is stuck between us?"""
    link = f"1С {name}"
    findings = _stuck(link, name, archive)
    if not section.token_hashes:
        advice = "создайте пароль: vpbx-bridge token"
        findings.append(doubtful(link, "у базы нет token_hashes: 1С не сможет звонить", advice))
    if section.contract == "none":
        findings.append(good(link, "мост ей не сообщает (contract = none)"))
    elif section.contract == "mailbox":
        findings.append(_mailbox(link, archive.last_polled().get(name) if archive else None))
    elif section.url:
        findings += publication_findings(link, section)
    return findings


def _mailbox(link: str, polled_at: float | None) -> Finding:
    how = "в 1С должно быть включено регламентное задание, которое вызывает PollEvents"
    if polled_at is None:
        return doubtful(link, "ящик ещё ни разу не забирали", how)
    silent_s = max(0.0, time.time() - polled_at)
    if silent_s > UNPOLLED_S:
        return doubtful(link, f"ящик не забирали {silent_s / 60:.0f} мин", how)
    return good(link, f"ящик забирали {silent_s:.0f} с назад")


def _stuck(link: str, name: str, archive: Archive | None) -> list[Finding]:
    if archive is None:
        return []
    counts = archive.counts()
    dead, waiting = counts.get((name, DeliveryState.DEAD), 0), counts.get((name, DeliveryState.QUEUED), 0)
    findings = []
    if dead:
        advice = f"vpbx-bridge events list --state dead; затем events replay --dead --infobase {name}"
        findings.append(doubtful(link, f"разобрать вручную: {dead}", advice))
    if waiting:
        findings.append(doubtful(link, f"ждут в очереди: {waiting}", "причина — в vpbx-bridge events list"))
    return findings
