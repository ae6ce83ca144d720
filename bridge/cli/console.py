"""Commands about the console: the code for its first user, and its users."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from bridge.cli.options import moment, settings_option
from bridge.cli.who import operator
from bridge.core.accounts import Role
from bridge.core.errors import BadSettings, UnknownRecord
from bridge.settings import load
from bridge.store.accounts import StoredAccounts
from bridge.store.archive import Archive
from bridge.store.audit import Deed
from bridge.store.beside import accounts_at
from bridge.web.console import passwords
from bridge.web.console.entering import CODE_LIVES_S, NAME, new_token, token_hash
from bridge.wiring.console_extras import prefix_of

ROLES = {Role.OPERATOR: "оператор", Role.VIEWER: "наблюдатель"}
PASSWORD_BYTES = 12
THERE = "Такой пользователь уже есть"
NOBODY = "Такого пользователя нет"

_password = click.option(
    "--password-file",
    type=click.File(encoding="utf-8"),
    help="Взять пароль из первой строки файла («-» — стандартный ввод); без него придумает мост.",
)


@click.group()
def console() -> None:
    """Консоль моста в браузере: кто может войти."""


@console.command()
@settings_option
def code(config: Path) -> None:
    """Код для первого входа: одноразовый, живёт час. Прежний код перестаёт действовать."""
    settings = load(config)
    with accounts_at(settings.server.database) as accounts:
        if accounts.anybody():
            raise BadSettings("Пользователи уже есть; нового добавляет vpbx-bridge console users add ИМЯ")
        made = new_token()
        accounts.keep_code(token_hash(made), lives_s=CODE_LIVES_S)
    click.echo(f"Откройте {prefix_of(settings)}first и введите код:")
    click.echo(f"  {made}")


@console.group()
def users() -> None:
    """Пользователи консоли."""


@users.command("add")
@settings_option
@click.argument("name", metavar="ИМЯ")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.OPERATOR.value,
    show_default=True,
    help="operator — видит номера и меняет; viewer — только смотрит, номера скрыты.",
)
@_password
def add(config: Path, name: str, role: str, password_file: TextIO | None) -> None:
    """Добавить пользователя; пароль покажется один раз."""
    if not re.fullmatch(NAME, name):
        raise BadSettings("Имя — латинские строчные буквы и цифры, например operator")
    password, told = _chosen(password_file, name)
    with _written(config, f"добавлен {name}, {role}") as accounts:
        if not accounts.add(name, Role(role), passwords.hashed(password)):
            raise BadSettings(THERE)
    click.echo(f"Добавлен {name} ({ROLES[Role(role)]}){told}")


@users.command("list")
@settings_option
def show(config: Path) -> None:
    """Кто может войти."""
    with accounts_at(load(config).server.database) as accounts:
        known = accounts.users()
    for one in known:
        click.echo(f"{one.name:<20} {ROLES[one.role]:<12} с {moment(one.created_at)}")
    if not known:
        click.echo("Никого: первого сделает код, vpbx-bridge console code")


@users.command()
@settings_option
@click.argument("name", metavar="ИМЯ")
def remove(config: Path, name: str) -> None:
    """Удалить пользователя; его сеансы сразу закончатся."""
    with _written(config, f"удалён {name}") as accounts:
        if not accounts.remove(name):
            raise UnknownRecord(NOBODY)
    click.echo(f"Удалён {name}")


@users.command("password")
@settings_option
@click.argument("name", metavar="ИМЯ")
@_password
def change(config: Path, name: str, password_file: TextIO | None) -> None:
    """Дать новый пароль; его сеансы сразу закончатся."""
    password, told = _chosen(password_file, name)
    with _written(config, f"новый пароль {name}") as accounts:
        if not accounts.change_password(name, passwords.hashed(password)):
            raise UnknownRecord(NOBODY)
    click.echo(f"Пароль {name} сменён{told}")


@contextmanager
def _written(config: Path, about: str) -> Iterator[StoredAccounts]:
    """The accounts; what is done to them is written down."""
    database = load(config).server.database
    with accounts_at(database) as accounts, Archive(database).deed(operator(), Deed.USER, about) as done:
        yield accounts
        done.count = 1


def _chosen(file: TextIO | None, name: str) -> tuple[str, str]:
    """The password, and what is said of it."""
    if file is None:
        made = secrets.token_urlsafe(PASSWORD_BYTES)
        return made, f"\n  пароль  {made}"
    given = file.readline().strip()
    if problem := passwords.problem_of(given, name):
        raise BadSettings(problem)
    return given, ""
