"""Fixtures of the sandbox: one process for the whole run, with a new state for each test."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

CHECKOUT = Path(__file__).parents[2]


class Sandbox:
    def __init__(self, origin: str) -> None:
        self.url = f"{origin}/api/v1/sign"
        self._control = f"{origin}/_sandbox"

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Calls the control API: docs/guide/sandbox.md lists its calls."""
        response = requests.request(method, self._control + path, json=body, timeout=30)
        assert response.ok, response.text
        return response.json() if response.content else None


@pytest.fixture(scope="session")
def sandbox_origin() -> Iterator[str]:
    """The sandbox at SANDBOX_ORIGIN, such as a container, or one from this checkout on a free port."""
    if origin := os.environ.get("SANDBOX_ORIGIN"):
        yield origin
        return
    command = ["npm", "run", "--silent", "sandbox", "--", "--port", "0", "--json"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        # The line with the addresses appears once the sandbox listens.
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "The sandbox did not start: its error is above. Has `npm ci` been run?"
        yield json.loads(line)["origin"]
        process.terminate()


@pytest.fixture
def sandbox(sandbox_origin: str) -> Iterator[Sandbox]:
    """Fails the test if a call violated the contract of the service."""
    sandbox = Sandbox(sandbox_origin)
    sandbox.call("POST", "/reset")
    yield sandbox
    assert sandbox.call("DELETE", "/violations") == {"violations": []}
