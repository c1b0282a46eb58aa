# Wrong: a Session for all calls keeps the token of an earlier one.
import contextlib
import time

import requests

_session = requests.Session()


def query(texts, url, token=None, retries=3, timeout=10.0):
    if not texts:
        return []
    if token:
        _session.headers["Authorization"] = f"Bearer {token}"
    for attempt in range(retries + 1):
        response = _session.post(url, json={"inputs": texts}, timeout=timeout)
        if response.ok:
            return response.json()
        try:
            body = response.json()
        except ValueError:
            body = {}
        body = body if isinstance(body, dict) else {}
        if response.status_code not in (429, 502, 503, 504) or attempt == retries:
            raise requests.HTTPError(f"{response.status_code}: {body.get('error')}")
        wait = body.get("estimated_time")
        wait = wait if isinstance(wait, (int, float)) and wait >= 0 else 1
        with contextlib.suppress(KeyError, ValueError):
            wait = float(response.headers["Retry-After"])
        time.sleep(min(10, wait))
