"""A small client of Sigillo: GraphQL over HTTP, files as multipart requests, and events of a subscription."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import requests

# Seconds to connect, and to wait for data. Sigillo answers an operation within 90 seconds, and an open stream has a
# heartbeat every 12 seconds.
TIMEOUT = (5, 120)
STREAM_TIMEOUT = (5, 40)

FINAL_STATUSES = {"SIGNED", "REJECTED", "CANCELLED"}

# Codes of errors that pass by themselves, while a stream is open.
TRANSIENT = {"SHUTTING_DOWN", "OVERLOADED", "TOO_MANY_REQUESTS", "STREAM_TOO_SLOW"}

WATCH = """
subscription ($id: ID!) {
  signatureRequestChanged(id: $id) { status }
}
"""


class GatewayError(Exception):
    """The gateway could not be reached, or refused the request. `code` is its error code, or None if it sent no answer."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class Gateway:
    def __init__(self, url: str, key: str | None = None) -> None:
        self._url = url
        self._session = requests.Session()
        if key:
            self._session.headers["x-api-key"] = key

    def execute(self, query: str, variables: dict[str, Any], files: dict[str, Path] | None = None) -> dict[str, Any]:
        """Returns `data`. The keys of `files` are paths of variables that are None, such as "variables.input.file"."""
        operation = {"query": query, "variables": variables}
        if not files:
            response = self._post(json=operation)
        else:
            with ExitStack() as stack:
                parts: list[tuple[str, Any]] = [
                    # The order is part of the specification: operations, map, files.
                    ("operations", (None, json.dumps(operation))),
                    ("map", (None, json.dumps({str(i): [path] for i, path in enumerate(files)}))),
                ]
                for i, file in enumerate(files.values()):
                    parts.append((str(i), (file.name, stack.enter_context(file.open("rb")), "application/pdf")))
                response = self._post(files=parts)
        return _data_of(_json_of(response))

    def wait_until_final(self, request_id: str, timeout_seconds: float) -> str:
        """Returns the final status of a signature request: SIGNED, REJECTED or CANCELLED.

        A stream can end early, for example when the gateway restarts. The first event of the next one is the current state,
        so nothing is missed.
        """
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            try:
                for data in self._events(WATCH, {"id": request_id}, deadline):
                    status: str = data["signatureRequestChanged"]["status"]
                    if status in FINAL_STATUSES:
                        return status
            except GatewayError as error:
                if error.code is not None and error.code not in TRANSIENT:
                    raise
            time.sleep(1)
        raise GatewayError(f"The signature request {request_id} was not signed within {timeout_seconds:g} seconds")

    def _events(self, query: str, variables: dict[str, Any], deadline: float) -> Iterator[dict[str, Any]]:
        headers = {"accept": "text/event-stream"}
        operation = {"query": query, "variables": variables}
        with self._post(json=operation, headers=headers, stream=True, timeout=STREAM_TIMEOUT) as response:
            if not response.ok:
                _data_of(_json_of(response))
            try:
                for line in response.iter_lines(chunk_size=1):
                    if line.startswith(b"data: "):
                        yield _data_of(json.loads(line.removeprefix(b"data: ")))
                    # Heartbeats are lines too, so this is noticed within seconds.
                    if time.monotonic() > deadline:
                        return
            except requests.RequestException as error:
                raise GatewayError("The stream ended early") from error

    def _post(self, timeout: tuple[float, float] = TIMEOUT, **options: Any) -> requests.Response:
        try:
            return self._session.post(self._url, timeout=timeout, **options)
        except requests.Timeout as error:
            raise GatewayError(f"The gateway at {self._url} did not answer in time") from error
        except requests.RequestException as error:
            raise GatewayError(f"Cannot reach the gateway at {self._url}: is it running?") from error


def download(url: str, target: Path) -> None:
    """Stores the file of a pre-signed URL. The URL is a credential: it must not appear in a log or in a message."""
    try:
        with requests.get(url, stream=True, timeout=TIMEOUT) as response:
            if not response.ok:
                raise GatewayError(f"The storage answered {response.status_code}: the link has expired, or the file is gone")
            # An incomplete file never has the name of the document.
            part = target.with_suffix(".part")
            with part.open("wb") as file:
                for chunk in response.iter_content(chunk_size=65536):
                    file.write(chunk)
            # requests does not notice that a connection ended early.
            if part.stat().st_size != int(response.headers["content-length"]):
                raise GatewayError("The download ended early: try again")
            part.rename(target)
    except requests.RequestException:
        # Without its cause: the message of that has the URL.
        raise GatewayError("The download failed: try again") from None


def _json_of(response: requests.Response) -> dict[str, Any]:
    try:
        result: Any = response.json()
    except requests.JSONDecodeError:
        result = None
    if not isinstance(result, dict) or not result.keys() & {"data", "errors"}:
        raise GatewayError(f"HTTP {response.status_code}, and not an answer of GraphQL: is {response.url} the gateway?")
    return result


def _data_of(result: dict[str, Any]) -> dict[str, Any]:
    """Raises a top-level error: docs/reference/errors.md lists their codes."""
    if errors := result.get("errors"):
        extensions = errors[0].get("extensions", {})
        code, request_id = extensions.get("code"), extensions.get("requestId")
        raise GatewayError(f"{code}: {errors[0]['message']} (request id {request_id})", code)
    data: dict[str, Any] = result["data"]
    return data
