"""What is asked in the SOAP parts and what the fake sides answer: text only, nothing of the bridge."""

import base64

LOGIN, PASSWORD = "buh", "benchmark-password"
HOOK_SECRET = "benchmark-hook-secret"
KEY = "gW3cyUJAtl50PhF"
TNS = "http://vpbx-bridge.ru/telephony/1"
SOAP_PATH = "/ws/Telephony"

ENVELOPE = f"""<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>\
<m:MakeCall xmlns:m="{TNS}"><m:Key>{KEY}</m:Key><m:Number>8916@NUMBER@</m:Number>\
</m:MakeCall></soap:Body></soap:Envelope>"""
ANSWER = f"""<?xml version='1.0' encoding='UTF-8'?>
<soap11env:Envelope xmlns:soap11env="http://schemas.xmlsoap.org/soap/envelope/" xmlns:tns="{TNS}">\
<soap11env:Body><tns:MakeCallResponse><tns:return><tns:Result>SUCCESS</tns:Result>\
<tns:Message>Звоним</tns:Message><tns:Code>0</tns:Code><tns:CallId>1.1</tns:CallId></tns:return>\
</tns:MakeCallResponse></soap11env:Body></soap11env:Envelope>"""


def basic(login: str, password: str) -> str:
    """The value of an Authorization header."""
    return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()


def post(path: str, action: str, authorization: str, body: str) -> str:
    """A SOAP request for `load`."""
    return (
        f"POST {path} HTTP/1.1\nHost: 127.0.0.1\nContent-Type: text/xml; charset=utf-8\n"
        f'SOAPAction: "{action}"\nAuthorization: {authorization}\n\n{body}'
    )


MAKE_CALL = post(SOAP_PATH, f"{TNS}#Telephony:MakeCall", basic(LOGIN, PASSWORD), ENVELOPE)
# the exchange's own: Mobilon, contents/vpbx/api.md, 2016-10
DIAL = f"GET /api/call/CallToSubscriber?key={KEY}&outboundNumber=8916@NUMBER@ HTTP/1.1\nHost: 127.0.0.1\n\n"
DIALLED = (
    '{"result": "SUCCESS", "description": "Call had been initialised", "code": 0, "callid": "1510733344.6"}'
)
