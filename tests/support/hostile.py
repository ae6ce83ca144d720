"""Requests that no honest client sends, and honest ones in odd clothes, each with what it must get.

In a text, `{N}` is a telephone number of the request's own, `{FILE}` a file that exists, `{TRAP}`
the address of a server that nobody may contact.
"""

import base64
import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from support.world import ANNA, LOGIN, PASSWORD

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
MEDIA = {SOAP11: "text/xml", SOAP12: "application/soap+xml"}
NS = "http://vpbx-bridge.ru/telephony/1"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
CYRILLIC = ANNA.name  # a handle that is found only when its letters arrive whole

GOOD = {"Authorization": "Basic " + base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()}


@dataclass(frozen=True, kw_only=True)
class Door:
    """An entrance that the list is sent to, and its words for `MakeCall(Key, Number)`.

    Attributes:
        words: in the order of the contract.
        media: what it takes more.
    """

    target: str
    namespace: str
    operation: str
    words: tuple[str, ...]
    number: str
    media: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return self.target.rpartition("/")[2]

    def says(self, odd: "Odd") -> str:
        if odd.says not in ("Key", "Number"):
            return odd.says
        return self.words[0] if odd.misses_all else odd.says.replace("Number", self.number)

    def translate(self, text: str) -> str:
        words = {NS: self.namespace, "MakeCall": self.operation, "Number": self.number}
        for ours, theirs in words.items():
            text = text.replace(ours, theirs)
        return text


@dataclass(frozen=True, kw_only=True)
class Odd:
    """A request and what it must get.

    Attributes:
        status: None: 500 in SOAP 1.1 and 400 in SOAP 1.2, as SOAP prescribes for the client's fault.
        dials: the exchange must be asked for the request's number.
        says: what the Russian text of the answer must hold.
        answer: the version of SOAP of the answer; the request's own by default.
        faulty: the answer is a Fault; else it is `Result` SUCCESS when `dials`, FAIL otherwise.
    """

    name: str
    body: str | bytes
    version: str = SOAP11
    status: int | None = None
    dials: bool = False
    faulty: bool = True
    says: str = ""
    code: str = ""  # the fault code; by default the client's
    answer: str = ""
    encoding: str = "utf-8"
    method: str = "POST"
    target: str = "/ws/Telephony"
    headers: dict[str, str | None] = field(default_factory=dict)
    misses_all: bool = False  # the first parameter of the contract is the one that is named

    def at(self, door: Door) -> "Odd":
        """The same oddity at another entrance."""
        taken: dict[str, Any] = {"says": door.says(self)}
        if (self.headers.get("Content-Type") or "") in door.media:
            taken = {"faulty": False, "dials": True, "status": None, "answer": "", "says": ""}
        return replace(
            self,
            body=door.translate(self.body) if isinstance(self.body, str) else self.body,
            target=self.target.replace("/ws/Telephony", door.target),
            headers={name: value and door.translate(value) for name, value in self.headers.items()},
            **taken,
        )

    @property
    def expected_status(self) -> int:
        if self.status is not None:
            return self.status
        if not self.faulty:
            return 200
        return 500 if self.answer_version == SOAP11 else 400

    @property
    def answer_version(self) -> str:
        return self.answer or self.version

    def __str__(self) -> str:
        return f"{self.name}-{'1.1' if self.version == SOAP11 else '1.2'}"

    def request(self, **places: str) -> bytes:
        """The whole HTTP request."""
        body = self.body
        if isinstance(body, str):
            for place, value in places.items():
                body = body.replace("{" + place + "}", value)
            body = body.encode(self.encoding)
        sent: dict[str, str | None] = {
            "Host": "127.0.0.1",
            "Content-Type": f"{MEDIA[self.version]}; charset=utf-8",
            "Content-Length": str(len(body)),
            **GOOD,
            **self.headers,
        }
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in sent.items() if value is not None]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def call(key: str = ANNA.key, number: str = "{N}") -> str:
    return f'<t:MakeCall xmlns:t="{NS}"><t:Key>{key}</t:Key><t:Number>{number}</t:Number></t:MakeCall>'


def envelope(inner: str, version: str = SOAP11, *, header: str = "", more: str = "") -> str:
    return f'<s:Envelope xmlns:s="{version}"{more}>{header}<s:Body>{inner}</s:Body></s:Envelope>'


