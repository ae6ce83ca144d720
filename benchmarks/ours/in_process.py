"""One `MakeCall` without a network, in microseconds of processor time.

    python -m benchmarks.ours.in_process ours|stock CALLS

`ours` is the whole SOAP entrance: login, media type, limits of the XML, the call, the answer. `stock` is
stock Spyne with its soft validator and none of that (run apart: importing the bridge tunes Spyne).
Prints JSON.
"""

import argparse
import base64
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

WARM = 500
BATCH = 100  # calls with different numbers, made before the clock runs

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("which", choices=("ours", "stock"))
    parser.add_argument("calls", type=int)
    given = parser.parse_args()
    application = _ours() if given.which == "ours" else _stock()
    _calls(application, WARM)
    spent_s = _calls(application, given.calls)
    print(json.dumps({"us": spent_s / given.calls * 1e6}))


def _calls(application: Application, count: int) -> float:
    """Processor seconds of so many calls; the making of the requests is not among them."""
    spent = 0.0
    for first in range(0, count, BATCH):
        environs = [_environ(number) for number in range(first, min(first + BATCH, count))]
        began = time.process_time()
        for environ in environs:
            answer = b"".join(application(environ, _status))
        spent += time.process_time() - began
        if b"SUCCESS" not in answer:
            raise SystemExit(f"a wrong answer: {answer.decode()[:300]}")
    return spent


def _status(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
    del headers
    if status[:3] != "200":
        raise SystemExit(f"a wrong status: {status}")


def _environ(number: int) -> dict[str, Any]:
    """What waitress hands to an application for the request of the part `soap`."""
    from benchmarks.side_by_side.envelope import ENVELOPE, LOGIN, PASSWORD, SOAP_PATH, TNS

    body = ENVELOPE.replace("@NUMBER@", f"{number:07}").encode()
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": SOAP_PATH,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "text/xml; charset=utf-8",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_SOAPACTION": f'"{TNS}#Telephony:MakeCall"',
        "HTTP_AUTHORIZATION": "Basic " + base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode(),
        "HTTP_HOST": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _ours() -> Application:
    from benchmarks.ours.entrance import constant, endpoint
    from benchmarks.ours.settings import write_settings
    from bridge.observe import Figures
    from bridge.settings import load

    with tempfile.TemporaryDirectory() as folder:
        return endpoint(load(write_settings(Path(folder), 8080)), constant, Figures())


def _stock() -> Application:
    from benchmarks.peers.python.telephony import application

    return application()  # type: ignore[no-any-return]


if __name__ == "__main__":
    main()
