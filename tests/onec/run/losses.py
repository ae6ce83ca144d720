"""A line to the bridge that loses an answer, which is what «исход неизвестен» is about, or is secured."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

import requests


class Line:
    """Passes everything on, but loses the answer to a request that holds `marker`: the connection ends.

    A WSDL that passes names the line for the bridge, as a platform of 8.2 takes the address from there.

    Args:
        silent: the connection stays, and nothing comes.
        certificate: of a line that is secured, in a folder with its `server.key`.
    """

    def __init__(
        self, target: str, marker: str = "", *, silent: bool = False, certificate: Path | None = None
    ) -> None:
        self.target, self.marker = target, marker.encode()
        self.lost = 0
        self.silent = silent
        self.over = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.line = self
        self._scheme = "http"
        if certificate is not None:
            self._scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, certificate.with_name("server.key"))
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Line":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    line: Line


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def _pass_on(self) -> None:
        line = self.server.line
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        cut = line.marker and (line.marker in body or line.marker in self.path.encode())
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        answer = requests.request(
            self.command,
            line.target + self.path,
            data=body,
            headers=headers,
            timeout=10,
            allow_redirects=False,
        )
        if cut:
            line.lost += 1
            if line.silent:
                line.over.wait(30)
            return
        content = answer.content.replace(line.target.encode(), line.url.encode())
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _pass_on  # noqa: N815 http.server looks for these names

    def log_message(self, *said: object) -> None:
        pass
