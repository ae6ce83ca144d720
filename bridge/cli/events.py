"""Commands about accepted events: what became of each, and trying again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from bridge.cli.options import MOMENT, known_infobase, moment, settings_option
from bridge.cli.who import operator
from bridge.core.delivery import DeliveryState
from bridge.core.numbers import mask
from bridge.core.ports import DeliveryRecord, StoredEvent
from bridge.core.secrecy import without_secrets
from bridge.settings import Settings, load
from bridge.store.archive import Archive
from bridge.store.audit import Deed
from bridge.store.views import EventLife, Selection

STATES = {
    DeliveryState.QUEUED: "в очереди",
    DeliveryState.DELIVERED: "доставлено",
    DeliveryState.EXPIRED: "истекло",
    DeliveryState.SUPERSEDED: "не нужно",
    DeliveryState.DEAD: "разобрать вручную",
}
_VERDICTS = {
    "done": "принято",
    "retry": "отложено",
    "away": "1С не ответила",
    "denied": "1С не пустила мост",
    "gave_up": "оставлено",
    "replayed": "повторено",
    "discarded": "отброшено",
}


@click.group()
def events() -> None:
    """События звонков: список, жизнь одного, повторная отправка."""


@events.command("list")
@settings_option
@click.option("--state", type=click.Choice([state.value for state in DeliveryState]), help="Только такие.")
@click.option("--infobase", default="", help="Только эта информационная база.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
def list_events(*, config: Path, state: str | None, infobase: str, limit: int) -> None:
    """Последние события и что с ними стало; номера телефонов скрыты.

    Первый столбец — номер доставки (для replay), второй — номер события (для show).
    """
    settings = load(config)
    known_infobase(settings, infobase)
    archive = _archive(settings)
    found: Sequence[tuple[DeliveryRecord | None, StoredEvent]] = (
        archive.deliveries(state=DeliveryState(state) if state else None, infobase=infobase, limit=limit)
        if state or infobase
        else archive.events(limit=limit)
    )
    for delivery, stored in found:
        click.echo(_row(delivery, stored))
    if not found:
        click.echo("Ничего нет")


@events.command()
@settings_option
@click.argument("event_id", type=int, metavar="НОМЕР_СОБЫТИЯ")
@click.option("--full", is_flag=True, help="Показать номера и тело целиком.")
def show(*, config: Path, event_id: int, full: bool) -> None:
    """Всё об одном событии: что пришло, кому сообщено, что ответили."""
    settings = load(config)
    archive = _archive(settings)
    told = archive.life(event_id)
    if full:
        with archive.deed(operator(), Deed.SHOW_FULL, f"событие {event_id}") as seen:
            seen.count = 1
    life = _life(told, full=full)
    click.echo(without_secrets(life, settings.secrets()))  # an address of a recording holds the token


@events.command()
@settings_option
@click.argument("delivery_ids", type=int, nargs=-1, metavar="НОМЕР_ДОСТАВКИ...")
@click.option("--dead", is_flag=True, help="Все, что «разобрать вручную».")
@click.option("--expired", is_flag=True, help="Все, что «истекло».")
@click.option("--delivered", is_flag=True, help="Всё, что 1С уже приняла: её восстановили из копии.")
@click.option("--infobase", default="", help="С отбором: только эта информационная база.")
@click.option("--since", type=MOMENT, help="С отбором: принятые с этого времени, 2026-11-23 или с часами.")
@click.option("--until", type=MOMENT, help="С отбором: принятые до этого времени.")
@click.option("--popups", is_flag=True, help="С отбором: и карточки давно прошедших звонков.")
@click.option("--yes", is_flag=True, help="С --delivered: не переспрашивать.")
def replay(
    *,
    config: Path,
    delivery_ids: tuple[int, ...],
    dead: bool,
    expired: bool,
    delivered: bool,
    infobase: str,
    since: datetime | None,
    until: datetime | None,
    popups: bool,
    yes: bool,
) -> None:
    """Отправить ещё раз доставки с этими номерами (первый столбец списка) или все по отбору."""
    settings = load(config)
    known_infobase(settings, infobase)
    archive = _archive(settings)
    states = [
        state
        for state, wanted in (
            (DeliveryState.DEAD, dead),
            (DeliveryState.EXPIRED, expired),
            (DeliveryState.DELIVERED, delivered),
        )
        if wanted
    ]
    if bool(delivery_ids) == bool(states):
        raise click.UsageError("Укажите или номера доставок, или отбор: --dead, --expired, --delivered")
    chosen, cards = list(dict.fromkeys(delivery_ids)), 0
    for state in states:
        wanted = Selection(
            state=state,
            infobase=infobase,
            since=since.timestamp() if since else None,
            until=until.timestamp() if until else None,
        )
        everything = archive.chosen(wanted)
        picked = everything if popups else archive.chosen(replace(wanted, popups=False))
        chosen += picked
        cards += len(everything) - len(picked)
    if delivered and chosen and not yes:
        click.confirm(f"1С уже приняла их; отправить ещё раз {len(chosen)}?", abort=True)
    about = ", ".join([*states, *([infobase] if infobase else []), *map(str, delivery_ids)])
    with archive.deed(operator(), Deed.REPLAY, about) as done:
        moved = archive.replay(delivery_ids=chosen, lifetimes=settings.lifetimes(), delivered=delivered)
        done.count = moved
    click.echo(f"Возвращено в очередь: {moved} из {len(chosen)}")
    if cards:
        click.echo(f"Карточки давно прошедших звонков пропущены: {cards} (с --popups — и они)")
    if moved < len(chosen):
        click.echo("Остальные ещё в очереди или уже доставлены; доставленные — только отбором --delivered")


@events.command()
@settings_option
@click.option(
    "--older-than", type=click.IntRange(1), required=True, metavar="ДНЕЙ", help="Старше стольких дней."
)
@click.option("--dead", is_flag=True, help="И те, что «разобрать вручную».")
@click.confirmation_option("--yes", prompt="Удалить события без возможности вернуть?")
def purge(*, config: Path, older_than: int, dead: bool) -> None:
    """Удалить старые события (мост делает это и сам: server.keep_days). То, что ждёт, остаётся."""
    archive = _archive(load(config))
    about = f"старше дней: {older_than}" + (", и те, что разобрать вручную" if dead else "")
    with archive.deed(operator(), Deed.PURGE, about) as done:
        gone = archive.purge(older_than_s=older_than * 24 * 3600.0, dead=dead)
        done.count = gone
    click.echo(f"Удалено событий: {gone}")


def _archive(settings: Settings) -> Archive:
    return Archive(settings.server.database)


def _row(delivery: DeliveryRecord | None, stored: StoredEvent) -> str:
    event = stored.event
    what = (
        f"событие {stored.id:<7} {moment(stored.received_at)}  {event.state.value:<9} "
        f"{mask(event.from_number):>12} → {mask(event.to_number):<12} "
    )
    if delivery is None:
        why = (
            f"тот же звонок, что событие {stored.merged_into}"
            if stored.merged_into
            else "никому не сообщается"
        )
        return f"{'—':>7}  {what}{why}"
    answer = "" if delivery.state is DeliveryState.DELIVERED else delivery.last_answer
    return (
        f"{delivery.id:>7}  {what}{delivery.infobase}/{delivery.operation}: {STATES[delivery.state]}, "
        f"попыток {delivery.attempts}" + (f" — {answer}" if answer else "")
    )


def _life(life: EventLife, *, full: bool) -> str:
    stored, event = life.stored, life.stored.event
    number = (lambda text: text) if full else mask
    lines = [
        f"Событие {stored.id}: {event.state.value} {event.direction.value}, звонок {event.call_id}",
        f"  принято {moment(stored.received_at)} от ВАТС {event.exchange}"
        + (", найдено сверкой" if event.recovered else "")
        + f"; повторов {stored.repeats}",
        f"  {number(event.from_number)} → {number(event.to_number)}",
    ]
    if stored.merged_into:
        lines.append(f"  тот же звонок, что событие {stored.merged_into}: отдельно не сообщается")
    if full:
        lines.append(f"  пришло: {event.raw.decode(errors='replace')}")
    for delivery in life.deliveries:
        lines.append(
            f"  доставка {delivery.id} → {delivery.infobase}/{delivery.operation}: {STATES[delivery.state]}"
        )
        lines += [
            f"    {moment(attempt.at)} {_VERDICTS.get(attempt.verdict, attempt.verdict)}"
            + (f" — {attempt.answer}" if attempt.answer else "")
            for attempt in life.attempts[delivery.id]
        ]
    return "\n".join(lines)