def _both(name: str, inner: str | None = None, *, before: str = "", **facts: Any) -> Iterator[Odd]:
    """The same in SOAP 1.1 and 1.2; `inner` is what the Body holds."""
    inner = call() if inner is None else inner
    header, more = facts.pop("header", ""), facts.pop("more", "")
    for version in (SOAP11, SOAP12):
        yield Odd(
            name=name,
            version=version,
            body=before + envelope(inner, version, header=header.replace("{SOAP}", version), more=more),
            **facts,
        )


def _plain(name: str, body: str | bytes, **facts: Any) -> Iterator[Odd]:
    """The same bytes called SOAP 1.1 and 1.2 by their Content-Type."""
    for version in (SOAP11, SOAP12):
        yield Odd(name=name, version=version, body=body, **facts)


_OK: dict[str, Any] = {"dials": True, "faulty": False}
_REFUSED: dict[str, Any] = {"faulty": False}  # a business refusal: a value, nothing dialled
_CP1251 = {"Content-Type": "text/xml; charset=windows-1251"}
_BARE = {"Content-Type": "text/xml"}
_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def entities() -> Iterator[Odd]:
    """External and internal entities: a DTD is refused before anything in it is looked at."""
    dtd: dict[str, Any] = {"says": "DTD"}
    spent = call(number="8{e}".replace("{e}", "&e;"))
    yield from _both("xxe-file", spent, before='<!DOCTYPE s [<!ENTITY e SYSTEM "file://{FILE}">]>', **dtd)
    yield from _both("xxe-http", spent, before='<!DOCTYPE s [<!ENTITY e SYSTEM "{TRAP}/xxe">]>', **dtd)
    yield from _both(
        "xxe-parameter-entity",
        before='<!DOCTYPE s [<!ENTITY % p SYSTEM "{TRAP}/p.dtd"> %p;]>',
        **dtd,
    )
    yield from _both("xxe-external-dtd", before='<!DOCTYPE s SYSTEM "{TRAP}/e.dtd">', **dtd)
    yield from _both("xxe-public-dtd", before='<!DOCTYPE s PUBLIC "-//x//y" "{TRAP}/e.dtd">', **dtd)
    yield from _both("dtd-empty", before="<!DOCTYPE s>", **dtd)
    yield from _both(
        "dtd-after-declaration", before='<?xml version="1.0"?>\n<!DOCTYPE s [<!ENTITY e "1">]>', **dtd
    )
    yield from _both(
        "internal-entity", call(number="89&e;23"), before='<!DOCTYPE s [<!ENTITY e "1">]>', **dtd
    )
    yield from _both(
        "billion-laughs",
        call(number="&l9;"),
        before=f'<!DOCTYPE s [<!ENTITY l0 "lol">{_LAUGHS}]>',
        **dtd,
    )
    yield from _both(
        "quadratic-blowup",
        call(number="&e;" * 5_000),
        before=f'<!DOCTYPE s [<!ENTITY e "{"9" * 40_000}">]>',
        **dtd,
    )
    yield from _both(
        "quadratic-blowup-attribute",
        f'<t:MakeCall xmlns:t="{NS}" a="{"&e;" * 5_000}"/>',
        before=f'<!DOCTYPE s [<!ENTITY e "{"9" * 40_000}">]>',
        **dtd,
    )
    yield from _both("undeclared-entity", call(number="&nbsp;89"), says="XML")
    yield Odd(
        name="dtd-utf-16",
        body='\ufeff<!DOCTYPE s [<!ENTITY e SYSTEM "file://{FILE}">]>' + envelope(call(number="&e;")),
        encoding="utf-16-le",
        headers={"Content-Type": "text/xml; charset=utf-16"},
        says="DTD",
    )
    yield from _both(
        "xinclude",
        call(
            number='<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file://{FILE}" parse="text"/>'
        ),
        says="простым текстом",
    )
    yield from _both("stylesheet-pi", before='<?xml-stylesheet href="{TRAP}/x.xsl"?>', **_OK)
    yield from _both(
        "schema-location", more=f' xmlns:x="{XSI}" x:schemaLocation="{NS} {{TRAP}}/x.xsd"', **_OK
    )


