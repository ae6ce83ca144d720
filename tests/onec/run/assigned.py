"""Which names a body has for variables."""

from collections.abc import Iterator

from onec.bsl import tree


def assigned_in(body: tuple[tree.Statement, ...]) -> frozenset[str]:
    """Names a body assigns anywhere: its local variables, whether reached or not."""
    found = set()
    for node in _inside(body):
        match node:
            case tree.Assign(target=tree.Name(name=name)):
                found.add(name.casefold())
            case tree.ForRange(name=name) | tree.ForEach(name=name):
                found.add(name.casefold())
    return frozenset(found)


def declared_in(body: tuple[tree.Statement, ...]) -> frozenset[str]:
    """Names a body declares with Перем."""
    return frozenset(
        name.casefold() for node in _inside(body) if isinstance(node, tree.Variables) for name in node.names
    )


def _inside(body: tuple[tree.Statement, ...]) -> Iterator[tree.Statement]:
    """Every statement of a body, of whatever depth."""
    for node in body:
        yield node
        match node:
            case tree.If():
                for one in node.branches:
                    yield from _inside(one.body)
                yield from _inside(node.otherwise or ())
            case tree.While() | tree.ForRange() | tree.ForEach():
                yield from _inside(node.body)
            case tree.Try():
                yield from _inside(node.body)
                yield from _inside(node.handler)
