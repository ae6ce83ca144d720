"""The command that forgets a person by their telephone number."""

import time
from pathlib import Path

import click

from bridge.cli.options import moment, reason, settings_option
from bridge.cli.who import operator
from bridge.core.errors import BadNumber
from bridge.core.number_trace import NumberTrace
from bridge.core.numbers import PhoneNumber, same_digits
from bridge.settings import Settings, load
from bridge.store.archive import Archive
from bridge.store.audit import Deed
from bridge.store.eraser import Eraser
from bridge.store.record_files import RecordFiles
from bridge.store.tracing import Traces

REFUSED = 2
FRESH_S = 3 * 24 * 3600.0  # a reconciliation may look back so far, with room for zones
UNSETTLED = "Прежние байты ещё в файле …-wal: он очистится, когда мост остановится; или повторите команду"
TABLES = {
    "event": "события звонков",
    "delivery": "ответы 1С у доставок",
    "attempt": "ответы 1С у попыток",
    "dial": "звонки из 1С",
    "dial_stop": "причины остановки звонков",
    "reconciliation": "отчёты сверок",
    "listening": "кто слушал записи",
    "audit": "журнал действий",
    "caller": "имена звонящих",
    "record": "записи разговоров",
    "mail_cursor": "читатели ящика",
    "file": "копии записей на диске",
}


@click.command()
@settings_option
@click.option(
    "--number",
    prompt="Номер",
    metavar="НОМЕР",
    help='Чей: "8 (923) 529-29-26"; без ключа спросит, и номер не останется в истории оболочки.',
)
@click.option("--dry-run", is_flag=True, help="Только показать, что будет стёрто.")
@click.option("--force", is_flag=True, help="И то, что ещё не доставлено 1С: она об этом не узнает.")
@click.option("--why", default="", help="Основание, например номер заявления: попадёт в журнал действий.")
@click.option("--yes", is_flag=True, help="Не переспрашивать.")
def erase(*, config: Path, number: str, dry_run: bool, force: bool, why: str, yes: bool) -> None:
    """Стереть номер телефона одного человека отовсюду, где его хранит мост. Вернуть нельзя.

    Остаётся, что звонок был: когда, чей, сколько длился. Записи его разговоров и их копии удаляются.
    """
    settings = load(config)
    trace = NumberTrace(_public(settings, number))
    eraser = Eraser(settings.server.database, RecordFiles(settings.server.records_dir))
    found = eraser.traces(trace)
    if not found.counts():
        click.echo("Такого номера в базе моста нет")
        if not dry_run and not eraser.erase(trace, found).settled:  # whoever was killed left old bytes there
            click.echo(UNSETTLED)
        return
    _tell(found)
    if found.waiting and not force:
        click.echo(
            f"Ещё не доставлено 1С: {found.waiting}. Ничего не стёрто: дождитесь доставки "
            "(vpbx-bridge events list --state queued) или сотрите с --force — 1С об этих звонках не узнает",
            err=True,
        )
        raise SystemExit(REFUSED)
    if dry_run:
        return
    if not yes:
        click.confirm("Стереть без возможности вернуть?", abort=True)
    with Archive(settings.server.database).deed(operator(), Deed.ERASE, reason(settings, why)) as deed:
        done = eraser.erase(trace, found, force=force)
        deed.count = done.counts.total()
    click.echo(
        "Стёрто: " + ", ".join(f"{TABLES[table]} {count}" for table, count in done.counts.items() if count)
    )
    for one in done.left:
        click.echo(f"Осталось: {one}", err=True)
    _warn(found, settings, settled=done.settled)
    if done.left or eraser.traces(trace).counts():
        click.echo("Стёрто не всё: повторите команду", err=True)
        raise SystemExit(1)


def _public(settings: Settings, text: str) -> PhoneNumber:
    """
    Raises:
        BadNumber: it is no number of a person outside.
    """
    number = PhoneNumber.parse(text)
    if number.internal:
        raise BadNumber(
            "Это внутренний номер: им записаны звонки всех, кто с ним говорил. Нужен номер целиком"
        )
    called = {
        same_digits(code + one)
        for section in settings.infobase.values()
        for one in section.called
        for code in ("", settings.exchange[section.exchange].area_code)
    }
    if same_digits(number.digits) in called:
        raise BadNumber("Это номер самой фирмы (infobase.….called): с ним записаны все звонки")
    return number


def _tell(found: Traces) -> None:
    for table, count in found.counts().items():
        click.echo(f"{TABLES[table]}: {count}")
    if found.calls:
        last = moment(max(call.last_at for call in found.calls))
        click.echo(f"звонков: {len(found.calls)}, последний {last}")
    if found.dead:
        click.echo(f"из них 1С не приняла (разобрать вручную), больше не отправить: {found.dead}")


def _warn(found: Traces, settings: Settings, *, settled: bool) -> None:
    """What of the person is elsewhere, or may come back."""
    fresh = any(time.time() - call.last_at < FRESH_S for call in found.calls)
    if fresh and any(one.journal_token.get_secret_value() for one in settings.exchange.values()):
        click.echo(
            "Звонки младше трёх суток сверка может принести из ВАТС снова: повторите команду через три дня"
        )
    if not settled:
        click.echo(UNSETTLED)
    click.echo(
        "Имя может до часа помнить работающий мост. Номер есть и у ВАТС, в 1С и в копиях базы: это отдельно"
    )
