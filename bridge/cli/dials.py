"""Commands about clicks in 1C: who dialled what, and the switch that stops all dialling at once."""

from pathlib import Path

import click

from bridge.cli.options import known_infobase, moment, reason, settings_option
from bridge.cli.who import operator
from bridge.core.dialing import CallCode
from bridge.core.errors import StoreUnavailable
from bridge.core.numbers import mask
from bridge.core.secrecy import without_secrets
from bridge.settings import Settings, load
from bridge.store.archive import Archive
from bridge.store.audit import Deed
from bridge.store.dials import EVERYBODY, DialAudit


@click.group()
def dials() -> None:
    """Звонки из 1С: кто куда звонил; остановить и снова разрешить."""


@dials.command("list")
@settings_option
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
def show(config: Path, limit: int) -> None:
    """Последние звонки, новые сверху, и кому звонить запрещено."""
    settings = load(config)
    archive = Archive(settings.server.database)
    for stopped in archive.dial_stops():
        click.echo(
            f"ОСТАНОВЛЕНО с {moment(stopped.at)}: {stopped.infobase or 'все базы'}  {stopped.why}".rstrip()
        )
    told = archive.clicks(limit=limit)
    for one in told:
        person = _person(settings, one.infobase, one.subscriber)
        answer = _answer(one)
        click.echo(f"{moment(one.begun_at)}  {one.infobase}  {person} -> {mask(one.number)}  {answer}")
    if not told:
        click.echo("Ничего нет")


@dials.command()
@settings_option
@click.option("--infobase", default=EVERYBODY, help="Только этой базе; без неё — всем.")
@click.option("--why", default="", help="Причина: её прочтёт бухгалтер.")
def stop(config: Path, infobase: str, why: str) -> None:
    """Сейчас же запретить звонки из 1С (мост не нужно перезапускать)."""
    settings = load(config)
    known_infobase(settings, infobase)
    archive = Archive(settings.server.database)
    archive.stop_dialling(infobase, without_secrets(why, settings.secrets()))
    back = f"dials allow --infobase {infobase}" if infobase else "dials allow"
    click.echo(f"Звонки остановлены: {infobase or 'все базы'}. Разрешить: vpbx-bridge {back}")
    _noted(archive, f"{infobase or 'все базы'}  {reason(settings, why)}".rstrip())


@dials.command()
@settings_option
@click.option("--infobase", default=EVERYBODY, help="Только этой базе; без неё — снять общий запрет.")
def allow(config: Path, infobase: str) -> None:
    """Снова разрешить звонки."""
    settings = load(config)
    known_infobase(settings, infobase)
    archive = Archive(settings.server.database)
    done = any(stopped.infobase == infobase for stopped in archive.dial_stops())
    if done:
        with archive.deed(operator(), Deed.DIAL_ALLOW, infobase or "все базы") as allowed:
            allowed.count = int(archive.allow_dialling(infobase))
    left = [stopped.infobase or "все базы" for stopped in archive.dial_stops()]
    said = "Запрет снят" if done else "Такого запрета и не было"
    click.echo(f"{said}. Ещё остановлены: {', '.join(left)}" if left else f"{said}, звонки разрешены")


def _noted(archive: Archive, about: str) -> None:
    """After the deed: a stop must work even where it cannot be written down."""
    try:
        with archive.deed(operator(), Deed.DIAL_STOP, about) as done:
            done.count = 1
    except StoreUnavailable as error:
        click.echo(f"В журнал действий не записано: {error}", err=True)


def _answer(one: DialAudit) -> str:
    """What became of it. The message of a success has the whole number in it."""
    if one.result is None:
        return "ВАТС ещё не ответила"
    return "набрано" if one.result.code == CallCode.DONE else f"{one.result.code} {one.result.message}"


def _person(settings: Settings, infobase: str, subscriber: str) -> str:
    """The name behind a key or an extension; keys are never shown."""
    section = settings.infobase.get(infobase)
    people = settings.exchange[section.exchange].subscribers if section else []
    for person in people:
        if subscriber in (person.key.get_secret_value(), person.extension):
            return person.name
    return "не из списка"
