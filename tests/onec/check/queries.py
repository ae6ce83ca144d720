"""Texts of queries: tables, fields and parameters against the dump."""

import re
from collections.abc import Iterator

from onec.bsl import tree
from onec.bsl.tree import same
from onec.check.findings import Finding, finding
from onec.check.metadata import Register
from onec.check.samples import Unit
from onec.check.walk import nodes

_TABLE = re.compile(r"(?:ИЗ|СОЕДИНЕНИЕ)\s+РегистрСведений\.(\w+)(?:\.(\w+)(?:\([^)]*\))?)?\s+КАК\s+(\w+)")
_ANY_TABLE = re.compile(r"\b(РегистрСведений|Справочник|Документ)\.(\w+)")
_FIELD = re.compile(r"\b(\w+)\.(\w+)")
_COLUMN = re.compile(r"КАК\s+(\w+)\s*(?:,|\n\s*ИЗ\b)")
_PARAMETER = re.compile(r"&(\w+)")
_LITERAL = re.compile(r'"[^"]*"')


def check(unit: Unit) -> Iterator[Finding]:
    for method in unit.tree.methods:
        texts = [node for node in nodes(method.body) if _is_query(node)]
        for node in texts:
            yield from _text(unit, node)
        if texts:
            yield from _parameters(unit, method, texts)
        if len(texts) == 1:
            yield from _columns(unit, method, str(texts[0].value))


def _is_query(node: tree.Node) -> bool:
    return isinstance(node, tree.Literal) and str(node.value).lstrip().startswith("ВЫБРАТЬ")


def _text(unit: Unit, node: tree.Literal) -> Iterator[Finding]:
    text = _LITERAL.sub('""', str(node.value))
    aliases: dict[str, Register] = {}
    for name, virtual, alias in _TABLE.findall(text):
        register = unit.metadata.register(name)
        if register is None or virtual:
            yield finding(
                unit.path, node.place, "query", f"no table РегистрСведений.{name}.{virtual}".rstrip(".")
            )
        else:
            aliases[alias.casefold()] = register
    for kind, name in _ANY_TABLE.findall(text):
        if kind == "РегистрСведений" and unit.metadata.register(name) is None:
            yield finding(unit.path, node.place, "query", f"no table {kind}.{name}")
    if not aliases:
        return  # a text put together from pieces: its tables are known when it runs
    for owner, name in _FIELD.findall(_ANY_TABLE.sub("", text)):
        register = aliases.get(owner.casefold())
        if register is None:
            yield finding(unit.path, node.place, "query", f"no table is called {owner}")
        elif not any(same(name, one) for one in register.fields):
            yield finding(unit.path, node.place, "query", f"{register.name} has no field {name}")


def _parameters(unit: Unit, method: tree.Method, texts: list[tree.Literal]) -> Iterator[Finding]:
    wanted = {one.casefold() for node in texts for one in _PARAMETER.findall(str(node.value))}
    given = set()
    for node in nodes(method.body):
        match node:
            case tree.Call(
                function=tree.Member(name=name), arguments=(tree.Literal(value=str() as parameter), *_)
            ) if same(name, "УстановитьПараметр"):
                given.add(parameter.casefold())
    for name in sorted(wanted ^ given):
        why = "is not given" if name in wanted else "is given in vain"
        yield finding(unit.path, texts[0].place, "query", f"the parameter {name} {why}")


def _columns(unit: Unit, method: tree.Method, text: str) -> Iterator[Finding]:
    """What is read from the result of the one query of a method."""
    columns = {one.casefold() for one in _COLUMN.findall(text)}
    selections = {
        node.target.name.casefold()
        for node in nodes(method.body)
        if isinstance(node, tree.Assign)
        and isinstance(node.target, tree.Name)
        and isinstance(node.value, tree.Call)
        and same(node.value.function.name, "Выбрать")
    }
    called = {id(node.function) for node in nodes(method.body) if isinstance(node, tree.Call)}
    for node in nodes(method.body):
        match node:
            case tree.Member(of=tree.Name(name=owner), name=name) if owner.casefold() in selections:
                if id(node) not in called and name.casefold() not in columns:
                    yield finding(unit.path, node.place, "query", f"the query chooses no {name}")
            case tree.Call(
                function=tree.Member(name=name), arguments=(tree.Literal(value=str() as column), *_)
            ) if same(name, "ВыгрузитьКолонку"):
                if column.casefold() not in columns:
                    yield finding(unit.path, node.place, "query", f"the query chooses no {column}")
