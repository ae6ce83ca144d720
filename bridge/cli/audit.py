"""The command that shows who did what with the bridge."""

import json
from datetime import datetime
from pathlib import Path

import click

from bridge.cli.options import MOMENT, moment, settings_option
from bridge.settings import load
from bridge.store.archive import Archive
from bridge.store.audit import AuditRecord, Deed

DEEDS = {
    Deed.REPLAY: "отправлено ещё раз",
    Deed.PURGE: "удалены старые события",
    Deed.TOKEN: "сделан пароль базы",
    Deed.DIAL: "настоящий звонок из консоли",
    Deed.REVOKE: "отозван пароль базы",
    Deed.DIAL_STOP: "звонки остановлены",
    Deed.DIAL_ALLOW: "звонки разрешены",
    Deed.ERASE: "стёрты данные человека",
    Deed.RECONCILE: "сверка с журналом ВАТС",
    Deed.BACKUP: "сделана копия базы",
    Deed.SHOW_FULL: "показано событие с номерами",
    Deed.DISCARD: "отброшено",
    Deed.HURRY: "1С опрошена сейчас же",
    Deed.CHECK: "проверка доктором",
    Deed.ENTER: "вход в консоль",
    Deed.USER: "пользователь консоли",
    Deed.LISTENED: "открыта запись разговора",
}


@click.group()
def audit() -> None:
    """Журнал действий: кто, что и когда сделал с мостом."""


@audit.command("list")
@settings_option
@click.option("--since", type=MOMENT, help="С этого времени: 2026-11-23 или с часами.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--json", "as_json", is_flag=True, help="Для программ: по строке JSON на действие.")
def show(*, config: Path, since: datetime | None, limit: int, as_json: bool) -> None:
    """Действия, новые сверху; с ними и кто слушал записи разговоров. Номеров и паролей здесь нет."""
    archive = Archive(load(config).server.database)
    found = archive.deeds(since=since.timestamp() if since else 0.0, limit=limit)
    for one in found:
        click.echo(_json(one) if as_json else _line(one))
    if not found and not as_json:
        click.echo("Ничего нет")


def _line(one: AuditRecord) -> str:
    how_many = "не закончено" if one.count is None else f"{one.count}"
    if one.did is Deed.LISTENED:
        how_many = f"{one.count} байт"
    return "  ".join(part for part in (moment(one.at), one.who, DEEDS[one.did], one.about, how_many) if part)


def _json(one: AuditRecord) -> str:
    at = datetime.fromtimestamp(one.at).astimezone().isoformat(timespec="seconds")
    said = {"at": at, "who": one.who, "did": one.did.value, "about": one.about, "count": one.count}
    return json.dumps(said, ensure_ascii=False)
