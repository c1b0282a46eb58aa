# Right: raise_for_status finds the errors, and what it raises is told with the body's error.
import json
import time as clock

import requests

RETRY = [429, 502, 503, 504]


def query(texts, url, token=None, retries=3, timeout=10.0):
    if not texts:
        return []
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers.update(Authorization=f"Bearer {token}")
    tries = 0
    while True:
        answer = requests.request(
            "POST", url, data=json.dumps({"inputs": list(texts)}), headers=headers, timeout=timeout
        )
        try:
            answer.raise_for_status()
            return answer.json()
        except requests.HTTPError as problem:
            try:
                said = answer.json()
                said = said if isinstance(said, dict) else {}
            except ValueError:
                said = {}
            tries += 1
            if answer.status_code not in RETRY or tries > retries:
                raise requests.HTTPError(
                    f"{problem} ({said.get('error')})", response=answer
                ) from problem
        pause = answer.headers.get("Retry-After", "")
        if pause.replace(".", "", 1).isdigit():
            pause = float(pause)
        else:
            pause = said.get("estimated_time")
            if isinstance(pause, bool) or not isinstance(pause, (int, float)) or pause < 0:
                pause = 1
        clock.sleep(min(pause, 10))