def shapes() -> Iterator[Odd]:
    """What is too deep, too many, too long."""
    much: dict[str, Any] = {"says": "сложный"}
    yield from _both("nesting-5000", "<a>" * 5_000 + "</a>" * 5_000, **much)
    yield from _both("nesting-17", "<a>" * 17 + "</a>" * 17, **much)
    yield from _both("siblings-10000", call() + "<a/>" * 10_000, **much)
    yield from _both("siblings-in-parameter", call(number="<a/>" * 10_000), **much)
    many = " ".join(f'a{n}="1"' for n in range(5_000))
    yield from _both("attributes-5000", f'<t:MakeCall xmlns:t="{NS}" {many}/>', **much)
    spaces = " ".join(f'xmlns:n{n}="urn:{n}"' for n in range(2_500))
    yield from _both("namespaces-2500", f'<t:MakeCall xmlns:t="{NS}" {spaces}/>', **much)
    used = "".join(f'<n{n}:a xmlns:n{n}="urn:{n}"/>' for n in range(1_500))
    yield from _both("namespaces-used-1500", call() + used, **much)
    yield from _both("long-element-name", f"<{'a' * 60_000}/>", **much)
    yield from _both("long-attribute-name", f'<a {"b" * 60_000}="1"/>', **much)
    yield from _both("long-namespace", f'<a xmlns="urn:{"b" * 60_000}"/>', **much)
    yield from _both("long-prefix", f'<{"p" * 30_000}:a xmlns:{"p" * 30_000}="urn:x"/>', says="операции")
    yield from _both("text-60000", call(number="9" * 60_000), says="слишком длинный")
    yield from _both("text-4097", call(number="9" * 4_097), says="слишком длинный")
    yield from _both("text-4096", call(number="9" * 4_096), **_REFUSED)
    yield from _both("comments-8000", call(number="8<!---->" * 8_000), says="слишком длинный")
    yield from _both("duplicate-attribute", f'<t:MakeCall xmlns:t="{NS}" a="1" a="2"/>', says="XML")
    yield from _both("unbound-prefix", "<u:MakeCall/>", says="XML")
    yield from _both("unclosed", "<a>", says="XML")
    yield from _plain("two-roots", envelope(call()) * 2, says="XML")
    yield from _plain("garbage", bytes(range(128, 256)), says="кодировк")
    yield from _plain("html", "<html><body>x</body></html>", says="Envelope")
    yield from _plain("json", '{"Key": "x"}', says="XML")
    yield from _plain("plus-one-byte", "a" * (64 * 1024 + 1), status=413, says="Слишком большой")


