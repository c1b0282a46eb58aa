# Right: a while loop that counts down.
import time

import requests


def body_of(response):
    try:
        return response.json()
    except ValueError:
        return {}


def query(texts, url, token=None, retries=3, timeout=10.0):
    if not texts:
        return []
    headers = {}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    left = retries
    while True:
        response = requests.post(url, json={"inputs": texts}, headers=headers, timeout=timeout)
        if response.status_code == 503 and left > 0:
            left -= 1
            time.sleep(min(body_of(response).get("estimated_time", 1), 10))
            continue
        if response.status_code >= 400:
            raise requests.HTTPError(f"{response.status_code} {body_of(response).get('error', '')}")
        return response.json()
