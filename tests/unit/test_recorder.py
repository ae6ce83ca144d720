"""What a fake peer heard and said is remembered byte for byte, and passes unchanged."""

import io

from bridge.sim.recorder import MOST, Recorder


def echo(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("201 Created", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def ask(recorder, body=b"", query=""):

    said = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/ws/VATS",
        "QUERY_STRING": query,
        "wsgi.input": io.BytesIO(body),
    }
    answer = recorder(environ, lambda status, headers: said.append((status, dict(headers))))
    return said[0], b"".join(answer)


def test_what_passes_is_unchanged_and_remembered():
    recorder = Recorder(echo)
    (status, headers), body = ask(recorder, "да".encode(), "wsdl")
    assert (status, headers["Content-Length"], body) == ("201 Created", "4", "да".encode())
    (one,) = recorder.since(0)
    assert (one.method, one.address, one.sent, one.status, one.answered) == (
        "POST",
        "/ws/VATS?wsdl",
        "да",
        "201 Created",
        "да",
    )


def test_only_what_came_later_is_told_and_only_so_much_is_kept():
    recorder = Recorder(echo)
    for number in range(MOST + 5):
        ask(recorder, str(number).encode())
    assert recorder.count == MOST + 5
    assert [one.sent for one in recorder.since(MOST + 3)] == [str(MOST + 3), str(MOST + 4)]
    assert len(recorder.since(0)) == MOST
