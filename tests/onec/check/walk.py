"""Every node below a node of the tree, in the order of the source."""

from collections.abc import Iterator
from dataclasses import fields
from functools import cache

from onec.bsl.tree import Node


def nodes(below: object) -> Iterator[Node]:
    """The node itself and all inside it; a tuple stands for its members."""
    stack = [below]
    while stack:
        one = stack.pop()
        if isinstance(one, tuple):
            stack.extend(reversed(one))
        elif isinstance(one, Node):
            yield one
            stack.extend(getattr(one, name) for name in _inner(type(one)))


@cache
def _inner(kind: type[Node]) -> tuple[str, ...]:
    """The members that may hold nodes, last first."""
    plain = ("place", "name", "operator", "type_name", "export", "is_null")
    return tuple(reversed([one.name for one in fields(kind) if one.name not in plain]))
