"""Reading the settings file; what is wrong in it is named in Russian, with an example of a right value."""

import difflib
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bridge.core.errors import BadSettings
from bridge.settings.model import Settings

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
    """The settings of a TOML file and the environment; the database's path is relative to the file.

    Raises:
        BadSettings: every wrong setting, one a line, with an example.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadSettings(f"Нет файла настроек {path}. Создайте его: vpbx-bridge init") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"Файл настроек {path} не читается: {error}. Сохраните его в UTF-8") from None
    settings = parse(text, source=str(path))
    database = path.parent.resolve() / settings.server.database
    server = settings.server.model_copy(update={"database": database})
    return settings.model_copy(update={"server": server})


def parse(text: str, *, source: str = "настройки") -> Settings:
    """The settings of a TOML text and the environment."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{source}: это не TOML: {error}") from None
    try:
        return Settings(**data)
    except ValidationError as error:
        lines = [_line(detail) for detail in error.errors(include_url=False)]
        raise BadSettings(f"{source}:\n" + "\n".join(f"  {line}" for line in lines)) from None


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
        current = field.annotation if field else None
    return dict(current.model_fields) if isinstance(current, type) and issubclass(current, BaseModel) else {}


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
    return str(value) if isinstance(value, int | float) else f'"{value}"'
