"""The command line: `vpbx-bridge`. What an administrator types, and what they read back (Russian)."""

import gc
import logging
import sys
from importlib import import_module
from typing import Any

import click

from bridge import __version__
from bridge.core.errors import BridgeError

# command -> its module and its name there; loaded when it is asked for, for `serve` needs few of them
COMMANDS = {
    "audit": "audit:audit",
    "backup": "setup:backup",
    "check": "setup:check",
    "console": "console:console",
    "demo": "running:demo",
    "dials": "dials:dials",
    "erase": "erase:erase",
    "events": "events:events",
    "init": "setup:init",
    "migrate": "setup:migrate_database",
    "reconcile": "reconcile:reconcile",
    "records": "records:records",
    "serve": "serving:serve",
    "simulate": "running:simulate",
    "token": "tokens:token",
    "wsdl": "setup:wsdl",
}
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Commands(click.Group):
    """Errors of the bridge become one Russian sentence and exit code 2; never a traceback."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):  # a Windows console of code page 866 must not stop us
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure:
                reconfigure(errors="replace")
        try:
            return super().main(*args, **kwargs)
        finally:
            gc.enable()

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        if cmd_name == "serve":
            gc.disable()  # a sixth of its start; `wiring.machine.started` ends it
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"bridge.cli.{module}"), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BridgeError as error:
            raise _Refused(str(error)) from None
        except OSError as error:
            logging.getLogger(__name__).debug("command failed", exc_info=True)
            raise _Refused(f"Системная ошибка: {error}") from None


class _Refused(click.ClickException):
    exit_code = 2

    def show(self, file: object = None) -> None:  # noqa: ARG002
        click.echo(self.message, err=True)


@click.group(cls=_Commands, context_settings=CONTEXT)
@click.version_option(__version__, prog_name="vpbx-bridge")
def main() -> None:
    """Мост ВАТС—1С: звонки из 1С и звонки в 1С по SOAP, без потерь.

    A bridge between 1C:Enterprise (SOAP) and a cloud telephone exchange (webhooks).
    """
