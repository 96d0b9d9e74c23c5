"""Tests of a client of Firma con IO, against the sandbox."""

import pytest

from conftest import Sandbox
from firma_con_io import FirmaConIO


@pytest.fixture
def firma(sandbox: Sandbox) -> FirmaConIO:
    return FirmaConIO(sandbox.url, key="any")


def test_finds_a_citizen_who_uses_the_io_app(firma: FirmaConIO) -> None:
    assert firma.find_signer("SPNDNL80R13C555X") is not None


def test_reports_a_citizen_who_does_not_use_the_io_app(firma: FirmaConIO) -> None:
    # A magic value of the sandbox.
    assert firma.find_signer("SNZAPP80A01H501C") is None


def test_retries_a_call_that_exceeds_the_rate_limit(sandbox: Sandbox, firma: FirmaConIO) -> None:
    fault = {"kind": "rate-limit", "operation": "getSignerByFiscalCode", "retryAfterSeconds": 1, "count": 1}
    sandbox.call("POST", "/faults", fault)
    assert firma.find_signer("SPNDNL80R13C555X") is not None
    journal = sandbox.call("GET", "/journal?operationId=getSignerByFiscalCode")
    assert [call["status"] for call in journal["entries"]] == [429, 200]


def test_reads_that_a_citizen_has_signed(sandbox: Sandbox, firma: FirmaConIO) -> None:
    seeded = sandbox.call("POST", "/seed", {"requests": [{"status": "WAIT_FOR_SIGNATURE"}]})
    request_id = seeded["requests"][0]["id"]

    sandbox.call("POST", "/citizen/sign", {"id": request_id})
    assert firma.signature_request(request_id)["status"] == "WAIT_FOR_SIGNATURE"
    # The trust provider takes a minute.
    sandbox.call("POST", "/clock/advance", {"milliseconds": 120_000})
    assert firma.signature_request(request_id)["status"] == "SIGNED"


def test_reads_why_a_signature_failed(sandbox: Sandbox, firma: FirmaConIO) -> None:
    seeded = sandbox.call("POST", "/seed", {"requests": [{"status": "WAIT_FOR_SIGNATURE"}]})
    request_id = seeded["requests"][0]["id"]

    outcome = {"fails": "Invalid response status from QTSP!"}
    sandbox.call("POST", "/citizen/sign", {"id": request_id, "outcome": outcome})
    sandbox.call("POST", "/clock/advance", {"milliseconds": 120_000})
    request = firma.signature_request(request_id)
    assert (request["status"], request["reject_reason"]) == ("REJECTED", "Invalid response status from QTSP!")
