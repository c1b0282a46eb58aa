"""Where data and models come from, and in which order: mirror, Hub, embedded copy.

`helpers.data` and `helpers.models` both use this order; it is defined only here.
"""

import errno
import json
import os
import re
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

SOURCES = ("mirror", "hub", "embedded")
NETWORK_SECONDS = 3.0

Loaded = TypeVar("Loaded")


class SourceError(RuntimeError):
    """Data or a model could not be loaded from a source; the message says what to do about it."""


class SourceNotThere(SourceError):
    """The source does not have it: with ``source="auto"`` the next source is asked."""


class NetworkFailed(SourceNotThere):
    """The network failed: a reader who expected it to work is told so in one line."""


def mirror_folder() -> Path | None:
    """Return the folder that ``COURSE_MIRROR`` names, or None if it is not set.

    Raises
    ------
    SourceError
        If the variable names a folder that does not exist.
    """
    value = os.environ.get("COURSE_MIRROR")
    if not value:
        return None
    folder = Path(value).expanduser()
    if not folder.is_dir():
        raise SourceError(
            f"COURSE_MIRROR names {value!r}, which is not a folder; "
            "set it to the classroom's mirror or unset it"
        )
    return folder


def hub_is_offline() -> bool:
    """Tell whether ``HF_HUB_OFFLINE`` says not to use the Hub."""
    return os.environ.get("HF_HUB_OFFLINE", "").strip().upper() in {"1", "ON", "YES", "TRUE"}


def hub_is_reachable() -> bool:
    """Ask the Hub for its front page, once per process, and wait three seconds at most."""
    global _hub_answers
    if _hub_answers is None:
        _hub_answers = _ask_hub()
    return _hub_answers


# None until the Hub is asked. Set to False when a download breaks off, so that a process waits for
# a bad network only once, not for every dataset and model.
_hub_answers: bool | None = None


def _ask_hub() -> bool:
    """Ask in a separate thread: if name resolution (DNS) is broken, it ignores HTTP timeouts."""
    import requests

    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    answered = threading.Event()

    def ask() -> None:
        try:
            requests.head(endpoint, timeout=NETWORK_SECONDS)
        except requests.RequestException:
            return
        answered.set()

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(NETWORK_SECONDS)
    return answered.is_set()


def first_available(
    what: str,
    loaders: dict[str, Callable[[], Loaded]],
    source: str = "auto",
) -> tuple[Loaded, str]:
    """Load from the first source that has it, or only from `source`.

    Parameters
    ----------
    what : str
        What is being loaded, for messages.
    loaders : dict of str to callable
        One loader per source; each raises `SourceNotThere` if its source does not have it.
    source : {"auto", "mirror", "hub", "embedded"}

    Returns
    -------
    loaded : object
    source : str
        The source that it came from.

    Raises
    ------
    ValueError
        If `source` is unknown.
    SourceNotThere
        If no source (or not the one that was asked for) has it; the message has each reason.
    SourceError
        If a source has it, but broken.
    """
    if source != "auto" and source not in SOURCES:
        raise ValueError(f"unknown source {source!r}; choose 'auto', 'mirror', 'hub' or 'embedded'")
    wanted = SOURCES if source == "auto" else (source,)
    reasons = []
    for name in wanted:
        try:
            return loaders[name](), name
        except SourceNotThere as reason:
            reasons.append(f"{name}: {reason}")
            if isinstance(reason, NetworkFailed) and source == "auto":
                print(f"The Hub could not be used: {reason}. Trying other sources.")
        except SourceError as reason:
            # If a source has it but broken, the reader must know: don't try the next source.
            raise SourceError(f"{what} from the {name}: {reason}") from reason
    raise SourceNotThere(f"{what} could not be loaded. " + "; ".join(reasons))


