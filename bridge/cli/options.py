"""Options that several commands share."""

from pathlib import Path

import click

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
