"""Serve a tree of build.py on loopback and count what is asked for."""

from __future__ import annotations

import argparse
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MEDIA = {"trig": "application/trig", "nq": "application/n-quads"}


class Server(ThreadingHTTPServer):
    """A server whose directory can be changed between two runs."""

    daemon_threads = True

    def __init__(self, root: Path, port: int = 0, jitter: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.root, self.jitter = root, jitter
        self.seen: list[tuple[str, int, int]] = []

    @property
    def base(self) -> str:
        """The address that the documents are written for."""
        return f"http://localhost:{self.server_address[1]}/"

    def take(self) -> list[tuple[str, int, int]]:
        """Return path, status and bytes of each request since the last call."""
        seen, self.seen = self.seen, []
        return seen

    def start(self) -> None:
        """Serve from a thread of its own."""
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    """GET and HEAD of static documents, with their cache headers and 304."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Answer with the document of that path."""
        self.answer(body=True)

    def do_HEAD(self) -> None:
        """Answer with the headers of that document."""
        self.answer(body=False)

    def answer(self, body: bool) -> None:
        """Look the path up and send the document, 304 or 404."""
        self.wait()
        root, path = self.server.root, self.path.split("?")[0]
        table: dict[str, str] = json.loads((root / "headers.json").read_text())
        if path not in table:
            self.reply(404, {}, b"", body)
            return
        found = next(p for p in (root / f"{path[1:]}.{m}" for m in MEDIA) if p.exists())
        data = found.read_bytes()
        tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
        headers = {"Cache-Control": table[path], "ETag": tag, "Vary": "Accept"}
        headers["Content-Type"] = MEDIA[found.suffix[1:]]
        if self.headers.get("If-None-Match") == tag:
            self.reply(304, headers, b"", body)
        else:
            self.reply(200, headers, data, body)

    def wait(self) -> None:
        """Delay a path by its own fixed time, so that answers overtake each other."""
        if self.server.jitter:
            number = int.from_bytes(hashlib.sha256(self.path.encode()).digest()[:4], "big")
            time.sleep(number % self.server.jitter / 1000)

    def reply(self, status: int, headers: dict[str, str], data: bytes, body: bool) -> None:
        """Send an answer and note it."""
        self.server.seen.append((self.path, status, len(data)))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


def main() -> None:
    """Serve a directory until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args()
    Server(given.root, given.port).serve_forever()


if __name__ == "__main__":
    main()
