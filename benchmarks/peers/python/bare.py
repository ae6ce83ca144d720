"""What waitress itself costs: it reads the request and answers a constant. `bare.py PORT THREADS ANSWER`."""

import sys
from pathlib import Path

from waitress import serve

port, threads, answer = sys.argv[1:]
body = Path(answer).read_bytes()
headers = [("Content-Type", "text/xml; charset=utf-8"), ("Content-Length", str(len(body)))]


def application(environ, start_response):  # type: ignore[no-untyped-def]
    environ["wsgi.input"].read()
    start_response("200 OK", headers)
    return [body]


serve(application, host="127.0.0.1", port=int(port), threads=int(threads))
