"""The plain path: what Spyne would do with a usual request, compiled from its interface.

Spyne decides the contract (operations, types, order, names, prefixes) and serves whatever is unusual;
for the usual request these are its steps with nothing looked up twice: texts to values, one call, values
into a template. Byte for byte the same answer, a twentieth of the time; tests/contract/test_plain_path.py
holds the two against each other.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from xml.sax.saxutils import escape

from spyne.application import Application
from spyne.model.complex import ComplexModelBase
from spyne.model.primitive import Boolean, Date, DateTime, Integer, Unicode

from bridge.web.soap import vocabulary as words
from bridge.web.soap.problem import Version, clean
from bridge.web.soap.vocabulary import Language

# what lxml escapes in a text, and what no XML may carry
_AWKWARD = re.compile("[&<>\r]|[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_RETURN = {"\r": "&#13;"}

Write = Callable[[Any], str]


class Unusual(Exception):
    """Not for the plain path: Spyne knows what to do."""


@dataclass(frozen=True, slots=True)
class Plain:
    """One operation: `parse` makes arguments by their English names, `write` the bytes of an answer.

    Both raise `Unusual`.
    """

    parse: Callable[[Mapping[str, str]], dict[str, Any]]
    write: Callable[[Any], bytes]


def plain_paths(application: Application, language: Language, version: Version) -> dict[str, Plain]:
    """Operation, in the words of `language`, -> its plain path, where it can be compiled."""
    return dict(_compiled(application, language, version))


def _compiled(application: Application, language: Language, version: Version) -> Iterator[tuple[str, Plain]]:
    interface = application.interface
    for operation in words.OPERATIONS:
        name = language.word(operation.name)
        (descriptor,) = interface.service_method_map[f"{{{language.namespace}}}{name}"]
        asked, answered = descriptor.in_message, descriptor.out_message
        tag = f"{interface.prefmap[answered.get_namespace()]}:"
        try:
            ((out_name, out_type),) = answered.get_flat_type_info(answered).items()
            values = _writer(out_type, operation.returns, language, tag)
            parse = _parser(asked, operation.parameters, language)
        except Unusual:
            continue
        envelope = f"{interface.prefmap[version.value]}:"
        head = (
            f"<?xml version='1.0' encoding='UTF-8'?>\n"
            f'<{envelope}Envelope xmlns:{envelope[:-1]}="{version.value}" '
            f'xmlns:{tag[:-1]}="{answered.get_namespace()}">'
            f"<{envelope}Body><{tag}{answered.get_type_name()}>"
        )
        tail = f"</{tag}{answered.get_type_name()}></{envelope}Body></{envelope}Envelope>"
        yield name, Plain(parse, _whole(head, _element(f"{tag}{out_name}", out_type, values), tail))


def _whole(head: str, write: Write, tail: str) -> Callable[[Any], bytes]:
    return lambda value: f"{head}{write(value)}{tail}".encode()


# --- texts to values ---------------------------------------------------------------------------------
def _parser(
    asked: Any, parameters: Mapping[str, str], language: Language
) -> Callable[[Mapping[str, str]], dict[str, Any]]:
    members = asked.get_flat_type_info(asked)
    if list(members) != [language.word(name) for name in parameters]:
        raise Unusual
    steps = [
        (name, local, _read_as(members[local])) for name in parameters for local in (language.word(name),)
    ]

    def parse(texts: Mapping[str, str]) -> dict[str, Any]:
        return {name: read(texts[local]) for name, local, read in steps}

    return parse


def _read_as(kind: Any) -> Callable[[str], Any]:
    """How Spyne reads the canonical text of a parameter."""
    if issubclass(kind, Unicode):
        return clean
    if issubclass(kind, Integer):
        return int
    if issubclass(kind, Date):
        return date.fromisoformat
    raise Unusual


# --- values to bytes ---------------------------------------------------------------------------------
def _writer(kind: Any, xsd: str, language: Language, tag: str) -> Write:
    """What writes the inside of an element of Spyne's type `kind`, which our tables call `xsd`."""
    if issubclass(kind, ComplexModelBase):
        return _complex(kind, words.TYPES[xsd.removeprefix("*")], xsd.removeprefix("*"), language, tag)
    if issubclass(kind, Unicode):
        return _text
    if issubclass(kind, Boolean):
        return _boolean
    if issubclass(kind, Integer):
        return _whole_number
    if issubclass(kind, DateTime) and not issubclass(kind, Date):
        return _moment
    raise Unusual


def _complex(kind: Any, table: Mapping[str, str], xsd: str, language: Language, tag: str) -> Write:
    members = kind.get_flat_type_info(kind)
    if list(members) != [language.word(name, xsd) for name in table]:
        raise Unusual
    steps = []
    for (english, member_xsd), (local, member) in zip(table.items(), members.items(), strict=True):
        write = _element(f"{tag}{local}", member, _writer(member, member_xsd, language, tag))
        steps.append((english, write))

    def inside(value: Mapping[str, Any]) -> str:
        return "".join([write(value[name]) for name, write in steps])

    return inside


def _element(tag: str, kind: Any, inside: Write) -> Write:
    """The element around it; an element without text and children is written short, as lxml does."""
    opened, closed = f"<{tag}>", f"</{tag}>"
    short = f"<{tag}/>" if issubclass(kind, ComplexModelBase) else opened + closed

    def one(value: Any) -> str:
        text = inside(value)
        return f"{opened}{text}{closed}" if text else short

    def each(values: Any) -> str:
        return "".join([one(value) for value in values])

    return each if kind.Attributes.max_occurs > 1 else one


def _text(value: Any) -> str:
    if type(value) is not str:
        raise Unusual
    return escape(clean(value), _RETURN) if _AWKWARD.search(value) else value


def _whole_number(value: Any) -> str:
    if type(value) is not int:
        raise Unusual
    return str(value)


def _boolean(value: Any) -> str:
    if type(value) is not bool:
        raise Unusual
    return "true" if value else "false"


def _moment(value: Any) -> str:
    if type(value) is not datetime:
        raise Unusual
    return value.replace(microsecond=0).isoformat()  # 1C keeps whole seconds
