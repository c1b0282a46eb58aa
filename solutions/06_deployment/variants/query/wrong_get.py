# Wrong: GET instead of POST.
import time

import requests

BUSY = (429, 502, 503, 504)


def body_of(response):
    try:
        return response.json()
    except ValueError:
        return {}


def seconds_of(response):
    try:
        return min(float(response.headers["Retry-After"]), 10)
    except (KeyError, ValueError):
        seconds = body_of(response).get("estimated_time")
    if isinstance(seconds, int | float) and seconds >= 0:
        return min(seconds, 10)
    return 1


def query(texts, url, token=None, retries=3, timeout=10.0):
    if not texts:
        return []
    headers = {}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    left = retries
    while True:
        response = requests.get(url, json={"inputs": texts}, headers=headers, timeout=timeout)
        if response.status_code in BUSY and left > 0:
            left -= 1
            time.sleep(seconds_of(response))
            continue
        if response.status_code >= 400:
            raise requests.HTTPError(f"{response.status_code} {body_of(response).get('error', '')}")
        return response.json()
