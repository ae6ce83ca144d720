"""Functions that end without a value, and statements that nothing reaches."""

from collections.abc import Iterator
from itertools import pairwise

from onec.bsl import tree
from onec.check.findings import Finding, finding
from onec.check.walk import nodes


def check(module: tree.Module) -> Iterator[Finding]:
    for method in module.methods:
        if method.is_function and not _leaves(method.body):
            yield finding(
                module.path, method.place, "return", f"{method.name} may end without returning a value"
            )
        for block in _blocks(method):
            for before, after in pairwise(block):
                if isinstance(before, tree.Return | tree.Raise | tree.Break | tree.Continue):
                    yield finding(module.path, after.place, "unreachable", "nothing reaches this statement")


def _leaves(block: tuple[tree.Statement, ...]) -> bool:
    """Whether control never comes to the end of a block."""
    if not block:
        return False
    match block[-1]:
        case tree.Return() | tree.Raise():
            return True
        case tree.If(branches=branches, otherwise=otherwise):
            return otherwise is not None and _leaves(otherwise) and all(_leaves(one.body) for one in branches)
        case tree.Try(body=body, handler=handler):
            return _leaves(body) and _leaves(handler)
    return False


def _blocks(method: tree.Method) -> Iterator[tuple[tree.Statement, ...]]:
    yield method.body
    for node in nodes(method.body):
        match node:
            case tree.Branch() | tree.While() | tree.ForRange() | tree.ForEach():
                yield node.body
            case tree.If(otherwise=tuple() as otherwise):
                yield otherwise
            case tree.Try():
                yield node.body
                yield node.handler
