"""MakeCall by stock Spyne under waitress: `telephony.py PORT THREADS [UPSTREAM]`."""

import sys

import requests
from spyne import Application, ComplexModel, Integer, ServiceBase, Unicode, rpc
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication
from waitress import serve

TNS = "http://vpbx-bridge.ru/telephony/1"
upstream = ""
session = requests.Session()


class CallResult(ComplexModel):
    __namespace__ = TNS
    Result = Unicode
    Message = Unicode
    Code = Integer
    CallId = Unicode


class Telephony(ServiceBase):
    @rpc(Unicode, Unicode, _in_variable_names={"key": "Key", "number": "Number"}, _returns=CallResult)
    def MakeCall(ctx, key, number):  # noqa: N802, N805 - Spyne's way
        if not upstream:
            return CallResult(Result="SUCCESS", Message="Звоним", Code=0, CallId="1.1")
        answer = session.get(
            f"{upstream}/api/call/CallToSubscriber",
            params={"key": key, "outboundNumber": number},
            timeout=5,
        )
        said = answer.json()
        return CallResult(
            Result=said["result"], Message=said["description"], Code=said["code"], CallId=said["callid"]
        )


def application() -> WsgiApplication:
    return WsgiApplication(
        Application(
            [Telephony],
            tns=TNS,
            in_protocol=Soap11(validator="soft"),
            out_protocol=Soap11(),
            name="Telephony",
        )
    )


def main() -> None:
    global upstream
    port, threads, *rest = sys.argv[1:]
    upstream = rest[0] if rest else ""
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=int(threads)))
    serve(application(), host="127.0.0.1", port=int(port), threads=int(threads))


if __name__ == "__main__":
    main()
