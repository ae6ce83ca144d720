"""Settings with what the environment says on top: loaded by whoever has such a variable.

pydantic-settings takes as long to load as all of ours.
"""

import re
from typing import Any

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from bridge.core.errors import BadSettings
from bridge.settings.model import ENV_PREFIX, Settings


def with_environment(data: dict[str, Any]) -> Settings:
    """The settings of `data` and, before them, of the environment.

    Raises:
        ValidationError: as `Settings`.
        BadSettings: a variable is no JSON where its section needs some.
    """
    try:
        return _WithEnvironment(**data)
    except SettingsError as error:
        name = re.search(r'field "(\w+)"', str(error))
        where = f"{ENV_PREFIX}{name[1].upper() if name else ''}"
        raise BadSettings(f"Переменная среды {where}…: значение не подходит этому разделу") from None


class _WithEnvironment(Settings, BaseSettings):
    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, env_nested_delimiter="__")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - not ours to read
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (env_settings, init_settings)
