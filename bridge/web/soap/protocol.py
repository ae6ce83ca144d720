"""Spyne's SOAP 1.1 and 1.2, with what is fragile in them replaced (measured on Spyne 2.14.0).

Spyne gets a request that `envelope.read_call` has already understood, and gives the bytes of the
answer. An answer that it cannot write becomes a Fault, never an empty envelope with status 200.
"""

from typing import Any

from lxml import etree
from spyne.model.fault import Fault
from spyne.protocol.soap import Soap11, Soap12

from bridge.web.soap.envelope import Call
from bridge.web.soap.problem import Blame, SoapError, Version, clean, fault

CALL_KEY = "bridge.soap.call"  # where the WSGI environ carries the understood request


class _Hardened:
    """What both versions share; mixed in before Spyne's class."""

    version: Version

    def create_in_document(self, ctx: Any, charset: str | None = None) -> None:  # noqa: ARG002
        ctx.in_document = ctx.transport.req_env[CALL_KEY]

    def decompose_incoming_envelope(self, ctx: Any, message: str | None = None) -> None:  # noqa: ARG002
        call: Call = ctx.in_document
        namespace = ctx.app.tns
        request = etree.Element(f"{{{namespace}}}{call.operation}")
        for name, value in call.parameters.items():
            etree.SubElement(request, f"{{{namespace}}}{name}").text = clean(value)
        ctx.in_document = request
        ctx.in_header_doc = None
        ctx.in_body_doc = request
        ctx.method_request_string = request.tag

    def to_unicode(self, cls: Any, value: Any, *args: Any, **kwargs: Any) -> str:
        text: str = super().to_unicode(cls, value, *args, **kwargs)  # type: ignore[misc]
        return clean(text) if isinstance(text, str) else text

    def serialize(self, ctx: Any, message: str) -> None:
        if ctx.out_error is None:
            super().serialize(ctx, message)  # type: ignore[misc]
            if len(ctx.out_body_doc) == 1:
                return
            ctx.out_error = Fault("Server", "Мост не смог записать ответ")
            ctx.transport.resp_code = None
        problem = problem_of(ctx.out_error, self.version)
        ctx.out_document = etree.fromstring(fault(problem))
        ctx.out_body_doc = ctx.out_document[0]

    def fault_to_http_response_code(self, error: Any) -> str:
        status = problem_of(error, self.version).status
        return {400: "400 Bad Request", 500: "500 Internal Server Error"}[status]


class HardenedSoap11(_Hardened, Soap11):  # type: ignore[misc]
    version = Version.V11


class HardenedSoap12(_Hardened, Soap12):  # type: ignore[misc]
    version = Version.V12


def problem_of(error: Any, version: Version) -> SoapError:
    """A Spyne Fault as our problem: ours are raised with code and text, Spyne's own are internal."""
    blame = Blame.CLIENT if str(error.faultcode).startswith("Client") else Blame.SERVER
    return SoapError(str(error.faultstring), blame=blame, version=version)
