"""A click as 1C sends it, and as a person repeats it: a SOAP request, lines for 1C, a command."""

from xml.sax.saxutils import escape

from bridge.web.console.roads import Exchanged
from bridge.web.soap.vocabulary import Language

OPERATION = "MakeCall"
_ENVELOPE = """<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">
  <soap:Body>
    <m:{operation} xmlns:m="{namespace}">
      <m:{key}>{key_value}</m:{key}>
      <m:{number}>{number_value}</m:{number}>
    </m:{operation}>
  </soap:Body>
</soap:Envelope>"""
_BSL = """Определения = Новый WSОпределения("{wsdl}", "{user}", Пароль, , 10);
Прокси = Новый WSПрокси(Определения, "{namespace}", "{service}", "{service}Soap", , 20);
Прокси.Пользователь = "{user}";
Прокси.Пароль = Пароль;
Ответ = Прокси.{operation}("{key}", "{number}");"""
_CURL = """curl -u {user}:ПАРОЛЬ "{url}/api/call/CallToSubscriber" --get \\
  --data-urlencode "key={key}" --data-urlencode "outboundNumber={number}\""""


def envelope(language: Language, handle: str, number: str) -> str:
    """What 1C sends to have a number dialled."""
    return _ENVELOPE.format(
        operation=language.word(OPERATION),
        namespace=language.namespace,
        key=language.word("Key", OPERATION),
        key_value=escape(handle),
        number=language.word("Number", OPERATION),
        number_value=escape(number),
    )


def snippets(language: Language, *, url: str, user: str, handle: str, number: str) -> list[Exchanged]:
    """The same to be pasted elsewhere; `url` is the bridge's, `user` the login of the infobase."""
    facts = {
        "wsdl": f"{url}{language.path}?wsdl",
        "url": url,
        "user": user,
        "namespace": language.namespace,
        "service": language.service,
        "operation": language.word(OPERATION),
        "key": handle.replace('"', ""),
        "number": number.replace('"', ""),
    }
    return [
        Exchanged(title="То же из 1С", sent=_BSL.format(**facts)),
        Exchanged(title="То же из командной строки", sent=_CURL.format(**facts)),
    ]
