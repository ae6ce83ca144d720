"""Commands that run something: demo, serve, simulate."""

import json
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bridge import lines, observe
from bridge.cli.options import settings_option
from bridge.cli.signals import on_stop
from bridge.core.calls import Subscriber
from bridge.core.errors import TooMuch
from bridge.demo.apart import SandboxApart
from bridge.demo.sandbox import on_stage
from bridge.demo.stage import OPERATOR, SERVICES, SUBSCRIBERS, USER, Script, Stage, staged
from bridge.doctor import examine
from bridge.settings import load
from bridge.sim.exchange import FakeExchange
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.sim.onec_modes import NAMES as MODES
from bridge.sim.scenarios import SCENARIOS
from bridge.web.console.roads import Found
from bridge.wiring import Role, assemble
from bridge.wiring.console import NO_EXTRAS, Extras
from bridge.wiring.machine import started, stay_on_one_core

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


@click.command()
@settings_option
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.ALL.value,
    show_default=True,
    help="web — принимать, worker — сообщать в 1С, all — то и другое. Врозь — только на PostgreSQL.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Принимать в N процессах, по ядру на каждый; в 1С сообщает ещё один. Только Linux.",
)
def serve(config: Path, role: str, workers: int | None) -> None:
    """Запустить мост по файлу настроек; Ctrl+C или SIGTERM останавливают, дав договорить."""
    if workers:
        _refuse_workers(role)
    settings = load(config)
    json_lines = settings.server.log_format == "json"
    observe.configure(json_lines=json_lines)
    sandbox = SandboxApart(json_lines=json_lines)
    extras = Extras(doctor=_doctor(config), sandbox=lambda: sandbox)
    if workers:
        from bridge.wiring.processes import several  # Linux's own

        with several(settings, workers, role=Role(role), extras=extras) as parent:
            on_stop(parent.drain, at_once=parent.kill)
            parent.run()
        return
    if settings.server.pin:
        stay_on_one_core()
    bridge = assemble(settings, role=Role(role), extras=extras)
    on_stop(bridge.drain)
    started()
    lines.in_background()
    try:
        bridge.run()
    finally:
        sandbox.close()
        lines.flush()


def _doctor(config: Path) -> Callable[[], Iterator[Found]]:
    """The doctor's look for the console's page."""

    busy = threading.Lock()  # it takes up to a minute, and a thread of the server

    def look() -> Iterator[Found]:
        if not busy.acquire(blocking=False):
            raise TooMuch("Проверка уже идёт: подождите минуту")
        try:
            for one in examine(config):
                yield Found(link=one.link, grade=one.grade, said=one.said, advice=one.advice)
        finally:
            busy.release()

    return look


def _refuse_workers(role: str) -> None:
    if sys.platform != "linux":
        raise click.UsageError(
            "--workers работает только на Linux: другие системы не делят один порт между процессами. "
            "Запустите serve без --workers: один процесс обслуживает и большую фирму"
        )
    if role == Role.WORKER:
        raise click.UsageError("--workers — сколько процессов принимают, а --role worker ничего не принимает")


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