def encodings() -> Iterator[Odd]:
    """Names of encodings that smuggle, that disagree, and those that 1C really uses."""
    for name in (
        *("utf-99", "rot13", "utf-7", "unicode_escape", "raw_unicode_escape", "punycode", "idna", "utf-32"),
        *(
            "base64",
            "hex",
            "zlib",
            "bz2",
            "undefined",
            "mbcs",
            "cp037",
            "os",
            "x" * 2_000,
            "Ж".encode().decode("latin-1"),
        ),
    ):
        short = name[:20].encode("ascii", "replace").decode()
        for version in (SOAP11, SOAP12):
            yield Odd(
                name=f"charset-{short}",
                version=version,
                body=envelope(call(), version),
                headers={"Content-Type": f"{MEDIA[version]}; charset={name}"},
                status=415,
                says="Кодировка",
            )
    yield Odd(
        name="charset-unknown-declared-good",
        body='<?xml version="1.0" encoding="utf-8"?>' + envelope(call()),
        headers={"Content-Type": "text/xml; charset=utf-7"},
        status=415,
        says="Кодировка",
    )
    for name in ("utf-7", "rot13", "cp037", "x" * 40):
        yield Odd(
            name=f"declared-{name[:8]}",
            body=f'<?xml version="1.0" encoding="{name}"?>' + envelope(call()),
            headers=_BARE,
            status=415,
            says="Кодировка",
        )
    yield from _both(
        "charset-utf-16-on-utf-8", headers={"Content-Type": "text/xml; charset=utf-16"}, answer=SOAP11
    )
    yield Odd(
        name="utf-16-without-bom", body=envelope(call()), encoding="utf-16-le", headers=_BARE, says="XML"
    )
    yield Odd(name="utf-32-bom", body="\ufeff" + envelope(call()), encoding="utf-32-le")
    yield from _plain("invalid-utf-8", b"<a>\xff\xfe\xfd</a>", says="кодировк")
    yield from _plain("overlong-utf-8", b"<a>\xc0\xbc</a>", says="кодировк")
    yield from _plain("surrogate-in-utf-8", b"<a>\xed\xa0\x80</a>", says="кодировк")
    yield from _plain(
        "ascii-with-high-bytes",
        "<a>Ж</a>",
        headers={"Content-Type": "text/xml; charset=us-ascii"},
        answer=SOAP11,
        says="кодировк",
    )

    anna = call(key=CYRILLIC)
    ru = {"encoding": "cp1251", **_OK}
    declared = '<?xml version="1.0" encoding="windows-1251"?>'
    yield from _both("bom", anna, before="\ufeff", **_OK)
    yield Odd(name="bom-beats-charset", body="\ufeff" + envelope(anna), headers=_CP1251, **_OK)
    yield Odd(name="cp1251-header", body=envelope(anna), headers=_CP1251, **ru)
    yield Odd(name="cp1251-declared", body=declared + envelope(anna), headers=_BARE, **ru)
    yield Odd(name="cp1251-both", body=declared + envelope(anna), headers=_CP1251, **ru)
    yield Odd(
        name="cp1251-single-quotes", body=declared.replace('"', "'") + envelope(anna), headers=_BARE, **ru
    )
    yield Odd(
        name="cp1251-no-content-type", body=declared + envelope(anna), headers={"Content-Type": None}, **ru
    )
    yield Odd(name="header-utf-8-declared-cp1251", body=declared + envelope(anna), **_OK)
    yield Odd(name="header-utf-8-bytes-cp1251", body=declared + envelope(anna), **ru)
    yield Odd(
        name="header-cp1251-declared-utf-8",
        body='<?xml version="1.0" encoding="utf-8"?>' + envelope(anna),
        headers=_CP1251,
        **ru,
    )
    yield Odd(
        name="koi8-r",
        body=envelope(anna),
        encoding="koi8-r",
        headers={"Content-Type": "text/xml; charset=KOI8-R"},
        **_OK,
    )
    for name in ("utf-16-le", "utf-16-be"):
        yield Odd(
            name=f"{name}-bom",
            body='\ufeff<?xml version="1.0" encoding="utf-16"?>' + envelope(anna),
            encoding=name,
            headers=_BARE,
            **_OK,
        )
    for name in ("UTF8", '"utf-8"', "'utf-8'", "utf_8", "Utf-8"):
        yield from _both(
            f"charset-{name}", anna, headers={"Content-Type": f"text/xml; charset={name}"}, **_OK
        )
    yield from _both("newline-first", before='\r\n<?xml version="1.0" encoding="utf-8"?>\n', **_OK)
    yield from _both("bom-newline-first", before='\ufeff\n \t<?xml version="1.0"?>', **_OK)
    yield from _both("spaces-around", before="  \n", **_OK)
    yield from _both("standalone", before='<?xml version="1.0" encoding="UTF-8" standalone="yes"?>', **_OK)
    yield from _both("two-declarations", before='<?xml version="1.0"?><?xml version="1.0"?>', says="XML")


