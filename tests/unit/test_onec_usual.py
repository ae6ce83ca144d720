"""The answer that is recognised without a parser means what the careful reader makes of it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.onec import envelope
from bridge.onec.envelope import SOAP11, SOAP12
from support.onecserver import recorded

XS = ' xmlns:xs="http://www.w3.org/2001/XMLSchema"'
XSI = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
CONTRACTS = [("http://VATS", "IncomingCall"), ("http://VATSCalls", "Event"), ("urn:фирма", "Операция")]
SPACES = st.sampled_from(["", "\n", "\r\n\t", "  ", "\n    ", "\x0b", "\u00a0"])
PREFIXES = st.sampled_from(["soap", "m", "S", "ns1", "xs", "xsi", "xml", "x1", "ж", "a.b", ""])
DECLARED = st.sampled_from(
    [
        "",
        '<?xml version="1.0" encoding="utf-8"?>',
        '<?xml version="1.0"?>',
        '<?xml version="1.0" encoding="cp1251"?>',
    ]
)
VALUES = st.one_of(
    st.sampled_from(
        ["1", "0", "false", "", " ", "1 2", "]]>", "a&amp;b", "a&b", "<b/>", "<!-- c -->1", "да", "\x00"]
    ),
    st.text(max_size=8),
)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    namespace, operation = draw(st.sampled_from(CONTRACTS))
    soap, own = draw(PREFIXES), draw(PREFIXES)
    gap = [draw(SPACES) for _ in range(9)]
    about = draw(st.sampled_from(["", XS, XS + XSI, "\n" + XS + "\n\t" + XSI, XSI, XS + XS, ' a="1"']))
    header = draw(st.sampled_from(["", f"<{soap}:Header/>", f"<{soap}:Header></{soap}:Header>"]))
    version = draw(st.sampled_from([SOAP11, SOAP12, "urn:x"]))
    text = (
        f'{gap[0]}{draw(DECLARED)}<{soap}:Envelope xmlns:{soap}="{version}">'
        f"{gap[1]}{header}{gap[2]}<{soap}:Body>{gap[3]}"
        f'<{own}:{operation}Response xmlns:{own}="{draw(st.sampled_from([namespace, "http://VATS"]))}">{gap[4]}'
        f"<{own}:return{about}>{draw(VALUES)}</{own}:return>{gap[5]}</{own}:{operation}Response>{gap[6]}"
        f"</{soap}:Body>{gap[7]}</{soap}:Envelope>{gap[8]}{draw(st.sampled_from(['', '', '', '<x/>', 'x']))}"
    )
    return text.encode("utf-8", "surrogatepass")


def carefully(body: bytes, namespace: str, operation: str) -> Any:
    try:
        text = envelope.read_return(body, namespace, operation)
    except envelope.AnswerError as error:
        return type(error), str(error)
    return text if text.strip() else (envelope.NoReturnError, "пустое значение")


def usually(body: bytes, namespace: str, operation: str) -> Any:
    try:
        return envelope.returned(namespace, operation)(body)
    except envelope.AnswerError as error:
        return type(error), str(error)


@settings(max_examples=600, deadline=None, derandomize=True, database=None)
@given(body=answers(), cut=st.integers(-3, 3), contract=st.sampled_from(CONTRACTS))
def test_an_answer_means_the_same_to_both_readers(body: bytes, cut: int, contract: tuple[str, str]) -> None:
    for damaged in (
        body,
        body[: -abs(cut)] if cut else body,
        body[: len(body) // 2] + b"x" + body[len(body) // 2 :],
    ):
        assert usually(damaged, *contract) == carefully(damaged, *contract)


@pytest.mark.parametrize("name", ["incoming-call", "pretty-printed", "with-session"])
def test_what_1c_usually_says_is_recognised(name: str) -> None:
    body = recorded(name).partition(b"\r\n\r\n")[2]
    pattern = envelope._usual("http://VATS", "IncomingCall")
    assert pattern is not None
    assert pattern.fullmatch(body)


def test_a_long_answer_of_spaces_is_looked_at_once() -> None:
    pattern = envelope._usual("http://VATS", "IncomingCall")
    assert pattern is not None
    body = recorded("incoming-call").partition(b"\r\n\r\n")[2]
    assert pattern.fullmatch(body.replace(b"\n", b"\n" + b" " * 20_000) + b"x") is None


@given(value=st.text(max_size=30))
def test_a_value_is_written_alike_whether_it_is_plain_or_not(value: str) -> None:
    odd = envelope.build("http://VATS", "SayName", [("Number", value + "\r")])
    plain = envelope.build("http://VATS", "SayName", [("Number", value)])
    assert odd.replace(b"&#13;</Number>", b"</Number>") == plain
