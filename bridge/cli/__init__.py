"""The command line: `vpbx-bridge`. What an administrator types, and what they read back (Russian)."""

import logging
import sys
from typing import Any

import click

from bridge import __version__
from bridge.cli.audit import audit
from bridge.cli.console import console
from bridge.cli.dials import dials
from bridge.cli.erase import erase
from bridge.cli.events import events
from bridge.cli.reconcile import reconcile
from bridge.cli.records import records
from bridge.cli.running import demo, serve, simulate
from bridge.cli.setup import backup, check, init, migrate_database, wsdl
from bridge.cli.tokens import token
from bridge.core.errors import BridgeError

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Commands(click.Group):
    """Errors of the bridge become one Russian sentence and exit code 2; never a traceback."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):  # a Windows console of code page 866 must not stop us
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure:
                reconfigure(errors="replace")
        return super().main(*args, **kwargs)

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


SETTING_UP = (init, check, wsdl, token, backup, migrate_database)
for command in (demo, serve, simulate, events, dials, records, reconcile, console, audit, erase, *SETTING_UP):
    main.add_command(command)
