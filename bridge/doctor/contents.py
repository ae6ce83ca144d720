"""What a WSDL must hold for the bridge to call it, and what it holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from bridge.doctor.codes import Code
from bridge.doctor.finding import BAD, WARNING, Finding, bad, good
from bridge.doctor.names import difference, nearest
from bridge.doctor.wsdl import TEXT_TYPE, Operation, Published, read_wsdl
from bridge.resources import wsdl_text
from bridge.settings import InfobaseSection
from bridge.settings.partners import OperationSection

SAY_NAME = "SayName"
USER_LIST, CALL_EVENT = "user_list", "call_event"
SHIPPED = frozenset({"vats", "vatscalls", "miko"})
# the exchange's own; the bridge can do without them
_OPTIONAL = {SAY_NAME: "имена звонящих будут неизвестны", "SayNameByINN": ""}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An operation that the bridge calls. `without` says what is lost without it; "" everything."""

    parameters: tuple[str, ...]
    ordered: bool = True
    returns: bool = True
    without: str = ""
    setting: str = ""  # where the name stands in the settings, "" when the contract fixes it

    @property
    def grade(self) -> int:
        return WARNING if self.without else BAD


@dataclass(frozen=True, kw_only=True)
class Expected:
    namespace: str
    service: str
    operations: Mapping[str, Wanted]


def expected_of(name: str, section: InfobaseSection) -> Expected:
    """What the settings of an infobase need of its web service."""
    if section.contract in SHIPPED:
        ours = read_wsdl(wsdl_text(f"onec/{section.contract}.wsdl").encode())
        operations = {
            operation: Wanted(
                parameters=published.names,
                without=_OPTIONAL.get(operation, ""),
                returns=operation != CALL_EVENT,  # the response itself is proof enough there
            )
            for operation, published in ours.operations.items()
            if _OPTIONAL.get(operation, "needed")
        }
        return Expected(namespace=section.namespace or ours.namespace, service="", operations=operations)
    custom = section.custom
    asked = {"ring": custom.ring, "event": custom.event, "who": custom.who}
    return Expected(
        namespace=section.namespace,
        service=custom.service,
        operations={one.operation: _own(name, kind, one) for kind, one in asked.items() if one},
    )


def _own(name: str, kind: str, section: OperationSection) -> Wanted:
    return Wanted(
        parameters=tuple(section.parameters),
        ordered=False,
        returns=False,
        without="имена звонящих будут неизвестны" if kind == "who" else "",
        setting=f"infobase.{name}.custom.{kind}",
    )


def compare(link: str, name: str, wanted: Expected, published: Published, url: str) -> Iterator[Finding]:
    """Everything that differs, and one good word when nothing does."""
    wrong = [*_namespace(link, name, wanted, published), *_service(link, name, wanted, published)]
    for operation, want in wanted.operations.items():
        wrong += _operation(link, operation, want, published)
    yield from wrong
    if not wrong:
        names = ", ".join(wanted.operations)
        yield good(link, Code.WSDL_GOOD, f"в веб-сервисе есть всё, что зовёт мост: {names}")
    elsewhere = [one for one in published.addresses if _place(one) != _place(url)]
    if elsewhere:
        said = f"в WSDL записан другой адрес, {elsewhere[0]}: мост зовёт по адресу из настроек"
        yield good(link, Code.WSDL_ADDRESS, said)


def _namespace(link: str, name: str, wanted: Expected, published: Published) -> list[Finding]:
    if not wanted.namespace or published.namespace == wanted.namespace:
        return []
    how = difference(published.namespace, wanted.namespace)
    said = f"пространство имён в 1С {published.namespace}, а в мосте {wanted.namespace}"
    advice = f'укажите в [infobase.{name}] namespace = "{published.namespace}" или исправьте URI в 1С'
    return [bad(link, Code.WSDL_NAMESPACE, f"{said}{': ' * bool(how)}{how}", advice)]


def _service(link: str, name: str, wanted: Expected, published: Published) -> list[Finding]:
    if not wanted.service or wanted.service in published.services:
        return []
    said = f"в WSDL нет сервиса {wanted.service}, есть {', '.join(published.services) or 'ни одного'}"
    return [bad(link, Code.WSDL_SERVICE, said, f"исправьте infobase.{name}.custom.service")]


def _operation(link: str, operation: str, want: Wanted, published: Published) -> Iterator[Finding]:
    there = published.operations.get(operation)
    if there is None:
        yield _missing(link, operation, want, published)
        return
    if finding := _parameters(link, operation, want, there):
        yield finding
    odd = [
        f"{name} ({kind.rpartition('}')[2] or 'составной'})"
        for name, kind in there.parameters
        if kind != TEXT_TYPE and name in want.parameters
    ]
    if odd and want.ordered:
        said = f"у {operation} параметры не строки: {', '.join(odd)}"
        advice = "сделайте их типа xs:string: иначе 1С исказит номер или откажет"
        yield Finding(link=link, code=Code.WSDL_TYPE, grade=WARNING, said=said, advice=advice)
    if want.returns and not there.returns:
        lost = want.without or "мост не узнает, что 1С приняла событие"
        said = f"{operation} ничего не возвращает (процедура): {lost}"
        advice = (
            'в 1С сделайте обработчик функцией, тип возвращаемого значения — string, в конце: Возврат "1"'
        )
        yield Finding(link=link, code=Code.WSDL_PROCEDURE, grade=want.grade, said=said, advice=advice)


def _missing(link: str, operation: str, want: Wanted, published: Published) -> Finding:
    meant, how = nearest(operation, published.operations)
    there = ", ".join(sorted(published.operations)) or "ни одной"
    lost = f"; {want.without}" if want.without else ""
    if meant:
        said = f"операция в 1С называется {meant}, а нужна {operation}: имя {how}{lost}"
        code = Code.WSDL_CASE
    else:
        said = f"в веб-сервисе нет операции {operation}, есть: {there}{lost}"
        code = Code.WSDL_NO_OPERATION
    advice = (
        f"исправьте {want.setting}.operation или имя в 1С"
        if want.setting
        else f"назовите операцию в 1С точно {operation} и обновите публикацию; проверьте и contract"
    )
    return Finding(link=link, code=code, grade=want.grade, said=said, advice=advice)


def _parameters(link: str, operation: str, want: Wanted, there: Operation) -> Finding | None:
    same = there.names == want.parameters if want.ordered else set(want.parameters) <= set(there.names)
    if same:
        return None
    ours, theirs = ", ".join(want.parameters) or "нет", ", ".join(there.names) or "нет"
    missing = [one for one in want.parameters if one not in there.names]
    hows = [f"{name} {how}" for name, how in (nearest(one, there.names) for one in missing) if how]
    said = f"параметры {operation} в 1С: {theirs}; нужны: {ours}"
    if sorted(there.names) == sorted(want.parameters):
        said += " — в этом порядке"
    elif hows:
        said += f" ({'; '.join(hows)})"
    advice = (
        f"исправьте {want.setting}.parameters или имена в 1С"
        if want.setting
        else "назовите параметры в 1С точно так же, в этом порядке, и обновите публикацию"
    )
    return Finding(link=link, code=Code.WSDL_PARAMETERS, grade=want.grade, said=said, advice=advice)


def _place(url: str) -> tuple[str, str]:
    """Host and path; the file name of a service (`.1cws`) is the same place."""
    parts = urlsplit(url)
    return parts.netloc.casefold(), parts.path.rstrip("/").removesuffix(".1cws").casefold()
