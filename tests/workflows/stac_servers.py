"""A real STAC API server on loopback, and one of our own that misbehaves."""

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], tuple[int, dict[str, str], bytes]]


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def api_server(items: list[dict[str, Any]], folder: Path) -> Iterator[str]:
    """Serve items by the STAC API of rustac, kept in its memory; give the address of the landing page."""
    program = shutil.which("rustac", path=str(Path(sys.executable).parent)) or shutil.which("rustac")
    assert program, "rustac is in the test requirements"
    path = folder / "served.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    host = f"127.0.0.1:{free_port()}"
    command = [program, "serve", "--addr", host, "--create-collections", str(path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(f"http://{host}/")
            yield f"http://{host}/"
        finally:
            server.kill()


def _wait_for(url: str) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


class Odd:
    """A server whose answers are given by path, and that remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.asked.append(self.path)
                answer = outer.answers.get(self.path.partition("?")[0])
                status, headers, body = answer(self) if answer else (404, {}, b"")
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        self.url = f"http://{self.host}/"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def json(self, path: str, content: Any) -> None:
        body = json.dumps(content).encode()
        self.answers[path] = lambda _: (200, {"Content-Type": "application/json"}, body)

    def bytes(self, path: str, body: bytes) -> None:
        self.answers[path] = lambda _: (200, {}, body)

    def redirect(self, path: str, to: str) -> None:
        self.answers[path] = lambda _: (302, {"Location": to}, b"")

    def api(self, features: list[dict[str, Any]], **page: Any) -> None:
        """Answer like a STAC API with one page of items."""
        conforms = ["https://api.stacspec.org/v1.0.0/core", "https://api.stacspec.org/v1.0.0/item-search"]
        links = [
            {"rel": "search", "href": self.url + "search", "type": "application/geo+json", "method": method}
            for method in ("GET", "POST")
        ]
        landing = {"type": "Catalog", "stac_version": "1.0.0", "id": "odd", "description": "odd", "links": links}
        self.json("/", {**landing, "conformsTo": conforms})
        self.json("/search", {"type": "FeatureCollection", "features": features, "links": [], **page})

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def odd_server() -> Iterator[Odd]:
    server = Odd()
    try:
        yield server
    finally:
        server.close()
