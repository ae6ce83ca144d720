"""A web service published with a mistake: 1C describes and hears it so, and its handlers work as ever."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bridge.sim.onec_soap import Call, Service

_RETURN = re.compile(r'<xs:element name="return"\s+type="xs:string"/>')


@dataclass(frozen=True, kw_only=True)
class Publication:
    """A service as it was meant, as it is heard, and its description."""

    meant: Service
    heard: Service
    wsdl: str

    def meant_by(self, call: Call) -> Call:
        """The call in the names that the handlers know."""
        operations = dict(zip(self.heard.operations, self.meant.operations, strict=True))
        operation = operations.get(call.operation, call.operation)
        names = self.meant.operations[operation]
        values = dict(zip(names, call.parameters.values(), strict=True))
        return dataclasses.replace(call, service=self.meant, operation=operation, parameters=values)


def published(service: Service, wsdl: str, mistake: str) -> Publication:
    """The service with the named mistake, or as it should be."""
    heard, text = MISTAKES.get(mistake, _right)(service, wsdl)
    return Publication(meant=service, heard=heard, wsdl=text)


def _right(service: Service, wsdl: str) -> tuple[Service, str]:
    return service, wsdl


def _namespace(service: Service, wsdl: str) -> tuple[Service, str]:
    """A slash at the end, as in `http://vats/`."""
    wrong = f"{service.namespace}/"
    text = wsdl.replace(f'"{service.namespace}"', f'"{wrong}"')
    return dataclasses.replace(service, namespace=wrong), text


def _case(service: Service, wsdl: str) -> tuple[Service, str]:
    for name in service.operations:
        wsdl = re.sub(rf"\b{name}(?=\b|Response\b)", name.lower(), wsdl)
    operations = {name.lower(): parameters for name, parameters in service.operations.items()}
    return dataclasses.replace(service, operations=operations), wsdl


def _parameter(service: Service, wsdl: str) -> tuple[Service, str]:
    """Lower case, as the exchange's manual of 2016-12 has it: `number`."""
    for name in {one for parameters in service.operations.values() for one in parameters}:
        wsdl = wsdl.replace(f'name="{name}"', f'name="{name.lower()}"')
    operations = {
        name: tuple(one.lower() for one in parameters) for name, parameters in service.operations.items()
    }
    return dataclasses.replace(service, operations=operations), wsdl


def _procedure(service: Service, wsdl: str) -> tuple[Service, str]:
    return service, _RETURN.sub("", wsdl)


MISTAKES: Mapping[str, Callable[[Service, str], tuple[Service, str]]] = {
    "wrong_namespace": _namespace,
    "wrong_case": _case,
    "wrong_parameter": _parameter,
    "procedure": _procedure,
}