def hub_snapshot(hub_id: str, revision: str, patterns: list[str], repo_type: str) -> Path:
    """Return the local folder of a Hub repository's files; download them if not in the cache.

    Parameters
    ----------
    hub_id : str
    revision : str
        Commit, so that the course still reads the same bytes next year.
    patterns : list of str
        Which files to get; each pattern must match at least one.
    repo_type : {"dataset", "model"}

    Raises
    ------
    SourceNotThere
        If the Hub must not be used (``HF_HUB_OFFLINE``), does not answer, or the download breaks
        off.
    SourceError
        If the Hub has no such repository or file, or this machine cannot store it.
    """
    if hub_is_offline():
        raise SourceNotThere("HF_HUB_OFFLINE is set; unset it to use the Hub")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError, RepositoryNotFoundError

    request: dict[str, Any] = {
        "repo_id": hub_id,
        "repo_type": repo_type,
        "revision": revision,
        "allow_patterns": patterns,
    }
    try:
        cached = Path(snapshot_download(**request, local_files_only=True))
        # An interrupted download leaves a folder with only some of its files.
        if all(any(cached.glob(pattern)) for pattern in patterns):
            return cached
    except LocalEntryNotFoundError:
        pass
    if not hub_is_reachable():
        raise NetworkFailed("it does not answer; check the network")
    try:
        # All files at the same time, so that one slow or broken connection doesn't delay the rest.
        folder = Path(snapshot_download(**request, etag_timeout=5, max_workers=8))
    except RepositoryNotFoundError as reason:
        raise SourceError(f"it has no {hub_id} that you may read") from reason
    except Exception as reason:
        if is_network_failure(reason):
            global _hub_answers
            _hub_answers = False
            raise NetworkFailed(f"the download of {hub_id} failed ({reason})") from reason
        if message := local_failure(reason):
            raise SourceError(message) from reason
        raise
    missing = [pattern for pattern in patterns if not any(folder.glob(pattern))]
    if missing:
        raise SourceError(f"{hub_id} at {revision} does not contain {', '.join(missing)}")
    return folder


# Error numbers of the operating system for network problems that have no exception class in Python.
_NETWORK_NUMBERS = {errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH}
_FULL_NUMBERS = {errno.ENOSPC, errno.EDQUOT}
_READ_ONLY_NUMBERS = {errno.EACCES, errno.EPERM, errno.EROFS}


def is_network_failure(error: Exception) -> bool:
    """Tell whether an exception means that the Hub could not be reached or answered wrongly.

    A full disk, a folder without write permission and a programming mistake are not such failures.

    Parameters
    ----------
    error : Exception
        From a function of huggingface_hub, or of a library that uses it.
    """
    import requests
    from huggingface_hub.errors import HfHubHTTPError

    # huggingface_hub uses different HTTP clients in different versions. HfHubHTTPError, for a
    # status such as 503, inherits from the client's base class, so we take that class from there.
    clients = tuple(base for base in HfHubHTTPError.__bases__ if base is not OSError)
    network = (ConnectionError, TimeoutError, socket.gaierror, ssl.SSLError)
    # A proxy may send its login page instead of the Hub's answer, and that is not JSON.
    if isinstance(error, (*clients, requests.RequestException, *network, json.JSONDecodeError)):
        return True
    # An OSError from the operating system has a number. Without a number it is raised by the
    # library itself because of what a server sent: no metadata, or a file with the wrong size.
    return isinstance(error, OSError) and _number(error) in {None, *_NETWORK_NUMBERS}


def local_failure(error: Exception) -> str:
    """Return what to tell a reader if this machine's cache cannot be written, else ""."""
    from huggingface_hub import constants

    if not isinstance(error, OSError):
        return ""
    number = _number(error)
    if number in _FULL_NUMBERS:
        remedy = "free some space, or set HF_HOME to a folder on another disk"
    elif number in _READ_ONLY_NUMBERS:
        remedy = "make it writable, or set HF_HOME to a folder that is"
    else:
        return ""
    path = error.filename or constants.HF_HUB_CACHE
    return f"{path} could not be written ({os.strerror(number)}); {remedy}, and restart Python"


def _number(error: OSError) -> int | None:
    """Return the operating system's number of an error; hf_xet has it only in the message."""
    written = re.search(r"\(os error (\d+)\)", str(error))
    return int(written[1]) if error.errno is None and written else error.errno
