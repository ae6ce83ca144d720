"""A SOAP envelope, 1.1 or 1.2, to a call: which operation, which texts. Liberal in form, strict in sense.

Accepted: any prefix, unqualified or reordered parameters, extra parameters (dropped), CDATA,
comments, `xsi:type`, `xsi:nil`. Refused: two operations, a Fault, multi-reference `href`, headers
that must be understood, a missing or repeated parameter, a parameter that is not text.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.web.soap.lexical import canonical
from bridge.web.soap.problem import Blame, SoapError, Version
from bridge.web.soap.scan import Element

_XSI_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
# multi-reference values: SOAP 1.1 §5.4.1, SOAP 1.2 part 2 §3.1.5
_REFERENCES = frozenset({"href", "{http://www.w3.org/2003/05/soap-encoding}ref"})
_TRUE = frozenset({"1", "true"})
MAX_VALUE = 4096  # characters of one parameter
MAX_ECHO = 40

Operations = Mapping[str, Mapping[str, str]]  # operation -> its parameters in order, with their XSD types


@dataclass(frozen=True, kw_only=True)
class Call:
    """What the client asks for; parameters are canonical XSD texts in the order of the contract."""

    version: Version
    namespace: str
    operation: str
    parameters: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Said:
    """A call whose parameters are still as the client wrote them; `types` as in the contract, in order."""

    version: Version
    namespace: str
    operation: str
    types: Mapping[str, str]
    texts: Mapping[str, str]

    def call(self) -> Call:
        """
        Raises:
            SoapError: a text is not of its type.
        """
        try:
            parameters = {name: canonical(name, xsd, self.texts[name]) for name, xsd in self.types.items()}
        except SoapError as problem:
            problem.version = self.version
            raise
        return Call(
            version=self.version, namespace=self.namespace, operation=self.operation, parameters=parameters
        )


def version_of(root: Element) -> Version:
    """SOAP 1.1 or 1.2 by the envelope's namespace, whatever the Content-Type says."""
    if root.name == "Envelope":
        for version in Version:
            if root.namespace == version.value:
                return version
        raise SoapError("Версия SOAP не поддерживается: нужен SOAP 1.1 или 1.2", blame=Blame.VERSION)
    raise SoapError("В запросе нет конверта SOAP (Envelope)")


def read_call(
    root: Element, version: Version, *, contracts: Mapping[str, Operations], limits: Mapping[str, int]
) -> Said:
    """Find the operation and its parameters.

    Args:
        contracts: namespace -> its operations; who names no namespace means the first.
        limits: characters of the parameters that may be longer than `MAX_VALUE`.

    Raises:
        SoapError: with the version of the request, so that the Fault can be read by who asked.
    """
    try:
        _check_headers(root, version)
        request = _request(root, version)
        namespace = request.namespace or next(iter(contracts))
        types = _known(request, namespace, contracts)
        return Said(
            version=version,
            namespace=namespace,
            operation=request.name,
            types=types,
            texts=_texts(request, namespace, types, limits),
        )
    except SoapError as problem:
        problem.version = version
        raise


def _check_headers(root: Element, version: Version) -> None:
    for header in root.children:
        if header.name != "Header" or header.namespace != version.value:
            continue
        for block in header.children:
            if block.attributes.get(f"{{{version.value}}}mustUnderstand", "").strip() in _TRUE:
                raise SoapError("Обязательный заголовок SOAP мосту неизвестен", blame=Blame.HEADER)


def _request(root: Element, version: Version) -> Element:
    bodies = [child for child in root.children if child.name == "Body" and child.namespace == version.value]
    if len(bodies) != 1:
        raise SoapError("В конверте должно быть одно тело (Body)")
    if len(bodies[0].children) != 1:
        raise SoapError("В теле запроса должна быть ровно одна операция")
    return bodies[0].children[0]


def _known(request: Element, namespace: str, contracts: Mapping[str, Operations]) -> Mapping[str, str]:
    if namespace not in contracts:
        raise SoapError(f"Пространство имён операции должно быть {next(iter(contracts))}")
    operations = contracts[namespace]
    if request.name not in operations:
        name = request.name[:MAX_ECHO]
        raise SoapError(f"Операции {name} нет; есть: {', '.join(operations)}")
    return operations[request.name]


def _texts(
    request: Element, namespace: str, types: Mapping[str, str], limits: Mapping[str, int]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for child in request.children:
        if child.namespace not in ("", namespace) or child.name not in types:
            continue  # what a newer or careless client adds does no harm
        if child.name in found:
            raise SoapError(f"Параметр {child.name} указан дважды")
        found[child.name] = _text(child, limits.get(child.name, MAX_VALUE))
    missing = [name for name in types if name not in found]
    if missing:
        raise SoapError(f"Не передан параметр {missing[0]} операции {request.name}")
    return found


def _text(element: Element, limit: int) -> str:
    if not _REFERENCES.isdisjoint(element.attributes):
        raise SoapError(f"Параметр {element.name}: ссылки href не поддерживаются")
    if element.children:
        raise SoapError(f"Параметр {element.name} должен быть простым текстом")
    if element.attributes.get(_XSI_NIL, "").strip() in _TRUE:
        return ""
    if len(element.text) > limit:
        raise SoapError(f"Параметр {element.name} слишком длинный")
    return element.text
