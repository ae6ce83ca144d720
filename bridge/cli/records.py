"""Commands about recordings: who listened to which, and what became of the copies."""

from pathlib import Path

import click

from bridge.cli.options import moment, settings_option
from bridge.settings import load
from bridge.store.archive import Archive

_LIMIT = click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))


@click.group()
def records() -> None:
    """Записи разговоров: кто слушал, что скопировано."""


@records.command()
@settings_option
@_LIMIT
def listened(config: Path, limit: int) -> None:
    """Кто открывал ссылки на записи, новые сверху."""
    found = Archive(load(config).server.database).listenings(limit=limit)
    for one in found:
        heard = f"{one.sent} байт" if one.status in (200, 206) else f"не открылась, HTTP {one.status}"
        who = f"{one.infobase}  с адреса {one.peer}"
        click.echo(f"{moment(one.at)}  {one.exchange}  звонок {one.call_id}  {who}  {heard}")
    if not found:
        click.echo("Ничего нет")


@records.command()
@settings_option
@_LIMIT
def copies(config: Path, limit: int) -> None:
    """Копии записей (keep_records): что скопировано, что ждёт, что не вышло и почему."""
    found = Archive(load(config).server.database).record_copies(limit=limit)
    for one in found:
        if one.file:
            became = f"скопирована: {one.file}, {one.size} байт"
        else:
            became = f"нет копии, попыток {one.tries}" + (f": {one.problem}" if one.problem else "")
        click.echo(f"{one.exchange}  звонок {one.call_id}  {became}")
    if not found:
        click.echo("Ничего нет")
