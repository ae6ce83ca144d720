"""What several commands share: options, and how they show a moment."""

from datetime import datetime
from pathlib import Path

import click

from bridge import observe
from bridge.core.errors import UnknownRecord
from bridge.core.secrecy import without_secrets
from bridge.settings import Settings

DEFAULT_SETTINGS = Path("bridge.toml")

settings_option = click.option(
    "-c",
    "--config",
    "config",
    type=click.Path(path_type=Path),
    envvar="BRIDGE_CONFIG",
    default=DEFAULT_SETTINGS,
    show_default=True,
    help="Файл настроек (TOML).",
)


MOMENT = click.DateTime(formats=["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"])


def known_infobase(settings: Settings, infobase: str) -> None:
    """
    Raises:
        UnknownRecord: the settings name no such infobase; "" means any.
    """
    if infobase and infobase not in settings.infobase:
        raise UnknownRecord(f"Нет информационной базы {infobase[:40]}; есть: {', '.join(settings.infobase)}")


def reason(settings: Settings, why: str) -> str:
    """What somebody typed as a reason, for the audit: without our secrets and without numbers."""
    return observe.typed(without_secrets(why, settings.secrets()))


def moment(at: float) -> str:
    """Unix time as a person here reads it."""
    return datetime.fromtimestamp(at).astimezone().strftime("%d.%m.%Y %H:%M:%S")
