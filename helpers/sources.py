"""Where data and models come from, and in which order: mirror, Hub, embedded default.

`helpers.data` and `helpers.models` share this order; it is written once, here.
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
    """Data or a model could not be had from a source; the message says what to do about it."""


class SourceNotThere(SourceError):
    """The source simply does not have it: in the automatic order the next one is asked."""


class NetworkFailed(SourceNotThere):
    """The network is the reason: worth a line to a reader who counted on it."""


def mirror_folder() -> Path | None:
    """Return the folder that ``COURSE_MIRROR`` names, or None where it is not set.

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
            "point it at the classroom's mirror or unset it"
        )
    return folder


def hub_is_offline() -> bool:
    """Tell whether ``HF_HUB_OFFLINE`` asks to leave the Hub alone."""
    return os.environ.get("HF_HUB_OFFLINE", "").strip().upper() in {"1", "ON", "YES", "TRUE"}


def hub_is_reachable() -> bool:
    """Ask the Hub for its front page once per process, and wait three seconds at most."""
    global _hub_answers
    if _hub_answers is None:
        _hub_answers = _ask_hub()
    return _hub_answers


# None until the Hub was asked; False again once a download broke off, so that a process pays for
# a bad network once and not with every dataset and model.
_hub_answers: bool | None = None


def _ask_hub() -> bool:
    """Ask in a thread of its own: a broken resolver blocks longer than an HTTP client's timeout."""
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
    """Load from the first source that has it, or from the one that `source` forces.

    Parameters
    ----------
    what : str
        What is being loaded, for messages.
    loaders : dict of str to callable
        One loader per source; each raises `SourceError` where its source does not have it.
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
        If no source, or not the forced one, has it; the message holds each reason.
    SourceError
        If what a source has is broken.
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
                print(f"The Hub could not be used: {reason}. Looking elsewhere.")
        except SourceError as reason:
            # A source that has the thing but broken is the reader's to know, not to skip.
            raise SourceError(f"{what} from the {name}: {reason}") from reason
    raise SourceNotThere(f"{what} could not be loaded. " + "; ".join(reasons))


def hub_snapshot(hub_id: str, revision: str, patterns: list[str], repo_type: str) -> Path:
    """Return the local folder of a Hub repository's files, downloaded where the cache lacks them.

    Parameters
    ----------
    hub_id : str
    revision : str
        Commit, so that the course reads the same bytes next year.
    patterns : list of str
        The files wanted; each pattern must match at least one.
    repo_type : {"dataset", "model"}

    Raises
    ------
    SourceNotThere
        If the Hub is not to be asked (``HF_HUB_OFFLINE``), does not answer or breaks off.
    SourceError
        If it has no such repository or file, or this machine has no room for it.
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
        # A download that was broken off leaves a folder with some of its files.
        if all(any(cached.glob(pattern)) for pattern in patterns):
            return cached
    except LocalEntryNotFoundError:
        pass
    if not hub_is_reachable():
        raise NetworkFailed("it does not answer; check the network")
    try:
        # All files at once: one connection that stalls or breaks must not hold up the next.
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
        raise SourceError(f"{hub_id} at {revision} holds no {', '.join(missing)}")
    return folder


# What the operating system says of a network, where Python has no exception of its own for it.
_NETWORK_NUMBERS = {errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH}
_FULL_NUMBERS = {errno.ENOSPC, errno.EDQUOT}
_READ_ONLY_NUMBERS = {errno.EACCES, errno.EPERM, errno.EROFS}


def is_network_failure(error: Exception) -> bool:
    """Tell whether an exception means that the Hub could not be reached or did not do its part.

    A full disk, a folder that may not be written and a mistake in a program mean something else.

    Parameters
    ----------
    error : Exception
        From a function of huggingface_hub, or of a library that uses it.
    """
    import requests
    from huggingface_hub.errors import HfHubHTTPError

    # The HTTP client below huggingface_hub changes with its version. A status such as 503 is an
    # error of the client's, too, and names the base class of all of them.
    clients = tuple(base for base in HfHubHTTPError.__bases__ if base is not OSError)
    network = (ConnectionError, TimeoutError, socket.gaierror, ssl.SSLError)
    # A proxy's login page comes in place of the Hub's answer, and is no JSON.
    if isinstance(error, (*clients, requests.RequestException, *network, json.JSONDecodeError)):
        return True
    # What the operating system refuses has a number. Without one, an OSError is the library's own
    # word for what a server sent: no metadata, or a file of another size.
    return isinstance(error, OSError) and _number(error) in {None, *_NETWORK_NUMBERS}


def local_failure(error: Exception) -> str:
    """Return what to tell a reader if the cache on this machine cannot be written, else ""."""
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
    """Return the operating system's number of an error; hf_xet only writes it into the text."""
    written = re.search(r"\(os error (\d+)\)", str(error))
    return int(written[1]) if error.errno is None and written else error.errno
