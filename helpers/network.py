"""The lessons' use of a network: ask the Hub where it answers, and serve files to oneself."""

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
    """Ask the Hub something, or say in one line what its answer would have been.

    Parameters
    ----------
    question : callable
        Takes nothing, asks the Hub and returns the answer.
    otherwise : str
        What the answer holds, for a reader without network; it ends the sentence "Online, this
        cell shows …".

    Returns
    -------
    object
        The answer; None where the Hub is not to be asked, does not answer or breaks off.

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
    """Serve a folder's files over HTTP, to this machine only, and yield the address.

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
        """Log nothing: a line a request on stderr is noise in a notebook."""


@contextmanager
def _without_proxy() -> Iterator[None]:
    """Keep requests to this machine away from a school's proxy, which could not answer them."""
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
