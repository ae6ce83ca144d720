"""Names that are younger than the platform a sample is for."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from onec.bsl import tree
from onec.bsl.lexer import words
from onec.check.findings import Finding, finding
from onec.check.walk import nodes


@dataclass(frozen=True)
class Since:
    """Names in lower case -> first version; by the heading of since.toml."""

    tables: dict[str, dict[str, str]]

    def of(self, heading: str, name: str) -> str:
        return self.tables[heading].get(name.casefold(), "8.2")


@cache
def since() -> Since:
    text = Path(__file__).with_name("since.toml").read_text(encoding="utf-8")
    headings = tomllib.loads(text)
    return Since(
        {
            heading: {name.casefold(): one["since"] for name, one in names.items()}
            for heading, names in headings.items()
        }
    )


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def check(text: str, module: tree.Module, minimum: str) -> Iterator[Finding]:
    """The names of a module that its platform does not have yet."""
    for name, heading, place in _names(text, module):
        first = since().of(heading, name)
        if number(first) > number(minimum):
            yield finding(module.path, place, "version", f"{name} is of {first}, the sample is for {minimum}")


def _names(text: str, module: tree.Module) -> Iterator[tuple[str, str, tree.Place]]:
    for token in words(text, module.path).tokens:
        if token.kind == "instruction":
            yield token.text.split()[0], "instructions", token.place
    own = {one.name.casefold() for one in module.methods}
    for method in module.methods:
        if method.is_async:
            yield "Асинх", "keywords", method.place
    for node in nodes((*(one.body for one in module.methods), module.body)):
        match node:
            case tree.Await():
                yield "Ждать", "keywords", node.place
            case tree.New():
                yield node.type_name, "types", node.place
            case tree.Call(function=tree.Name(name=name)) if name.casefold() not in own:
                yield name, "methods", node.place
            case tree.Member():
                yield node.name, "members", node.place
            case tree.Name():
                yield node.name, "properties", node.place
