"""Constructs that compile and fail when they run: keys of structures, НСтр, СтрШаблон, transactions, Тип."""

import re
from collections.abc import Iterator

from onec.bsl import tree
from onec.bsl.tree import same
from onec.check.findings import Finding, finding
from onec.check.kind import MethodOf
from onec.check.kinds import Kinds
from onec.check.platform import platform
from onec.check.samples import Unit
from onec.check.walk import nodes

_NAME = re.compile(r"[A-Za-zА-Яа-яЁё_][A-Za-zА-Яа-яЁё_0-9]*")
_LANGUAGES = re.compile(r"\s*ru\s*=\s*'(?P<ru>[^']+)'\s*(;\s*en\s*=\s*'(?P<en>[^']+)'\s*;?\s*)?", re.DOTALL)
_PLACES = re.compile(r"%(?:([1-9][0-9]?)|\(([1-9][0-9]?)\))")


def check(unit: Unit, kinds: Kinds) -> Iterator[Finding]:
    for method in unit.tree.methods:
        where = MethodOf(unit=unit, method=method)
        for node in nodes(method.body):
            match node:
                case tree.New(type_name=name) if same(name, "Структура"):
                    yield from _structure(unit, node)
                case tree.Call(function=tree.Name(name=name), arguments=arguments):
                    yield from _global(unit, node, name.casefold(), arguments)
                case tree.Call(function=tree.Member(of=owner, name=name), arguments=(first, *_)):
                    kind = kinds.of(where, owner)
                    key = _text(first)
                    if (
                        kind
                        and kind.name == "Структура"
                        and same(name, "Вставить")
                        and not _NAME.fullmatch(key)
                    ):
                        yield finding(unit.path, node.place, "key", f"not a key of a structure: {key}")
        yield from _transactions(unit, method)
        yield from _privileged(unit, method)


def _text(node: tree.Expression | None) -> str:
    return node.value if isinstance(node, tree.Literal) and isinstance(node.value, str) else ""


def _structure(unit: Unit, node: tree.New) -> Iterator[Finding]:
    if not node.arguments or not isinstance(node.arguments[0], tree.Literal):
        return
    keys = [one.strip() for one in _text(node.arguments[0]).split(",")]
    if any(not _NAME.fullmatch(one) for one in keys):
        yield finding(unit.path, node.place, "key", f"not keys of a structure: {', '.join(keys)}")
    if len({one.casefold() for one in keys}) < len(keys):
        yield finding(unit.path, node.place, "key", "a key of a structure stands twice")
    if len(node.arguments) - 1 not in (0, len(keys)):
        yield finding(
            unit.path, node.place, "key", f"{len(keys)} keys, {len(node.arguments) - 1} values in a structure"
        )


def _global(
    unit: Unit, node: tree.Call, name: str, arguments: tuple[tree.Expression | None, ...]
) -> Iterator[Finding]:
    if name == "нстр" and arguments:
        match = _LANGUAGES.fullmatch(_text(arguments[0]))
        if match is None:
            yield finding(unit.path, node.place, "НСтр", "not ru = '…'; en = '…'")
        elif match["en"] and set(_PLACES.findall(match["ru"])) != set(_PLACES.findall(match["en"])):
            yield finding(unit.path, node.place, "НСтр", "the languages have different places to fill")
    if name == "стршаблон" and arguments:
        yield from _template(unit, node, arguments)
    type_name = _text(arguments[0]) if name == "тип" and arguments else ""
    if type_name and platform().type(type_name.partition(".")[0]) is None:
        yield finding(unit.path, node.place, "type", f"there is no type {type_name}")


def _template(
    unit: Unit, node: tree.Call, arguments: tuple[tree.Expression | None, ...]
) -> Iterator[Finding]:
    match arguments[0]:
        case tree.Literal(value=str() as text):
            pass
        case tree.Call(function=tree.Name(name=name), arguments=(tree.Literal(value=str() as text), *_)) if (
            same(name, "НСтр")
        ):
            pass
        case _:
            return
    wanted = max((int(one or other) for one, other in _PLACES.findall(text)), default=0)
    if wanted != len(arguments) - 1:
        yield finding(
            unit.path, node.place, "СтрШаблон", f"{wanted} places to fill, {len(arguments) - 1} values"
        )


def _calls(block: tree.Statement | tuple[tree.Statement, ...], name: str) -> bool:
    return any(
        isinstance(node, tree.Call)
        and isinstance(node.function, tree.Name)
        and same(node.function.name, name)
        for node in nodes(block)
    )


def _transactions(unit: Unit, method: tree.Method) -> Iterator[Finding]:
    """std783: Попытка right after the beginning, the end in it, the undoing first in its handler."""
    for block in _blocks(method):
        for index, statement in enumerate(block):
            if not (isinstance(statement, tree.Do) and _calls(statement, "НачатьТранзакцию")):
                continue
            after = block[index + 1] if index + 1 < len(block) else None
            good = (
                isinstance(after, tree.Try)
                and _calls(after.body, "ЗафиксироватьТранзакцию")
                and bool(after.handler)
                and _calls(after.handler[0], "ОтменитьТранзакцию")
                and any(isinstance(one, tree.Raise | tree.Return) for one in nodes(after.handler))
            )
            if not good:
                yield finding(
                    unit.path, statement.place, "transaction", "not begun, ended and undone as std783 has it"
                )
    begun = sum(1 for _ in _named(method, "НачатьТранзакцию"))
    for end in ("ЗафиксироватьТранзакцию", "ОтменитьТранзакцию"):
        for node in _named(method, end):
            if not begun:
                yield finding(unit.path, node.place, "transaction", f"{end} without a beginning")


def _named(method: tree.Method, name: str) -> Iterator[tree.Call]:
    for node in nodes(method.body):
        if (
            isinstance(node, tree.Call)
            and isinstance(node.function, tree.Name)
            and same(node.function.name, name)
        ):
            yield node


def _blocks(method: tree.Method) -> Iterator[tuple[tree.Statement, ...]]:
    yield method.body
    for node in nodes(method.body):
        for name in ("body", "handler", "otherwise"):
            block = getattr(node, name, None)
            if isinstance(block, tuple):
                yield block


def _privileged(unit: Unit, method: tree.Method) -> Iterator[Finding]:
    """std485: switched on around what needs it, and off again before the method is left."""
    on = False
    for node in nodes(method.body):
        match node:
            case tree.Call(
                function=tree.Name(name=name), arguments=(tree.Literal(value=bool() as value), *_)
            ):
                if same(name, "УстановитьПривилегированныйРежим"):
                    on = value
            case tree.Return() | tree.Raise() if on:
                yield finding(unit.path, node.place, "privileged", "left with the privileged mode on")
    if on:
        yield finding(unit.path, method.end, "privileged", f"{method.name} leaves the privileged mode on")
