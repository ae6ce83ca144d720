"""The Spyne services `Telephony` and `TelephonyRu`, built from the vocabulary over one implementation."""

from collections.abc import Callable, Mapping
from typing import Any

from spyne import Application, ServiceBase, rpc
from spyne.model.complex import ComplexModel, ComplexModelMeta
from spyne.model.primitive import Boolean, Date, DateTime, Integer32, Integer64, Unicode
from spyne.server.wsgi import WsgiApplication

from bridge.web.soap import vocabulary as words
from bridge.web.soap.problem import Version
from bridge.web.soap.protocol import HardenedSoap11, HardenedSoap12
from bridge.web.soap.vocabulary import Language, Operation

# An operation of the bridge: the calling infobase and the parameters by their English names ->
# members by theirs (a mapping for a complex type, a list of mappings for "*Type", or a scalar).
Handler = Callable[[str, Mapping[str, Any]], Any]

_SCALARS = {
    words.STRING: Unicode,
    words.INT: Integer32,
    words.LONG: Integer64,
    words.BOOLEAN: Boolean,
    words.DATE_TIME: DateTime,
    words.DATE: Date,
}
CALLER_KEY = "bridge.infobase"  # where the WSGI environ carries the name of the infobase that calls
ANSWERED_KEY = "bridge.soap.answered"  # and, when the handler has been called already, what gives its answer


class Models:
    """Spyne's classes for the complex types of one language."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._classes: dict[str, type[ComplexModel]] = {}
        for name in words.TYPES:
            self._classes[name] = self._model(name)

    def model(self, xsd: str) -> Any:
        """The Spyne class of a type as the tables write it: "string", "Call", "*Call"."""
        if xsd in _SCALARS:
            return _SCALARS[xsd](min_occurs=1, nillable=False)
        if xsd.startswith("*"):
            return self._classes[xsd[1:]].customize(min_occurs=0, max_occurs="unbounded", nillable=False)
        return self._classes[xsd].customize(min_occurs=1, nillable=False)

    def value(self, xsd: str, value: Any) -> Any:
        """Our value (English member names) as an instance of the Spyne class."""
        if xsd == words.DATE_TIME:
            return value.replace(microsecond=0)  # 1C keeps whole seconds
        if xsd in _SCALARS:
            return value
        if xsd.startswith("*"):
            return [self.value(xsd[1:], item) for item in value]
        members = {
            self._language.word(member, xsd): self.value(member_xsd, value[member])
            for member, member_xsd in words.TYPES[xsd].items()
        }
        return self._classes[xsd](**members)

    def _model(self, name: str) -> type[ComplexModel]:
        members = [
            (self._language.word(member, name), self.model(xsd)) for member, xsd in words.TYPES[name].items()
        ]
        facts = {"__namespace__": self._language.namespace, "_type_info": members}
        model: type[ComplexModel] = ComplexModelMeta(self._language.word(name), (ComplexModel,), facts)
        return model


def build(language: Language, handlers: Mapping[str, Handler]) -> dict[Version, WsgiApplication]:
    """One Spyne application for each version of SOAP, with the operations of `language`."""
    models = Models(language)
    protocols = {Version.V11: HardenedSoap11, Version.V12: HardenedSoap12}
    return {
        version: WsgiApplication(
            Application(
                [_service(language, models, handlers)],
                tns=language.namespace,
                name=language.service,
                in_protocol=protocol(validator=None, parse_xsi_type=False),
                out_protocol=protocol(),
            )
        )
        for version, protocol in protocols.items()
    }


def contract(language: Language) -> dict[str, dict[str, str]]:
    """Operation -> parameters in order with their XSD types, in the words of `language`."""
    return {
        language.word(operation.name): {
            language.word(name): xsd for name, xsd in operation.parameters.items()
        }
        for operation in words.OPERATIONS
    }


def _service(language: Language, models: Models, handlers: Mapping[str, Handler]) -> Any:
    methods = {
        operation.name: _method(language, models, operation, handlers[operation.name])
        for operation in words.OPERATIONS
    }
    return type(language.service, (ServiceBase,), methods)


def _method(language: Language, models: Models, operation: Operation, handler: Handler) -> Any:
    english = list(operation.parameters)
    local = [f"p{index}" for index, _ in enumerate(english)]

    def method(ctx: Any, *values: Any) -> Any:
        arguments = {
            name: "" if value is None else value  # Spyne reads an empty string element as None
            for name, value in zip(english, values, strict=True)
        }
        environ = ctx.transport.req_env
        answered = environ.get(ANSWERED_KEY)
        answer = answered() if answered else handler(environ[CALLER_KEY], arguments)
        return models.value(operation.returns, answer)

    method.__name__ = operation.name  # Spyne tells its methods apart by this
    name = language.word(operation.name)
    return rpc(
        *[models.model(xsd) for xsd in operation.parameters.values()],
        _args=local,
        _returns=models.model(operation.returns),
        _operation_name=name,
        _in_arg_names=dict(zip(local, map(language.word, english), strict=True)),
        _out_message_name=f"{name}Response",
        _out_variable_name="return",
        _wsdl_part_name="parameters",
    )(method)
