"""Reading the settings file; what is wrong in it is named in Russian, with an example of a right value."""

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bridge.core.errors import BadSettings
from bridge.settings.model import ENV_PREFIX, Settings
from bridge.settings.partners import InfobaseSection

# pydantic's kinds of errors -> what an administrator reads; the rest keeps pydantic's own words
_RUSSIAN = {
    "missing": "не указано",
    "extra_forbidden": "такой настройки нет",
    "string_pattern_mismatch": "записано не так",
    "literal_error": "такого значения нет, возможны: {expected}",
    "bool_parsing": "нужно true или false",
    "bool_type": "нужно true или false",
    "int_parsing": "нужно целое число",
    "int_type": "нужно целое число",
    "float_parsing": "нужно число",
    "float_type": "нужно число",
    "string_type": "нужна строка в кавычках",
    "list_type": "нужен список в квадратных скобках",
    "greater_than": "слишком мало",
    "greater_than_equal": "слишком мало",
    "less_than_equal": "слишком много",
    "string_too_short": "не заполнено",
    "string_too_long": "слишком длинно",
    "model_type": "нужен раздел с настройками",
    "dict_type": "нужен раздел с настройками",
}


def load(path: Path) -> Settings:
    """The settings of a TOML file and the environment; paths in it are relative to the file.

    Raises:
        BadSettings: every wrong setting, one a line, with an example.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadSettings(f"Нет файла настроек {path}. Создайте его: vpbx-bridge init") from None
    except UnicodeDecodeError:
        raise BadSettings(f"Файл настроек {path} не в UTF-8: сохраните его в этой кодировке") from None
    except OSError as error:
        why = "это папка" if path.is_dir() else f"нет прав или диск не отвечает ({error.strerror})"
        raise BadSettings(f"Файл настроек {path} не читается: {why}") from None
    settings = parse(text, source=str(path))
    folder = path.parent.resolve()
    places: dict[str, Any] = {"records_dir": folder / settings.server.records_dir}
    if file := settings.server.database_file:
        places["database"] = str(folder / file)
    server = settings.server.model_copy(update=places)
    infobases = {name: _located(name, section, folder) for name, section in settings.infobase.items()}
    return settings.model_copy(update={"server": server, "infobase": infobases})


def _located(name: str, section: InfobaseSection, folder: Path) -> InfobaseSection:
    ca_file = _file(f"infobase.{name}.ca_file", section.ca_file, folder)
    wsdl_file = _file(f"infobase.{name}.custom.wsdl_file", section.custom.wsdl_file, folder)
    custom = section.custom.model_copy(update={"wsdl_file": wsdl_file})
    return section.model_copy(update={"ca_file": ca_file, "custom": custom})


def _file(setting: str, name: Path | None, folder: Path) -> Path | None:
    if name is None:
        return None
    if not (folder / name).is_file():
        raise BadSettings(f"{setting}: нет файла {folder / name}")
    return folder / name


def parse(text: str, *, source: str = "настройки") -> Settings:
    """The settings of a TOML text and the environment."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        where = f"строка {line[1]}" if line else "в конце файла"
        raise BadSettings(
            f'{source}: {where}: запись не по правилам TOML. Пример: name = "значение в кавычках", '
            'а имя не латиницей — тоже в кавычках: "Номер" = "{from}"'
        ) from None
    return _built(_from_environment if _in_environment() else Settings, data, source)


def given(data: dict[str, Any], *, source: str = "настройки") -> Settings:
    """Settings from values alone, whatever the environment says."""
    return _built(Settings, data, source)


def _from_environment(**data: Any) -> Settings:
    from bridge.settings.environment import with_environment  # pydantic-settings

    return with_environment(data)


def _built(model: Callable[..., Settings], data: dict[str, Any], source: str) -> Settings:
    try:
        return model(**data)
    except ValidationError as error:
        lines = [_line(detail) for detail in error.errors(include_url=False)]
        raise BadSettings(f"{source}:\n" + "\n".join(f"  {line}" for line in lines)) from None


def _in_environment() -> bool:
    """Does the environment say anything? A misspelt section there would be ignored without a word."""
    found = False
    for variable in os.environ:
        if not variable.upper().startswith(ENV_PREFIX):
            continue
        section = variable[len(ENV_PREFIX) :].partition("__")[0].lower()
        if section not in Settings.model_fields:
            close = difflib.get_close_matches(section, Settings.model_fields, n=1)
            hint = f"; возможно, имелось в виду {ENV_PREFIX}{close[0].upper()}" if close else ""
            raise BadSettings(f"Переменная среды {variable}: такого раздела настроек нет{hint}")
        found = True
    return found


def _line(detail: ErrorDetails) -> str:
    place = [str(part) for part in detail["loc"]]
    kind = detail["type"]
    if kind == "value_error":  # ours, already in Russian
        said = detail["msg"].removeprefix("Value error, ")
    else:
        said = _RUSSIAN.get(kind, detail["msg"]).format(**{"expected": "", **detail.get("ctx", {})})
    said = said.replace("' or '", "' или '")
    name = ".".join(place)
    line = f"{name}: {said}" if name else said
    if kind == "extra_forbidden":
        return line + _meant(place)
    example = _example(place)
    return f"{line}. Пример: {place[-1]} = {_toml(example)}" if example is not None else line


def _fields(model: Any, place: Iterable[str]) -> dict[str, FieldInfo]:
    """The fields of the section at `place`; {} when there is none."""
    current: Any = model
    for part in place:
        if not (isinstance(current, type) and issubclass(current, BaseModel)):
            inner = [a for a in get_args(current) if isinstance(a, type) and issubclass(a, BaseModel)]
            current = inner[0] if inner else None  # into dict[str, Section] and list[Section]
            continue
        field = current.model_fields.get(part)
        current = _present(field.annotation) if field else None
    return dict(current.model_fields) if isinstance(current, type) and issubclass(current, BaseModel) else {}


def _present(annotation: Any) -> Any:
    """`Section` of `Section | None`."""
    kinds = [one for one in get_args(annotation) if one is not NoneType]
    return kinds[0] if isinstance(annotation, UnionType) and len(kinds) == 1 else annotation


def _example(place: list[str]) -> Any:
    field = _fields(Settings, place[:-1]).get(place[-1]) if place else None
    return field.examples[0] if field and field.examples else None


def _meant(place: list[str]) -> str:
    close = difflib.get_close_matches(place[-1], _fields(Settings, place[:-1]), n=1)
    return f"; возможно, имелось в виду {close[0]}" if close else ""


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dict):  # Cyrillic names are written in quotes
        return "{ " + ", ".join(f"{_toml(name)} = {_toml(one)}" for name, one in value.items()) + " }"
    return str(value) if isinstance(value, int | float) else f'"{value}"'
