"""Commands about passwords of infobases, changed beside a running bridge, and lines for its settings."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from click.core import ParameterSource

from bridge.cli.options import known_infobase, moment, settings_option
from bridge.cli.who import operator
from bridge.core.errors import BridgeError
from bridge.core.tokens import Token
from bridge.settings import Settings, load
from bridge.store.archive import Archive
from bridge.store.audit import Deed
from bridge.store.beside import tokens_at
from bridge.web.auth import new_token, token_hash
from bridge.wiring.tokens import TokenDesk

PROOF_CHARS = 19  # of a hash: tells two passwords apart, proves neither
NEW_HOOK = """\
Секрет веб-хука меняется без потерь звонков в четыре шага:
1. в раздел ВАТС в bridge.toml:
     hook_secret = "{secret}"
     old_hook_secret = "прежний hook_secret"
2. перезапустите мост: он принимает оба;
3. в кабинете ВАТС впишите новый секрет в адрес веб-хука (и в «кто звонит», и в пароль SOAP, если они есть);
4. когда vpbx-bridge check скажет, что прежний больше не нужен, удалите строку old_hook_secret и
   перезапустите мост."""
LAST = "Это последний пароль базы: без него 1С не позвонит и не заберёт события."


@click.group(invoke_without_command=True)
@settings_option
@click.option("--link", is_flag=True, help="Вместо этого — link_secret для ссылок на записи разговоров.")
@click.option("--hook", is_flag=True, help="Вместо этого — новый hook_secret, и как сменить без потерь.")
@click.pass_context
def token(context: click.Context, *, config: Path, link: bool, hook: bool) -> None:
    """Пароли баз 1С: выдать, отозвать, показать.

    Без команды — новый пароль и строка для token_hashes в bridge.toml: он начнёт действовать, когда мост
    перезапустят. Выданный командой issue действует сразу.
    """
    if context.invoked_subcommand:
        if link or hook or context.get_parameter_source("config") is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"Параметры пишутся после команды: token {context.invoked_subcommand} …")
        return
    if link and hook:
        raise click.UsageError("Укажите --link или --hook, не оба")
    if link:
        click.echo(f'link_secret = "{secrets.token_urlsafe(32)}"')
    elif hook:
        click.echo(NEW_HOOK.format(secret=new_token()))
    else:
        _for_the_file(config)


@token.command("list")
@settings_option
@click.option("--infobase", default="", help="Только этой базы.")
def show(config: Path, infobase: str) -> None:
    """Какие пароли есть у баз: чьи, откуда, когда с ними входили. Самих паролей мост не знает."""
    settings = load(config)
    known_infobase(settings, infobase)
    with _desk(settings) as desk:
        told = [one for one in desk.listed() if infobase in ("", one.infobase)]
    for one in told:
        click.echo(_line(one, settings))
    if not told:
        click.echo("Ничего нет: выдать — vpbx-bridge token issue БАЗА")


@token.command()
@settings_option
@click.argument("infobase", metavar="БАЗА")
@click.option("--name", "label", default="", help="Для кого: чтобы потом отличить от других.")
def issue(config: Path, infobase: str, label: str) -> None:
    """Выдать БАЗЕ новый пароль: действует сразу, мост не нужно перезапускать; прежние остаются."""
    settings = load(config)
    known_infobase(settings, infobase)
    with _desk(settings) as desk:
        password = desk.issue(infobase, label, operator())
    click.echo("Для 1С (покажется один раз; мост хранит только хеш):")
    click.echo(f"  имя     {settings.infobase[infobase].login or infobase}")
    click.echo(f"  пароль  {password}")


@token.command()
@settings_option
@click.argument("infobase", metavar="БАЗА")
@click.argument("token_id", metavar="НАЧАЛО_ХЕША")
@click.option("--yes", is_flag=True, help="Не спрашивать.")
def revoke(*, config: Path, infobase: str, token_id: str, yes: bool) -> None:
    """Отозвать пароль БАЗЫ, и выданный, и записанный в bridge.toml; НАЧАЛО_ХЕША показывает token list."""
    settings = load(config)
    with _desk(settings) as desk:
        meant = desk.find(infobase, token_id.removeprefix("sha256:"))
        if desk.is_last(meant):
            click.echo(LAST, err=True)
        if not yes:
            click.confirm(f"Отозвать пароль {meant.label or meant.id} базы {infobase}?", abort=True)
        done = desk.revoke(meant, operator())
    click.echo("Отозван: больше не действует" if done else "Он уже был отозван")
    if meant.in_file:
        click.echo(f"Удалите из bridge.toml строку, которая начинается с sha256:{meant.id}")


@contextmanager
def _desk(settings: Settings) -> Iterator[TokenDesk]:
    database = settings.server.database
    with tokens_at(database) as tokens:
        yield TokenDesk(settings, tokens, deed=lambda *what: Archive(database).deed(*what))


def _line(one: Token, settings: Settings) -> str:
    origin = f"выдан {moment(one.issued_at)}, {one.issued_by}" if one.issued_at else "из bridge.toml"
    used = f"последний вход {moment(one.used_at)}" if one.used_at else "ещё не входили"
    state = ""
    if one.revoked_at:
        state = f"ОТОЗВАН {moment(one.revoked_at)}, {one.revoked_by}"
        if one.in_file:
            state += "; удалите его строку из bridge.toml"
    elif one.infobase not in settings.infobase:
        state = "не действует: базы нет в bridge.toml"
    return "  ".join(part for part in (one.infobase, one.id, one.label, origin, used, state) if part)


def _for_the_file(config: Path) -> None:
    password = new_token()
    _noted(config, token_hash(password))
    click.echo(f"пароль для 1С (показывается один раз):  {password}")
    click.echo(f'token_hashes = ["{token_hash(password)}"]')


def _noted(config: Path, proof: str) -> None:
    """Where there is a bridge already."""
    if not config.is_file():
        return
    try:
        with Archive(load(config).server.database).deed(operator(), Deed.TOKEN, proof[:PROOF_CHARS]) as made:
            made.count = 1
    except BridgeError as error:
        click.echo(f"В журнал действий не записано: {error}", err=True)
