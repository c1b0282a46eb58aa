"""A stand-in for the Hugging Face Hub on this machine, with the routes to download and to push."""

import base64
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
    """Serves repositories, accepts commits and records requests.

    Attributes
    ----------
    repositories : Repositories
    requests : list of str
        Method and path of each request.
    commits : dict of str to str
        Latest commit of each repository that was pushed to; ``main`` points to it.
    visibility : dict of str to str
        The visibility that was requested for each created repository.
    large_files : dict of str to bytes
        Files uploaded through the large-file protocol, by their SHA-256.
    token : str
        Every request that writes must send it.
    break_off : bool
        Whether to close every connection in the middle of a file.
    """

    daemon_threads = True

    def __init__(self, repositories: Repositories):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories = repositories
        self.requests: list[str] = []
        self.commits: dict[str, str] = {}
        self.visibility: dict[str, str] = {}
        self.large_files: dict[str, bytes] = {}
        self.token = "hf_standin"
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
        if path == "/api/whoami-v2":
            if not self._may_write():
                return self._send(401, b'{"error": "Invalid token"}', {})
            return self._send_json({"type": "user", "name": "student", "orgs": []})
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
        revision = self._commit_of(f"{kind}/{name}", revision)
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
        commit = self._commit_of(repository, revision)
        headers = {"ETag": f'"{hashlib.sha1(data).hexdigest()}"', "X-Repo-Commit": commit}
        start = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if start is None:
            return self._send(200, data, headers)
        first = int(start[1])
        headers["Content-Range"] = f"bytes {first}-{len(data) - 1}/{len(data)}"
        return self._send(206, data[first:], headers)

    def do_POST(self) -> None:
        path, body = self.path.split("?")[0], self._body()
        self.server.requests.append(f"POST {path}")
        if not self._may_write():
            return self._send(401, b'{"error": "Invalid token"}', {})
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path == "/api/validate-yaml":
            return self._send_json({"errors": [], "warnings": []})
        push = re.fullmatch(r"/api/(datasets|models)/(.+?)/(preupload|commit)/main", path)
        if push and f"{push[1]}/{push[2]}" in self.server.repositories:
            if push[3] == "preupload":
                return self._choose_upload_modes(json.loads(body))
            return self._commit(f"{push[1]}/{push[2]}", body)
        if path.endswith(".git/info/lfs/objects/batch"):
            return self._send_upload_actions(json.loads(body))
        return self._send(404, b"{}", {})

    def do_PUT(self) -> None:
        path, body = self.path.split("?")[0], self._body()
        self.server.requests.append(f"PUT {path}")
        oid = path.rsplit("/", 1)[-1]
        if hashlib.sha256(body).hexdigest() != oid:
            return self._send(400, b"the content is not what its name says", {})
        self.server.large_files[oid] = body
        return self._send(200, b"", {})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _may_write(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {self.server.token}"

    def _commit_of(self, repository: str, revision: str) -> str:
        return self.server.commits.get(repository, revision) if revision == "main" else revision

    def _create(self, request: dict[str, str]) -> None:
        name = f"{request.get('organization') or 'student'}/{request['name']}"
        repository = f"{request.get('type', 'model')}s/{name}"
        address = {"url": f"{self.server.url}/{name}", "name": name}
        if repository in self.server.repositories:
            body = {"error": "You already created this model repo", **address}
            return self._send(409, json.dumps(body).encode(), {"Content-Type": "application/json"})
        self.server.repositories[repository] = {}
        self.server.visibility[repository] = request.get("visibility", "public")
        return self._send_json(address)

    def _choose_upload_modes(self, request: dict[str, list[dict]]) -> None:
        """Large binary files use the large-file protocol, as on the Hub; text is in the commit."""
        modes = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["path"].endswith(".safetensors") else "regular",
                "shouldIgnore": False,
            }
            for file in request["files"]
        ]
        return self._send_json({"files": modes})

    def _send_upload_actions(self, request: dict[str, list[dict]]) -> None:
        objects = [
            {
                "oid": item["oid"],
                "size": item["size"],
                "actions": {"upload": {"href": f"{self.server.url}/upload/{item['oid']}"}},
            }
            for item in request["objects"]
        ]
        return self._send_json({"transfer": "basic", "objects": objects})

    def _commit(self, repository: str, body: bytes) -> None:
        files = self.server.repositories[repository]
        for line in body.splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "lfsFile":
                files[value["path"]] = self.server.large_files[value["oid"]]
        commit = hashlib.sha1(body).hexdigest()
        self.server.commits[repository] = commit
        name = repository.partition("/")[2]
        address = f"{self.server.url}/{name}/commit/{commit}"
        return self._send_json({"success": True, "commitOid": commit, "commitUrl": address})

    def _send_json(self, body: object) -> None:
        self._send(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.server.break_off and "X-Repo-Commit" in headers:
            # Half of the file at first, and nothing when a client returns for the rest.
            body = body[: len(body) // 2] if status == 200 else b""
            self.close_connection = True
        self.wfile.write(body)


def _entry(path: str, data: bytes) -> dict[str, object]:
    return {"type": "file", "path": path, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}


@contextmanager
def standin_hub(repositories: Repositories) -> Iterator[StandInHub]:
    """Serve repositories on this machine for the duration of a `with` block."""
    hub = StandInHub(repositories)
    thread = threading.Thread(target=hub.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()
