# Wrong: no wait is longer than `timeout`, which is ten seconds by default.
import time

import requests


def query(texts, url, token=None, retries=3, timeout=10.0):
    if not texts:
        return []
    headers = {}
    if token:
        headers["Authorization"] = f"Bearer {token}"

    def details(response):
        try:
            body = response.json()
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}

    def wait(response):
        try:
            return float(response.headers["Retry-After"])
        except (KeyError, ValueError):
            guess = details(response).get("estimated_time")
        if isinstance(guess, (int, float)) and guess >= 0:
            return guess
        return 1

    for attempt in range(retries + 1):
        response = requests.post(url, json={"inputs": texts}, headers=headers, timeout=timeout)
        if response.ok:
            return response.json()
        if response.status_code not in (429, 502, 503, 504) or attempt == retries:
            break
        time.sleep(min(wait(response), timeout))
    raise requests.HTTPError(f"{response.status_code}: {details(response).get('error')}")