def media() -> Iterator[Odd]:
    """Content-Type and Content-Encoding: what a page in a browser can send is refused."""
    for kind in (
        *(
            "application/json",
            "text/plain",
            "text/html",
            "application/x-www-form-urlencoded",
            "image/svg+xml",
        ),
        *(
            "multipart/form-data; boundary=x",
            'multipart/related; type="text/xml"; boundary=x',
            "*/*",
            "xml",
            "/",
        ),
        *(
            "application/xop+xml",
            "text/xml-external-parsed-entity",
            "text",
            "text/xml, text/plain",
            "; charset=utf-8",
        ),
    ):
        yield from _both(
            f"media-{kind.partition(';')[0]}",
            headers={"Content-Type": kind},
            status=415,
            answer=SOAP11,
            says="text/xml",
        )
    yield Odd(
        name="multipart-envelope",
        body="--x\r\nContent-Type: text/xml\r\n\r\n<!DOCTYPE s [<!ENTITY e 'x'>]>"
        + envelope(call())
        + "\r\n--x--",
        headers={"Content-Type": 'multipart/related; type="text/xml"; boundary=x'},
        status=415,
    )
    yield from _both(
        "media-endless-quotes",
        headers={"Content-Type": "text/xml; " + ';"' * 5_000},
        **_OK,
    )
    bomb = gzip.compress(bytes(20_000_000))
    yield from _plain(
        "gzip",
        gzip.compress(envelope(call()).encode()),
        headers={"Content-Encoding": "gzip"},
        status=415,
        says="Сжатые",
    )
    yield from _plain("gzip-bomb", bomb, headers={"Content-Encoding": "gzip"}, status=415, says="Сжатые")
    yield from _plain("gzip-undeclared", gzip.compress(b"<a/>"), says="кодировк")
    yield from _both("encoding-deflate", headers={"Content-Encoding": "identity, deflate"}, status=415)
    yield from _both("encoding-identity", headers={"Content-Encoding": "Identity"}, **_OK)
    yield from _both("media-none", headers={"Content-Type": None}, **_OK)
    yield from _both("media-empty", headers={"Content-Type": ""}, **_OK)
    yield from _both("media-application-xml", headers={"Content-Type": "application/xml"}, **_OK)
    yield from _both("media-upper-case", headers={"Content-Type": "TEXT/XML; CHARSET=UTF-8"}, **_OK)
    yield from _both(
        "media-action",
        headers={"Content-Type": f'application/soap+xml; charset=utf-8; action="{NS}#x"'},
        **_OK,
    )
    yield Odd(name="envelope-1.2-media-1.1", body=envelope(call(), SOAP12), answer=SOAP12, **_OK)
    yield Odd(
        name="envelope-1.1-media-1.2", version=SOAP12, body=envelope(call(), SOAP11), answer=SOAP11, **_OK
    )
    yield Odd(name="fault-1.2-media-1.1", body=envelope("<x/>", SOAP12), answer=SOAP12)
    yield Odd(name="fault-1.1-media-1.2", version=SOAP12, body=envelope("<x/>"), answer=SOAP11)
    for action in ("", '""', f'"{NS}#Telephony:MakeCall"', "MakeCall", '"wrong"', "x" * 5_000, "\xd0\x9f"):
        yield from _both(f"soapaction-{action[:12]!a}", headers={"SOAPAction": action}, **_OK)


def envelopes() -> Iterator[Odd]:
    """Envelopes that miss a part, have one too many, or say something else than they should."""
    yield from _plain("empty-body", b"", says="Пустой")
    yield from _plain("blank-body", b" \r\n\t ", says="Пустой")
    yield from _plain("only-declaration", '<?xml version="1.0"?>', says="Пустой")
    yield from _plain("only-bom", b"\xef\xbb\xbf", says="Пустой")
    for version in (SOAP11, SOAP12):
        facts: dict[str, Any] = {"version": version}
        s = f'xmlns:s="{version}"'
        yield Odd(name="envelope-alone", body=f"<s:Envelope {s}/>", says="Body", **facts)
        yield Odd(name="header-only", body=f"<s:Envelope {s}><s:Header/></s:Envelope>", says="Body", **facts)
        yield Odd(
            name="body-foreign",
            body=f"<s:Envelope {s}><Body>{call()}</Body></s:Envelope>",
            says="Body",
            **facts,
        )
        two = f"<s:Envelope {s}><s:Body>{call()}</s:Body><s:Body/></s:Envelope>"
        yield Odd(name="two-bodies", body=two, says="Body", **facts)
        yield Odd(name="body-as-root", body=f"<s:Body {s}>{call()}</s:Body>", says="Envelope", **facts)
        inside = envelope(envelope(call(), version), version)
        yield Odd(name="envelope-in-body", body=inside, says="имён", **facts)
        fault = "<s:Fault><faultcode>x</faultcode><faultstring>x</faultstring></s:Fault>"
        yield Odd(name="body-fault", body=envelope(fault, version), says="имён", **facts)
    yield from _plain(
        "wrong-version",
        envelope(call(), "urn:soap-9"),
        says="Версия SOAP",
        status=500,
        code="VersionMismatch",
    )
    yield from _plain(
        "no-namespace", "<Envelope><Body/></Envelope>", says="Версия SOAP", status=500, code="VersionMismatch"
    )
    yield from _both("body-empty", "", says="одна операция")
    yield from _both("body-text", "MakeCall", says="одна операция")
    yield from _both("two-operations", call() + call(), says="одна операция")
    yield from _both("operation-wrong", f'<t:Drop xmlns:t="{NS}"/>', says="Операции Drop нет")
    yield from _both("operation-case", f'<t:makecall xmlns:t="{NS}"/>', says="Операции makecall нет")
    yield from _both("operation-response", f'<t:MakeCallResponse xmlns:t="{NS}"/>', says="нет")
    yield from _both("operation-private", f'<t:__init__ xmlns:t="{NS}"/>', says="Операции __init__ нет")
    yield from _both("operation-russian", f'<t:Позвонить xmlns:t="{NS}"/>', says="Операции Позвонить нет")
    yield from _both("namespace-wrong", call().replace(NS, "urn:x"), says="Пространство имён")
    yield from _both("namespace-near", call().replace(NS, NS + "/"), says="Пространство имён")
    must = '<s:Header><w:Security xmlns:w="urn:w" s:mustUnderstand="{}"/></s:Header>'
    for value, fine in (("1", False), ("true", False), (" 1 ", False), ("0", True), ("false", True)):
        facts = _OK if fine else {"status": 500, "code": "MustUnderstand", "says": "заголовок"}
        yield from _both(f"must-understand-{value.strip()}{len(value)}", header=must.format(value), **facts)
    yield from _both("header-ignored", header='<s:Header><a xmlns="urn:a">x<b/></a></s:Header>', **_OK)
    yield from _both("processing-instruction", "<?php echo 1; ?>" + call(), **_OK)
    yield from _both("comment-in-body", "<!-- x -->" + call() + "<!-- y -->", **_OK)
    yield from _both("encoding-style", more=f' s:encodingStyle="{SOAP11}encoding/"', **_OK)


