# Right: a session, calling itself with one retry less; raise_for_status for the last resort.
import json
import math
import time

import requests


def query(texts, url, token=None, retries=3, timeout=10.0):
    if len(texts) == 0:
        return []
    with requests.Session() as session:
        if token:
            session.headers["Authorization"] = "Bearer " + token
        response = session.request("POST", url, json={"inputs": texts}, timeout=timeout)
    if response.status_code < 400:
        return response.json()
    try:
        details = json.loads(response.text)
    except json.JSONDecodeError:
        details = {}
    if response.status_code in {429, 502, 503, 504} and retries > 0:
        after = response.headers.get("retry-after", "").strip()
        seconds = details.get("estimated_time")
        if after.isdigit():
            seconds = int(after)
        elif type(seconds) not in (int, float) or math.isnan(seconds) or seconds < 0:
            seconds = 1
        time.sleep(min(seconds, 10.0))
        return query(texts, url, token, retries - 1, timeout)
    if "error" in details:
        raise requests.HTTPError(str(details["error"]), response=response)
    response.raise_for_status()
