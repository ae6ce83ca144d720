"""The command that compares the exchange's journal of calls with what its hook told, now."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import click

from bridge import observe
from bridge.cli.options import settings_option
from bridge.cli.who import operator
from bridge.core.errors import BadSettings, StoreUnavailable, UnknownRecord
from bridge.flows.reconcile import Reconciliation
from bridge.observe import Figures
from bridge.settings import Settings, load
from bridge.store.archive import Archive
from bridge.store.audit import Deed
from bridge.wiring import open_for
from bridge.wiring.healing import OVERLAP_DAYS, Healer
from bridge.wiring.partners import audiences, publications

NEVER_S = float("inf")  # nothing is older than a hook that never came


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
@click.option("--older", is_flag=True, help="И звонки, которые были до первого веб-хука этого моста.")
def reconcile(*, config: Path, exchange: str, date: datetime | None, days: int | None, older: bool) -> None:
    """Сверить журнал звонков ВАТС с мостом и добавить то, о чём не сообщил веб-хук.

    Работает рядом с запущенным мостом: он и сообщит добавленное 1С. Повтор ничего не добавит. Звонки, которые
    были раньше, чем этот мост услышал ВАТС впервые, не добавляются: 1С могла узнать их без него.
    """
    if date and date.date() > datetime.now().date() + timedelta(days=1):
        raise click.UsageError("Этот день ещё не наступил")
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
    archive = Archive(settings.server.database)
    try:
        healer = Healer(
            settings,
            store=store,
            audiences_of=partial(audiences, settings, publications(settings)),
            hint=lambda *_: None,  # the running bridge looks by itself every second
            figures=Figures(),
        )
        about = ", ".join(chosen) + (f", {date:%d.%m.%Y}" if date else f", дней: {days or OVERLAP_DAYS}")
        with archive.deed(operator(), Deed.RECONCILE, about) as counted:
            for name in chosen:
                for day in [date.date().isoformat()] if date else healer.days(name, days or OVERLAP_DAYS):
                    first_at = 0.0 if older else archive.first_heard(name)
                    since_s = max(NEVER_S if first_at is None else first_at, healer.forgotten_s())
                    done = healer.reconcile_day(name, day, since_s=since_s)
                    counted.count += done.added
                    click.echo(_report(name, done, settings.exchange[name].reconcile_lag_s))
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


def _report(exchange: str, done: Reconciliation, lag_s: float) -> str:
    parts = [f"в АТС {done.in_exchange}", f"из них в мосте {done.known}", f"добавлено {done.added}"]
    if done.too_fresh:
        parts.append(f"слишком свежих {done.too_fresh} (моложе {lag_s:.0f} с, веб-хук ещё может прийти)")
    if done.too_old:
        parts.append(f"раньше моста {done.too_old} (добавить и их: --older)")
    if done.unreadable:
        parts.append(f"не разобрано {done.unreadable}")
    return f"{exchange}, {done.day}: {', '.join(parts)}"
