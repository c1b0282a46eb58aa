"""Network access in lessons: ask the Hub if it answers, and serve files to this machine."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar

from helpers.sources import (
    SourceError,
    hub_is_offline,
    hub_is_reachable,
    is_network_failure,
    local_failure,
)

Answer = TypeVar("Answer")


def ask_hub(question: Callable[[], Answer], otherwise: str) -> Answer | None:
    """Ask the Hub something, or print in one line what its answer would have shown.

    Parameters
    ----------
    question : callable
        Takes no arguments, asks the Hub and returns the answer.
    otherwise : str
        What the answer shows, for a reader without network; it ends the sentence "Online, this
        cell shows …".

    Returns
    -------
    object
        The answer; None if ``HF_HUB_OFFLINE`` is set, the Hub does not answer or the connection
        breaks.

    Raises
    ------
    SourceError
        If the answer could not be stored on this machine.
    """
    reason = ""
    if not hub_is_offline() and hub_is_reachable():
        try:
            return question()
        except Exception as error:
            if message := local_failure(error):
                raise SourceError(message) from error
            if not is_network_failure(error):
                raise
            reason = f" ({type(error).__name__})"
    print(f"The Hub cannot be asked from here{reason}. Online, this cell shows {otherwise}.")
    return None


@contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """Serve a folder's files over HTTP, only to this machine, and yield the address.

    Parameters
    ----------
    folder : Path

    Yields
    ------
    str
        Such as ``"http://127.0.0.1:40123"``.
    """
    handler = functools.partial(_QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, _without_proxy():
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing: one line per request on stderr would clutter a notebook."""


@contextmanager
def _without_proxy() -> Iterator[None]:
    """Send requests to this machine directly: a school's proxy could not answer them."""
    before = {name: os.environ.get(name) for name in ("no_proxy", "NO_PROXY")}
    os.environ.update({name: f"{value or ''},127.0.0.1" for name, value in before.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
