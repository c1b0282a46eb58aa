# Right: urllib3's Retry sends again, mounted into a Session.
import contextlib
import json
import time as clock

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry


class Polite(Retry):
    pause = 1

    def increment(self, method=None, url=None, response=None, *args, **kwargs):
        following = super().increment(method, url, response, *args, **kwargs)
        following.pause = 1
        try:
            guess = json.loads(response.data).get("estimated_time")
        except (ValueError, AttributeError):
            guess = None
        if isinstance(guess, (int, float)) and guess >= 0:
            following.pause = guess
        with contextlib.suppress(KeyError, ValueError):
            following.pause = float(response.headers["Retry-After"])
        return following

    def sleep(self, response=None):
        clock.sleep(min(10, self.pause))


def query(texts, url, token=None, retries=3, timeout=10.0):
    if not texts:
        return []
    policy = Polite(
        total=retries,
        connect=0,
        read=0,
        redirect=None,
        status_forcelist=[429, 502, 503, 504],
        allowed_methods=None,
        raise_on_status=False,
    )
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=policy))
        if token:
            session.headers.update({"Authorization": f"Bearer {token}"})
        response = session.post(url, json={"inputs": texts}, timeout=timeout)
    if response.ok:
        return response.json()
    try:
        reason = response.json()["error"]
    except (ValueError, TypeError, KeyError):
        reason = response.reason
    raise requests.HTTPError(f"{response.status_code}: {reason}", response=response)
