"""What a module asks of the bridge: operations of a WSПрокси and members of their answers, by its tree."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree
from onec.bsl import tree
from onec.bsl.tree import same

_XS = "{http://www.w3.org/2001/XMLSchema}"


@dataclass(frozen=True)
class Value:
    """A value of a complex type of the contract, or a list of such values; "" is a plain type."""

    type: str
    many: bool = False


PROXY = Value("WSПрокси")


@dataclass
class Contract:
    """The operations and the types of a WSDL."""

    operations: dict[str, tuple[int, Value]] = field(default_factory=dict)  # arguments, answer
    members: dict[str, dict[str, Value]] = field(default_factory=dict)  # type -> member -> value


@dataclass(frozen=True)
class Asked:
    """`line` of the module; `wrong` says what the contract does not have, "" when it has it."""

    line: int
    operation: str = ""
    wrong: str = ""


def contract_of(wsdl: str) -> Contract:
    schema = etree.fromstring(wsdl.encode()).find(f".//{_XS}schema")
    found = Contract()
    for one in schema.findall(f"{_XS}complexType"):
        found.members[one.get("name")] = {
            each.get("name"): _value(each) for each in one.iter(f"{_XS}element")
        }
    elements = {
        one.get("name"): list(one.iter(f"{_XS}element"))[1:] for one in schema.findall(f"{_XS}element")
    }
    for name, fields in elements.items():
        if not name.endswith("Response"):
            found.operations[name] = (len(fields), _value(elements[f"{name}Response"][0]))
    return found


def asked(module: tree.Module, contract: Contract) -> list[Asked]:
    """Every operation that the module calls and every member of an answer that it reads."""
    flow = _Flow(module, contract)
    for _ in range(4):  # answers travel through a few functions at most
        flow.asked = []
        for method in module.methods:
            flow.method(method)
    return flow.asked


class _Flow:
    """Which names hold a proxy or an answer; arguments and results carry it from method to method."""

    def __init__(self, module: tree.Module, contract: Contract) -> None:
        self.module = module
        self.contract = contract
        self.returns: dict[str, Value] = {}
        self.parameters: dict[tuple[str, int], Value] = {}
        self.names: dict[str, Value] = {}
        self.current = ""
        self.asked: list[Asked] = []

    def method(self, method: tree.Method) -> None:
        self.current = method.name.casefold()
        self.names = {
            one.name.casefold(): known
            for number, one in enumerate(method.parameters)
            if (known := self.parameters.get((self.current, number))) is not None
        }
        self._walk(method.body)

    def _walk(self, node: Any) -> None:
        """Statements in their order; whatever they hold is looked at once."""
        match node:
            case tuple():
                for one in node:
                    self._walk(one)
            case tree.Assign(target=tree.Name(name=name), value=value):
                if (known := self._type(value)) is not None:
                    self.names[name.casefold()] = known
                else:
                    self.names.pop(name.casefold(), None)
            case tree.Return(value=value) if value is not None:
                if (known := self._type(value)) is not None:
                    self.returns[self.current] = known
            case tree.ForEach(name=name, items=items, body=body):
                known = self._type(items)
                if known is not None and known.many:
                    self.names[name.casefold()] = Value(known.type)
                self._walk(body)
            case tree.Expression():
                self._type(node)
            case tree.Node():
                for one in vars(node).values():
                    self._walk(one)

    def _type(self, expression: tree.Expression) -> Value | None:
        match expression:
            case tree.Name(name=name):
                return self.names.get(name.casefold())
            case tree.New(type_name=name, arguments=arguments):
                self._walk(arguments)
                return PROXY if same(name, "WSПрокси") else None
            case tree.Await(value=value):
                return self._type(value)
            case tree.Member(of=of, name=name, place=place):
                return self._member(self._type(of), name, place)
            case tree.Call():
                return self._call(expression)
        for one in vars(expression).values():
            self._walk(one)
        return None

    def _call(self, call: tree.Call) -> Value | None:
        given = [self._type(one) if one is not None else None for one in call.arguments]
        if isinstance(call.function, tree.Name):
            method = self.module.method(call.function.name)
            if method is None:
                return None
            for number, known in enumerate(given):
                if known is not None:
                    self.parameters[method.name.casefold(), number] = known
            return self.returns.get(method.name.casefold())
        if same(call.function.name, "СоздатьWSПрокси"):
            return PROXY
        if self._type(call.function.of) != PROXY:
            return None
        return self._operation(call)

    def _operation(self, call: tree.Call) -> Value | None:
        name, line = call.function.name, call.place.line
        if name not in self.contract.operations:
            self.asked.append(Asked(line, wrong=f"the bridge has no operation {name}"))
            return None
        expected, answer = self.contract.operations[name]
        given = len([one for one in call.arguments if one is not None])
        wrong = "" if given == expected else f"{name} takes {expected} arguments, not {given}"
        self.asked.append(Asked(line, name, wrong))
        return answer if answer.type else None

    def _member(self, of: Value | None, name: str, place: tree.Place) -> Value | None:
        if of is None or of == PROXY or of.many:
            return None
        members = self.contract.members[of.type]
        if name not in members:
            self.asked.append(Asked(place.line, wrong=f"{of.type} has no {name}"))
            return None
        self.asked.append(Asked(place.line))
        return members[name] if members[name].type else None


def proxies(module: tree.Module) -> Iterator[tuple[str, ...]]:
    """Name space, service and port of every `Новый WSПрокси`, as far as they are written there."""
    for one in _all(module.methods):
        if isinstance(one, tree.New) and same(one.type_name, "WSПрокси"):
            yield tuple(
                argument.value
                if isinstance(argument, tree.Literal) and isinstance(argument.value, str)
                else ""
                for argument in one.arguments[1:4]
            )


def _all(node: Any) -> Iterator[tree.Node]:
    if isinstance(node, tuple):
        for one in node:
            yield from _all(one)
    elif isinstance(node, tree.Node):
        yield node
        for one in vars(node).values():
            yield from _all(one)


def _value(element: Any) -> Value:
    prefix, _, name = element.get("type").partition(":")
    return Value("" if prefix == "xsd" else name, element.get("maxOccurs") == "unbounded")
