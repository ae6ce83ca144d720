"""XML as the Configurator writes it: tabs, CRLF, a BOM, `<a/>` for nothing, no newline at the end."""

from dataclasses import dataclass, field
from xml.sax.saxutils import escape

BOM = "\ufeff"


@dataclass(frozen=True)
class Element:
    """`content` is either text or elements; "" and () are nothing."""

    name: str
    content: "str | tuple[Element, ...]" = ""
    attributes: dict[str, str] = field(default_factory=dict)

    def lines(self, depth: int) -> list[str]:
        indent = "\t" * depth
        head = self.name + "".join(
            f' {name}="{escape(value, {chr(34): "&quot;"})}"' for name, value in self.attributes.items()
        )
        if not self.content:
            return [f"{indent}<{head}/>"]
        if isinstance(self.content, str):
            return [f"{indent}<{head}>{escape(self.content)}</{self.name}>"]
        inner = [line for one in self.content for line in one.lines(depth + 1)]
        return [f"{indent}<{head}>", *inner, f"{indent}</{self.name}>"]


def many(tag: str, /, *content: Element | None, **attributes: str) -> Element:
    """An element of elements; None is left out."""
    return Element(tag, tuple(one for one in content if one is not None), attributes)


def flag(name: str, value: bool) -> Element:
    return Element(name, "true" if value else "false")


def document(root: Element) -> bytes:
    """The bytes of a file."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', *root.lines(0)]
    return (BOM + "\r\n".join(lines)).encode()
