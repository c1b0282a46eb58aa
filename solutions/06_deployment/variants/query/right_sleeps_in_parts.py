# Right: a wait is slept in parts, whose sum is right.
import time

import requests


def query(texts, url, token=None, retries=3, timeout=10.0):
    if not texts:
        return []
    for n in range(retries + 1):
        r = requests.post(
            url,
            json={"inputs": texts},
            timeout=timeout,
            headers={"Authorization": "Bearer " + token} if token else {},
        )
        if r.ok:
            return r.json()
        try:
            b = r.json()
        except ValueError:
            b = {}
        if type(b) is not dict:
            b = {}
        if r.status_code not in (429, 502, 503, 504) or n == retries:
            raise requests.HTTPError(f"{r.status_code} {b.get('error')}")
        try:
            wait = float(r.headers.get("Retry-After", "none"))
        except ValueError:
            wait = b.get("estimated_time")
            wait = wait if isinstance(wait, (int, float)) and wait >= 0 else 1
        wait = min(wait, 10)
        while wait > 0:
            time.sleep(min(0.5, wait))
            wait -= 0.5
