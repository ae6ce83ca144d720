"""The command that compares the exchange's journal of calls with what its hook told, now."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from bridge import observe
from bridge.cli.options import settings_option
from bridge.core.errors import BadSettings, StoreUnavailable, UnknownRecord
from bridge.flows.reconcile import Reconciliation
from bridge.observe import Figures
from bridge.settings import Settings, load
from bridge.wiring import open_for
from bridge.wiring.healing import OVERLAP_DAYS, Healer
from bridge.wiring.partners import audiences, publications


@click.command()
@settings_option
@click.option(
    "--exchange", default="", metavar="ИМЯ", help="Только эта ВАТС; иначе все, у которых есть journal_token."
)
@click.option(
    "--date", "date", type=click.DateTime(["%Y-%m-%d"]), metavar="ГГГГ-ММ-ДД", help="Только этот день."
)
@click.option(
    "--days", type=click.IntRange(1, 366), metavar="N", help="Последние N дней; иначе вчера и сегодня."
)
def reconcile(*, config: Path, exchange: str, date: datetime | None, days: int | None) -> None:
    """Сверить журнал звонков ВАТС с мостом и добавить то, о чём не сообщил веб-хук.

    Работает рядом с запущенным мостом: он и сообщит добавленное 1С. Повтор ничего не добавит.
    """
    if date and days:
        raise click.UsageError("Укажите --date или --days, не оба")
    settings = load(config)
    observe.configure(level="ERROR")
    observe.hide(*settings.secrets())
    chosen = _chosen(settings, exchange)
    database = settings.server.database_file
    if database is not None and not database.exists():
        raise StoreUnavailable(f"Базы {database} нет: сначала запустите мост (vpbx-bridge serve)")
    store = open_for(settings, owner=False)
    try:
        healer = Healer(
            settings,
            store=store,
            audiences_of=partial(audiences, settings, publications(settings)),
            hint=lambda *_: None,  # the running bridge looks by itself every second
            figures=Figures(),
        )
        for name in chosen:
            for day in [date.date().isoformat()] if date else healer.days(name, days or OVERLAP_DAYS):
                click.echo(_report(name, healer.reconcile_day(name, day)))
    finally:
        store.close()


def _chosen(settings: Settings, exchange: str) -> Sequence[str]:
    """The exchanges to reconcile.

    Raises:
        UnknownRecord: there is no exchange of this name.
        BadSettings: it has no token, or none has.
    """
    if exchange and exchange not in settings.exchange:
        raise UnknownRecord(f"Нет ВАТС {exchange}; есть: {', '.join(settings.exchange)}")
    asked = [exchange] if exchange else list(settings.exchange)
    able = [name for name in asked if settings.exchange[name].journal_token.get_secret_value()]
    if not able:
        raise BadSettings(
            f"exchange.{exchange or '…'}.journal_token не задан: впишите токен из кабинета ВАТС, "
            "без него её журнал звонков недоступен"
        )
    return able


def _report(exchange: str, done: Reconciliation) -> str:
    parts = [f"в АТС {done.in_exchange}", f"в мосте {done.known}", f"добавлено {done.added}"]
    if done.too_fresh:
        parts.append(f"слишком свежих {done.too_fresh}")
    if done.unreadable:
        parts.append(f"не разобрано {done.unreadable}")
    return f"{exchange}, {done.day}: {', '.join(parts)}"
