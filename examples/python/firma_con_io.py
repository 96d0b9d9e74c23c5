"""A client of the REST API of Firma con IO: in place of your own. It needs only the base URL of the sandbox."""

import time
from typing import Any

import requests

TIMEOUT = (5, 30)


class FirmaConIO:
    def __init__(self, base_url: str, key: str) -> None:
        self._base_url = base_url
        self._session = requests.Session()
        self._session.headers["Ocp-Apim-Subscription-Key"] = key

    def find_signer(self, fiscal_code: str) -> str | None:
        """Returns the signer id of a citizen, or None if the citizen does not use the IO app."""
        response = self._call("POST", "/signers", json={"fiscal_code": fiscal_code})
        if response.status_code == 404:
            return None
        response.raise_for_status()
        signer: dict[str, Any] = response.json()
        return str(signer["id"])

    def signature_request(self, request_id: str) -> dict[str, Any]:
        response = self._call("GET", f"/signature-requests/{request_id}")
        response.raise_for_status()
        request: dict[str, Any] = response.json()
        return request

    def _call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Retries a call once that exceeds the rate limit, after the time that the service names."""
        response = self._session.request(method, self._base_url + path, timeout=TIMEOUT, **options)
        if response.status_code == 429:
            time.sleep(int(response.headers.get("x-rate-limit-retry-after", 1)))
            response = self._session.request(method, self._base_url + path, timeout=TIMEOUT, **options)
        return response