def parameters() -> Iterator[Odd]:
    """Parameters missing, repeated, nested, disguised."""
    key, number = f"<Key>{ANNA.key}</Key>", "<Number>{N}</Number>"
    bare = "<MakeCall>{}</MakeCall>"
    yield from _both("all-unqualified", bare.format(key + number), **_OK)
    yield from _both(
        "only-parameters-unqualified", f'<t:MakeCall xmlns:t="{NS}">{key}{number}</t:MakeCall>', **_OK
    )
    yield from _both("default-namespace", f'<MakeCall xmlns="{NS}">{key}{number}</MakeCall>', **_OK)
    yield from _both("swapped", bare.format(number + key), **_OK)
    yield from _both("extra", bare.format(key + "<More>1</More>" + number), **_OK)
    yield from _both("extra-nested", bare.format(key + "<More><Key>x</Key></More>" + number), **_OK)
    yield from _both("namesake-foreign", bare.format(f'<Number xmlns="urn:x">1</Number>{key}{number}'), **_OK)
    yield from _both("text-between", bare.format(f"a{key}b{number}c"), **_OK)
    yield from _both("missing-number", bare.format(key), says="Number")
    yield from _both("missing-key", bare.format(number), says="Key")
    yield from _both("missing-all", bare.format(""), says="Key", misses_all=True)
    yield from _both("as-attributes", '<MakeCall Key="x" Number="{N}"/>', says="Key", misses_all=True)
    yield from _both("case-wrong", bare.format("<key>x</key>" + number), says="Key")
    yield from _both("repeated", bare.format(key + number + number), says="дважды")
    yield from _both("repeated-key", bare.format(key + key + number), says="дважды")
    yield from _both("nested", bare.format(key + "<Number><a>1</a></Number>"), says="простым текстом")
    yield from _both("nested-mixed", bare.format(key + "<Number>{N}<a/></Number>"), says="простым текстом")
    x = f' xmlns:x="{XSI}" xmlns:d="http://www.w3.org/2001/XMLSchema"'
    yield from _both("nil-true", bare.format(key + '<Number x:nil="true"/>'), more=x, **_REFUSED)
    yield from _both("nil-1", bare.format(key + '<Number x:nil="1">{N}</Number>'), more=x, **_REFUSED)
    yield from _both("nil-key", bare.format('<Key x:nil="true"/>' + number), more=x, **_REFUSED)
    yield from _both("nil-false", bare.format(key + '<Number x:nil="false">{N}</Number>'), more=x, **_OK)
    yield from _both("xsi-type", bare.format(key + '<Number x:type="d:string">{N}</Number>'), more=x, **_OK)
    yield from _both(
        "xsi-type-other", bare.format(key + '<Number x:type="d:int">{N}</Number>'), more=x, **_OK
    )
    yield from _both(
        "xsi-type-unbound", bare.format(key + '<Number x:type="q:q">{N}</Number>'), more=x, **_OK
    )
    yield from _both("href", bare.format(key + '<Number href="#a"/>'), says="href")
    yield from _both("href-file", bare.format(key + '<Number href="file://{FILE}"/>'), says="href")
    cycle = bare.format('<Key href="#a" id="b"/><Number href="#b" id="a"/>')
    yield from _both("href-cycle", cycle, says="href")
    yield from _both("href-self", '<MakeCall href="#m" id="m"/>', says="Key", misses_all=True)
    multi = bare.format(key + '<Number href="#n"/>') + '<multiRef id="n">{N}</multiRef>'
    yield from _both("multi-ref", multi, says="одна операция")
    ref = '<Number r:ref="a" xmlns:r="http://www.w3.org/2003/05/soap-encoding"/>'
    yield from _both("soap12-ref", bare.format(key + ref), says="ссылки")


