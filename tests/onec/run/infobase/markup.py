"""The XML of a dump, without its namespaces."""

from pathlib import Path
from typing import Any

from lxml import etree


def read(path: Path) -> tuple[str, str]:
    return path.read_text(encoding="utf-8-sig"), str(path)


def root_of(path: Path) -> Any:
    return etree.parse(path, etree.XMLParser(remove_comments=True)).getroot()


def local(one: Any) -> str:
    return str(etree.QName(one).localname)


def elements(of: Any, name: str) -> list[Any]:
    return [one for one in of if isinstance(one.tag, str) and local(one) == name]


def only(of: Any, name: str) -> Any:
    return next(iter(elements(of, name)), None)


def under(of: Any, name: str) -> list[Any]:
    group = only(of, name)
    return [] if group is None else [one for one in group if isinstance(one.tag, str)]


def children(one: Any, group: str) -> list[Any]:
    return under(one, group)


def of_kind(one: Any, kind: str) -> list[Any]:
    return [child for child in children(one, "ChildObjects") if local(child) == kind]


def find(one: Any, name: str) -> Any:
    return only(only(one, "Properties"), name)


def value_of(one: Any, name: str) -> str:
    found = find(one, name)
    return "" if found is None else (found.text or "").strip()


def flag(one: Any, name: str) -> bool:
    return value_of(one, name) == "true"


def text_of(one: Any, name: str) -> str:
    found = only(one, name)
    return "" if found is None else (found.text or "").strip()


def synonym(one: Any) -> str:
    return localised(only(one, "Properties"), "Synonym")


def localised(one: Any, name: str) -> str:
    """The Russian text of a localised property."""
    for item in under(one, name):
        if text_of(item, "lang") == "ru":
            return text_of(item, "content")
    return ""
