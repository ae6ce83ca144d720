"""Commands for setting up: init, wsdl, check, migrate, backup."""

import json
import os
import secrets
from contextlib import ExitStack
from pathlib import Path

import click

from bridge.cli.consoles import printable
from bridge.cli.options import reason, settings_option
from bridge.cli.template import SETTINGS
from bridge.cli.who import operator
from bridge.core.errors import BadSettings, StoreUnavailable
from bridge.doctor import examine
from bridge.doctor.finding import BAD, WARNING
from bridge.settings import load
from bridge.store.archive import Archive, Counted
from bridge.store.audit import Deed
from bridge.store.opening import migrate
from bridge.web.auth import new_token, token_hash
from bridge.web.soap.vocabulary import ENGLISH, RUSSIAN
from bridge.web.soap.wsdl import published

INTERRUPTED = 130  # as shells say it of Ctrl+C


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path("bridge.toml"))
def init(path: Path) -> None:
    """Создать файл настроек с пояснениями и готовыми секретами."""
    password, hook_secret = new_token(), secrets.token_urlsafe(24)
    text = SETTINGS.format(
        hook_secret=hook_secret, token_hash=token_hash(password), link_secret=secrets.token_urlsafe(32)
    )
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BadSettings(f"Файл {path} уже есть, он не тронут") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    click.echo(f"Создан {path.resolve()}. Впишите в него адреса и ключи, затем: vpbx-bridge check")
    click.echo("Для кабинета ВАТС (вместо public_url — внешний адрес моста):")
    click.echo(f"  <public_url>/hooks/main/{hook_secret}?key={{KEY}}&number={{NUMBER}}")
    click.echo("Для 1С (покажется один раз; мост хранит только хеш):")
    click.echo("  имя     buh")
    click.echo(f"  пароль  {password}")


@click.command()
@settings_option
@click.option("--ru", is_flag=True, help="Русские имена операций.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="В файл, а не на экран.")
def wsdl(*, config: Path, ru: bool, output: Path | None) -> None:
    """Напечатать WSDL с внешним адресом моста — тот же, что по ?wsdl."""
    text = published(RUSSIAN if ru else ENGLISH, load(config).server.public_url)
    if output:
        output.write_bytes(text)
    else:
        click.echo(text, nl=False)  # as bytes: a console's code page must not change it


@click.command()
@settings_option
@click.option("--only", default="", metavar="ИМЯ", help="Только эта ВАТС или база 1С, например buh.")
@click.option(
    "--keys",
    is_flag=True,
    help="Проверить и ключи абонентов: попросить ВАТС от имени каждого набрать невозможный номер «-». "
    "Мобилон должен отказать, не звоня, но порядок его проверок не описан: лучше не в рабочее время.",
)
@click.option("--json", "as_json", is_flag=True, help="Для программ: список находок в JSON, с кодами.")
def check(*, config: Path, only: str, keys: bool, as_json: bool) -> None:
    """Проверить каждое звено: настройки, базу, адрес моста, ВАТС, каждую 1С. Никому не звонит.

    Занимает не больше минуты. В 1С только спрашивает, кто звонит, с номером, которого не бывает
    (у панели МИКО — список сотрудников).
    Код выхода — по худшей находке: 0 всё хорошо, 1 есть замечания, 2 есть ошибки.
    """
    found = []
    try:
        for finding in examine(config, only=only, keys=keys):
            found.append(finding)
            if not as_json:
                click.echo(printable(finding.as_text()))
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    grades = [finding.grade for finding in found]
    if as_json:
        click.echo(json.dumps([finding.as_dict() for finding in found], ensure_ascii=False, indent=1))
    else:
        wrong, doubtful = grades.count(BAD), grades.count(WARNING)
        summary = f"ошибок: {wrong}, замечаний: {doubtful}" if wrong or doubtful else "всё хорошо"
        click.echo(f"\nИтог: {summary}")
    raise SystemExit(max(grades))


@click.command("migrate")
@settings_option
def migrate_database(config: Path) -> None:
    """Обновить схему базы (при запуске моста это делается само)."""
    applied = migrate(load(config).server.database)
    click.echo(f"Применено: {', '.join(applied)}" if applied else "Схема уже новая")


@click.command()
@settings_option
@click.argument("target", type=click.Path(path_type=Path), metavar="ФАЙЛ")
def backup(config: Path, target: Path) -> None:
    """Записать копию базы в ФАЙЛ; мост можно не останавливать."""
    settings = load(config)
    archive = Archive(settings.server.database)
    with ExitStack() as noted:
        try:
            done = noted.enter_context(archive.deed(operator(), Deed.BACKUP, reason(settings, target.name)))
        except StoreUnavailable as error:  # a copy is wanted most where nothing can be written
            click.echo(f"В журнал действий не записано: {error}", err=True)
            done = Counted()
        archive.backup(target)
        done.count = 1
    click.echo(f"Копия: {target.resolve()}")