def values() -> Iterator[Odd]:
    """What is inside the values."""
    for name, text in {
        "nul-reference": "8&#0;9",
        "control-reference": "8&#1;9",
        "lone-surrogate": "8&#xD800;9",
        "lone-low-surrogate": "8&#xDC00;9",
        "noncharacter": "8&#xFFFE;9",
        "beyond-unicode": "8&#x110000;9",
        "nul-byte": "8\x009",
        "control-byte": "8\x0b9",
        "cdata-end": "8]]>9",
        "bare-ampersand": "8&9",
        "bare-less": "8<9",
    }.items():
        yield from _both(name, call(number=text), says="XML")
    for name, text in {
        "crlf-and-words": "8923&#13;&#10;FAKE 200 dialled",
        "header-injection": "89235292926&#13;&#10;X-Evil: 1",
        "path-injection": "../../api/call/CallToSubscriber?key=x",
        "query-injection": "8923529292&amp;outboundNumber=1",
        "percent": "%38%39%32%33",
        "sql": "' OR 1=1 --",
        "format": "{0}{1}%s%n",
        "template": "${jndi:ldap://{TRAP}/a}",
        "script": "&lt;script&gt;alert(1)&lt;/script&gt;",
        "letters": "FLOWERS",
        "empty": "",
        "blank": " &#9; ",
        "right-to-left": "&#x202E;fdp",
        "emoji": "&#x1F600;",
        "premium": "88095551234",
        "abroad": "+1 900 555 1234",
        "two-numbers": "89235292926, 89235292927",
        "too-long-number": "8" * 65,
    }.items():
        yield from _both(f"number-{name}", call(number=text), **_REFUSED)
    for name, text in {
        "crlf": "x&#13;&#10;y",
        "sql": "' OR '1'='1",
        "path": "../" * 20,
        "empty": "",
        "nul-text": "\\x00",
        "emoji": "&#x1F600;" * 1_000,
        "long": "k" * 4_096,
        "near": ANNA.key[:-1],
        "case": ANNA.key.swapcase(),
    }.items():
        yield from _both(f"key-{name}", call(key=text), **_REFUSED)
    n = "{N}"
    for name, text in {
        "cdata": f"<![CDATA[{n}]]>",
        "cdata-twice": f"<![CDATA[]]>{n}<![CDATA[]]>",
        "comment": f"<!-- 1 -->{n}<!-- 2 -->",
        "comment-inside": "8<!-- 1 -->{N1}",
        "pi-inside": "8<?x 1?>{N1}",
        "spaces": f" \n\t{n} ",
        "references": "&#56;{N1}",
        "hex-reference": "&#x38;{N1}",
        "crlf-around": f"&#13;&#10;{n}&#13;&#10;",
        "plus-7": "+7{N1}",
        "nbsp": "8\u00a0{N1}",
    }.items():
        yield from _both(f"number-{name}", call(number=text), **_OK)
    yield from _both("key-cdata", call(key=f"<![CDATA[{CYRILLIC}]]>"), **_OK)
    yield from _both("key-extension", call(key=ANNA.extension), **_OK)
    yield from _both("target-wsdl", target="/ws/Telephony?wsdl", **_OK)
    yield from _both("target-slash", target="/ws/Telephony/", **_OK)
    yield from _both("target-host", headers={"Host": "evil.example"}, **_OK)


