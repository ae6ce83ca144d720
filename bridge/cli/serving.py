"""The command that is the bridge: serve. What only some bridges or moments need is imported by them."""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge import lines, observe
from bridge.cli.options import settings_option
from bridge.cli.signals import on_stop
from bridge.core.errors import TooMuch
from bridge.settings import load
from bridge.wiring import Role, assemble
from bridge.wiring.console_extras import Extras
from bridge.wiring.machine import started, stay_on_one_core

if TYPE_CHECKING:
    from bridge.demo.apart import SandboxApart
    from bridge.demo.meeting import Meeting
    from bridge.web.console.roads import Found


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
    sandbox = _Sandbox(json_lines=json_lines)
    extras = Extras(doctor=_doctor(config), sandbox=sandbox)
    if workers:
        from bridge.wiring.processes import several  # Linux's own

        sandbox.agree()
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


class _Sandbox:
    """The Полигон, made when it is first asked for."""

    def __init__(self, *, json_lines: bool) -> None:
        self._json_lines = json_lines
        self._lock = threading.Lock()
        self._meeting: Meeting | None = None
        self._made: SandboxApart | None = None

    def agree(self) -> None:
        """Processes that are forked from now on have one between them."""
        from bridge.demo.meeting import Meeting

        self._meeting = Meeting()

    def __call__(self) -> "SandboxApart":
        from bridge.demo.apart import SandboxApart  # both sides' simulations

        with self._lock:
            self._made = self._made or SandboxApart(meeting=self._meeting, json_lines=self._json_lines)
            return self._made

    def close(self) -> None:
        with self._lock:
            if self._made:
                self._made.close()


def _doctor(config: Path) -> "Callable[[], Iterator[Found]]":
    """The doctor's look for the console's page."""

    busy = threading.Lock()  # it takes up to a minute, and a thread of the server

    def look() -> "Iterator[Found]":
        from bridge.doctor import examine  # every partner's library
        from bridge.web.console.roads import Found

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
