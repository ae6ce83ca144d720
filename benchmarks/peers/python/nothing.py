# the limit: waitress (docs.pylonsproject.org) as many threads as the bridge has, storing nothing
import os

from waitress import serve


def app(environ, start_response):
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


serve(app, host="127.0.0.1", port=int(os.environ["PORT"]), threads=int(os.environ["THREADS"]), ident=None)