def callers() -> Iterator[Odd]:
    """Who is not who he says."""

    def basic(text: str, encoding: str = "utf-8") -> str:
        return "Basic " + base64.b64encode(text.encode(encoding)).decode()

    for name, header in {
        "none": None,
        "empty": "",
        "wrong-password": basic(f"{LOGIN}:no"),
        "empty-password": basic(f"{LOGIN}:"),
        "wrong-login": basic(f"no:{PASSWORD}"),
        "empty-login": basic(f":{PASSWORD}"),
        "only-colon": basic(":"),
        "no-colon": basic(LOGIN),
        "scheme-only": "Basic",
        "bearer": f"Bearer {PASSWORD}",
        "digest": 'Digest username="buh"',
        "not-base64": "Basic !!!",
        "padding": "Basic YQ",
        "latin-1": "Basic \xff\xfe",
        "cyrillic": basic("бух:пароль"),
        "cyrillic-cp1251": basic("бух:пароль", "cp1251"),
        "bytes": "Basic " + base64.b64encode(b"\x98\xff:\x98").decode(),
        "nul": basic(f"{LOGIN}\0:{PASSWORD}"),
        "long": basic("x" * 9_000 + ":y"),
        "case": basic(f"{LOGIN}:{PASSWORD.upper()}"),
        "space": basic(f"{LOGIN}:{PASSWORD} "),
        "login-case": basic(f"{LOGIN.upper()}:{PASSWORD}"),
        "two-in-one": basic(f"{LOGIN}:no") + ", " + basic(f"{LOGIN}:{PASSWORD}"),
    }.items():
        yield from _both(f"caller-{name}", headers={"Authorization": header}, status=401, says="пароль")
    yield from _plain("caller-none-hostile", "<!DOCTYPE s>", headers={"Authorization": None}, status=401)
    for name, header in {"lower-case": "basic", "upper-case": "BASIC"}.items():
        yield from _both(
            f"caller-{name}", headers={"Authorization": GOOD["Authorization"].replace("Basic", header)}, **_OK
        )
    for method in ("PUT", "OPTIONS", "DELETE", "TRACE", "PATCH", "PROPFIND", "CONNECT", "BREW"):
        yield from _both(f"method-{method}", method=method, status=405, says="POST")


DATES = {  # text -> whether it is a day
    "2026-11-01": True, " 2026-11-01 ": True, "2026-11-01T00:00:00": True, "2026-11-01Z": True,
    "2026-11-01+07:00": True, "31.12.2026": True, "31.12.2026 0:00:00": True, "0001-01-01T00:00:00": True,
    "2026-02-30": False, "2026-13-01": False, "0000-01-01": False, "26-11-01": False, "20261101": False,
    "24:00:00": False, "2026-11-01'": False, "٢٠٢٦-١١-٠١": False, "yesterday": False, "": False,
    "2026-11-01x": False, "9" * 4_000: False,
}  # fmt: skip
NUMBERS = {  # text -> whether it is a whole number of 64 bits
    "0": True, " 7 ": True, "": True, "+5": True, "-1": True, "007": True, str(2**63 - 1): True,
    str(2**63): False, "1_000": False, "٥": False, "1.0": False, "1e3": False, "0x10": False, "NaN": False,
    "1 000": False, "--1": False, "9" * 4_000: False,
}  # fmt: skip

ALL: tuple[Odd, ...] = (
    *entities(), *shapes(), *encodings(), *media(), *envelopes(), *parameters(), *values(), *callers(),
)  # fmt: skip

FORM = "application/x-www-form-urlencoded"
RING = Door(  # the services of 1C that the exchange calls
    target="/ws/VATS",
    namespace="http://VATS",
    operation="IncomingCall",
    words=("NumFrom", "Key"),
    number="NumFrom",
    media=frozenset({FORM}),
)
ASK = Door(
    target="/telephony/ws/VATScalls",
    namespace="http://VATSCalls",
    operation="SayName",
    words=("Number",),
    number="Number",
    media=frozenset({FORM}),
)
_OF_TWO = frozenset(odd.name for odd in parameters())  # make sense only where there are two parameters
AT_1C: tuple[tuple[Door, Odd], ...] = (
    *((RING, odd) for odd in ALL),
    *((ASK, odd) for odd in ALL if odd.name not in _OF_TWO),
)
