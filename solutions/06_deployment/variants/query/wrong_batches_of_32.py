# Wrong: more than 32 texts go in several requests.
import time

import requests


def query(texts, url, token=None, retries=3, timeout=10.0):
    if not texts:
        return []
    if len(texts) > 32:
        return query(texts[:32], url, token, retries, timeout) + query(
            texts[32:], url, token, retries, timeout
        )
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
        time.sleep(min(wait(response), 10))
    raise requests.HTTPError(f"{response.status_code}: {details(response).get('error')}")
