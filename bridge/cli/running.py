"""Commands that play a part: demo, simulate."""

import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bridge import observe
from bridge.cli.signals import on_stop
from bridge.core.calls import Subscriber
from bridge.demo.sandbox import on_stage
from bridge.demo.stage import OPERATOR, SERVICES, SUBSCRIBERS, USER, Script, Stage, staged
from bridge.sim.exchange import FakeExchange
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.sim.onec_modes import NAMES as MODES
from bridge.sim.scenarios import SCENARIOS
from bridge.wiring.console_extras import NO_EXTRAS, Extras

SHORT_POPUP_S = 3.0  # so that the demo can show one that expires


@click.command()
@click.option("--serve", "stay", is_flag=True, help="Не заканчивать: остаться работать до Ctrl+C.")
@click.option("--json", "as_json", is_flag=True, help="С --serve: одна строка JSON с адресами и ключами.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Порт моста; 0 — любой свободный.")
@click.option("--data", type=click.Path(path_type=Path), help="Хранить базу здесь и продолжать с неё.")
@click.option("--onec", "onec_url", default="", help="Адрес чужой 1С вместо имитации.")
@click.option(
    "--contract", type=click.Choice(list(SERVICES)), default="vatscalls", help="Контракт чужой 1С (с --onec)."
)
@click.option("--exchange", "exchange_url", default="", help="Адрес чужой ВАТС вместо имитации.")
def demo(
    *,
    stay: bool,
    as_json: bool,
    port: int,
    data: Path | None,
    onec_url: str,
    contract: str,
    exchange_url: str,
) -> None:
    """Показать весь путь на этом компьютере: имитация ВАТС, имитация 1С и настоящий мост.

    Звонит в обе стороны, печатает ход и заканчивает с кодом 0, только если дошло всё.
    """
    if as_json and not stay:
        raise click.UsageError("--json печатает адреса работающего показа: добавьте --serve")
    observe.configure(level="INFO" if stay and not as_json else "ERROR")
    with _folder(data) as folder:
        script = Script(
            data=folder,
            port=port,
            onec_url=onec_url,
            contract=contract,
            exchange_url=exchange_url,
            popup_lifetime_s=30.0 if stay else SHORT_POPUP_S,
        )
        standing: list[Stage] = []
        simulated = not onec_url and not exchange_url  # else the sandbox would ring people
        extras = (
            Extras(sandbox=on_stage(lambda: standing[0]), pretended=True) if stay and simulated else NO_EXTRAS
        )
        with staged(script, extras) as stage:
            standing.append(stage)
            if stay:
                _stay(stage, as_json=as_json)
                return
            from bridge.demo.play import play  # zeep, which `serve` has no need to wait for

            if play(stage, click.echo):
                raise SystemExit(1)


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    if data is not None:
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="vpbx-bridge-") as folder:
        yield Path(folder)


def _stay(stage: Stage, *, as_json: bool) -> None:
    stopped = threading.Event()
    on_stop(stopped.set)
    if as_json:
        click.echo(json.dumps(stage.facts(), ensure_ascii=True))
    else:
        click.echo(_addresses(stage))
    while not stopped.wait(0.5):  # a wait without limit would not hear Ctrl+C on Windows
        pass


def _addresses(stage: Stage) -> str:
    people = "\n".join(f"    {one.name}: ключ {one.key}, внутренний {one.extension}" for one in SUBSCRIBERS)
    return (
        "Мост работает; остановить — Ctrl+C.\n"
        f"  консоль                {stage.console}\n"
        f"  имя и пароль консоли   {OPERATOR} / {stage.console_password}\n"
        f"  WSDL для 1С            {stage.wsdl}\n"
        f"  WSDL по-русски         {stage.wsdl_ru}\n"
        f"  имя и пароль           {USER} / {stage.password}\n"
        f"  веб-хук для ВАТС       {stage.hook}?key={{KEY}}&number={{NUMBER}}\n"
        f"  ВАТС                   {stage.exchange_url}\n"
        f"  1С                     {stage.onec_url}\n"
        f"  абоненты\n{people}"
    )


@click.group()
def simulate() -> None:
    """Имитация одной стороны: ВАТС или 1С (Полигон без настоящих звонков)."""


@simulate.command("exchange")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Порт; 0 — любой свободный.")
@click.option("--hook", default="", help="Адрес веб-хука моста.")
@click.option("--ring", type=click.Choice(sorted(SCENARIOS)), help="Сразу сыграть звонок и закончить.")
@click.option("--from", "caller", default="89160000001", show_default=True, help="Кто звонит.")
@click.option("--key", default=SUBSCRIBERS[0].key, show_default=True, help="Ключ абонента.")
@click.option("--extension", default=SUBSCRIBERS[0].extension, show_default=True, help="Внутренний номер.")
def simulate_exchange(
    *, port: int, hook: str, ring: str | None, caller: str, key: str, extension: str
) -> None:
    """Имитация ВАТС Мобилон: отвечает на набор, рассылает события звонка."""
    first = Subscriber(name="Абонент", key=key, extension=extension)
    others = tuple(one for one in SUBSCRIBERS if one.key != key)
    fake = FakeExchange((first, *others), hook_url=hook)
    if ring:
        if not hook:
            raise click.UsageError("Для --ring укажите --hook АДРЕС")
        posted = fake.ring(ring, caller, first)
        for post in posted:
            click.echo(f"{post.status or '—'} {post.took_s * 1000:.0f} мс {post.error or post.answer}")
        if any(post.status != 200 for post in posted):
            raise SystemExit(1)
        return
    _simulate(fake, port, "ВАТС")


@simulate.command("1c")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Порт; 0 — любой свободный.")
@click.option("--user", default="", help="Имя для входа (можно кириллицей).")
@click.option("--password", default="", help="Пароль.")
@click.option("--mode", default="ok", show_default=True, help="Поведение: " + ", ".join(MODES) + ".")
@click.option("--ledger", type=click.Path(path_type=Path), help="Записывать полученное в этот файл.")
def simulate_onec(*, port: int, user: str, password: str, mode: str, ledger: Path | None) -> None:
    """Имитация 1С с веб-сервисами /ws/VATS, /ws/VATScalls, /ws/CRM и /ws/miko_crm_api.

    Режим меняется и на ходу: POST /sim/mode?mode=РЕЖИМ; что ещё умеет — GET /.
    """
    fake = FakeOnec(user=user, password=password, ledger=ledger)
    try:
        fake.set_mode(mode)
    except (TypeError, ValueError) as error:
        raise click.UsageError(str(error)) from None
    _simulate(fake, port, "1С")


def _simulate(fake: FakeExchange | FakeOnec, port: int, what: str) -> None:
    observe.configure(level="ERROR")
    stopped = threading.Event()
    on_stop(stopped.set)
    with Loopback(fake, port) as server:
        click.echo(f"Имитация {what}: {server.url} (справка — GET /); остановить — Ctrl+C")
        while not stopped.wait(0.5):
            pass
