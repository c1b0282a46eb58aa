# Right: reads a body as JSON only where its Content-Type says so.
import time

import requests


def query(texts, url, token=None, retries=3, timeout=10.0):
    if not texts:
        return []
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    attempts_left = retries + 1
    while attempts_left:
        attempts_left -= 1
        r = requests.post(url, json={"inputs": texts}, headers=headers, timeout=timeout)
        if r.ok:
            return r.json()
        is_json = r.headers.get("Content-Type", "").startswith("application/json")
        body = r.json() if is_json else {}
        if r.status_code not in (429, 502, 503, 504):
            raise requests.HTTPError(f"{r.status_code}: {body.get('error')}")
        if attempts_left:
            try:
                pause = float(r.headers["Retry-After"])
            except (KeyError, ValueError):
                pause = body.get("estimated_time")
                if not isinstance(pause, (int, float)) or pause < 0:
                    pause = 1
            time.sleep(min(pause, 10))
    raise requests.HTTPError(f"gave up with {r.status_code}")
