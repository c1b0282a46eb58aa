"""A stand-in for the Hugging Face Hub on loopback that speaks the routes of a download."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Repositories = dict[str, dict[str, bytes]]
"""Files by name, by repository: ``{"datasets/owner/name": {"train.parquet": b"…"}}``."""


class StandInHub(ThreadingHTTPServer):
    """Serves repositories at one commit and remembers what it was asked.

    Attributes
    ----------
    repositories : Repositories
    requests : list of str
        Method and path of each request.
    break_off : bool
        Whether to close every connection in the middle of the file that it asked for.
    """

    daemon_threads = True

    def __init__(self, repositories: Repositories):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories = repositories
        self.requests: list[str] = []
        self.break_off = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandInHub

    def log_message(self, *arguments: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = self.path.split("?")[0]
        self.server.requests.append(f"{self.command} {path}")
        if path == "/":
            return self._send(200, b"a stand-in hub", {})
        listing = re.fullmatch(r"/api/(datasets|models)/(.+?)/(revision|tree)/([^/]+)(/.*)?", path)
        if listing:
            return self._send_listing(*listing.group(1, 2, 3, 4))
        file = re.fullmatch(r"/(datasets/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        if file:
            return self._send_file(f"{file[1] or 'models/'}{file[2]}", file[3], file[4])
        return self._send(404, b"{}", {})

    def _send_listing(self, kind: str, name: str, what: str, revision: str) -> None:
        files = self.server.repositories.get(f"{kind}/{name}")
        if files is None:
            headers = {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"}
            return self._send(404, b'{"error": "Repository not found"}', headers)
        if what == "tree":
            body = [_entry(path, data) for path, data in files.items()]
        else:
            siblings = [{"rfilename": path} for path in files]
            body = {"id": name, "sha": revision, "siblings": siblings, "tags": []}
        return self._send(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _send_file(self, repository: str, revision: str, path: str) -> None:
        data = self.server.repositories.get(repository, {}).get(path)
        if data is None:
            return self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
        headers = {"ETag": f'"{hashlib.sha1(data).hexdigest()}"', "X-Repo-Commit": revision}
        start = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if start is None:
            return self._send(200, data, headers)
        first = int(start[1])
        headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
        return self._send(206, data[first:], headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.server.break_off and "X-Repo-Commit" in headers:
            # Half of the file at first, and nothing more to one who comes back for the rest.
            body = body[: len(body) // 2] if status == 200 else b""
            self.close_connection = True
        self.wfile.write(body)


def _entry(path: str, data: bytes) -> dict[str, object]:
    return {"type": "file", "path": path, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}


@contextmanager
def standin_hub(repositories: Repositories) -> Iterator[StandInHub]:
    """Serve repositories on loopback for the length of a `with` block."""
    hub = StandInHub(repositories)
    thread = threading.Thread(target=hub.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()
