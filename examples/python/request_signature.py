"""Asks a citizen to sign a PDF, waits for the signature, and stores the signed document.

    python3 request_signature.py contratto.pdf SPNDNL80R13C555X "Contratto di collaborazione"

SIGILLO_URL is the address of the gateway, SIGILLO_KEY the API key if the gateway requires one.
"""

import os
import sys
import uuid
from pathlib import Path
from typing import Any

from sigillo import Gateway, GatewayError, download

REQUEST_SIGNATURE = """
mutation ($input: RequestSignatureInput!) {
  requestSignature(input: $input) {
    __typename
    ... on RequestSignaturePayload { signatureRequest { id qrCode { link } } }
    ... on InvalidInputError { fieldErrors { path message } }
    ... on AnchorNotFoundError { anchors { text nearest } }
    ... on RequestSignatureIncompleteError { step cause { message ... on DocumentRejectedError { reasons } } }
    ... on Error { message }
  }
}
"""

SIGNED_DOCUMENTS = """
query ($id: ID!) {
  signatureRequest(id: $id) { rejectReason documents { title downloadUrl } }
}
"""


class NotRequested(Exception):
    """The signature was not requested, for a reason that this program can explain."""


def request_signature(gateway: Gateway, pdf: Path, fiscal_code: str, title: str, key: str) -> dict[str, Any]:
    """Returns the signature request, with its `id` and the `link` of its QR code."""
    variables = {
        "input": {
            "dossier": {"create": {"title": title}},
            "signer": {"fiscalCode": fiscal_code},
            "documents": [
                {
                    "title": title,
                    "file": None,
                    "fields": [
                        {
                            "clause": {"title": "Firma del contratto", "type": "REQUIRED"},
                            # The signature is placed below this text of the PDF.
                            "position": {"anchor": {"text": "Firma", "align": "BELOW"}},
                        }
                    ],
                }
            ],
            "idempotencyKey": key,
        }
    }
    data = gateway.execute(REQUEST_SIGNATURE, variables, files={"variables.input.documents.0.file": pdf})
    result = data["requestSignature"]
    match result["__typename"]:
        case "RequestSignaturePayload":
            request: dict[str, Any] = result["signatureRequest"]
            return request
        case "InvalidInputError":
            problems = [f"{'.'.join(error['path'])}: {error['message']}" for error in result["fieldErrors"]]
            raise NotRequested("The input is not valid:\n  " + "\n  ".join(problems))
        case "AnchorNotFoundError":
            texts = [f"“{anchor['text']}”, similar: {anchor['nearest'] or 'none'}" for anchor in result["anchors"]]
            raise NotRequested(f"{pdf} does not contain:\n  " + "\n  ".join(texts))
        case "RequestSignatureIncompleteError":
            cause = result["cause"]
            reasons = "".join(f"\n  {reason}" for reason in cause.get("reasons", []))
            raise NotRequested(f"The step {result['step']} failed: {cause['message']}{reasons}")
        case "OutcomeUnknownError":
            raise NotRequested(f"{result['message']}\nRetry the call with the idempotency key {key}")
        case _:
            # The schema may get new errors. Every error has a message.
            raise NotRequested(result["message"])


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit(f"Usage: {sys.argv[0]} <pdf> <fiscal code> <title>")
    pdf, fiscal_code, title = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    gateway = Gateway(os.environ.get("SIGILLO_URL", "http://localhost:4000/graphql"), os.environ.get("SIGILLO_KEY"))
    try:
        # An application stores the key with its own record before the call: a retry with it continues, also after a crash.
        request = request_signature(gateway, pdf, fiscal_code, title, key=str(uuid.uuid4()))
        print(f"Requested: {request['id']}")
        print(f"The citizen opens {request['qrCode']['link']}", flush=True)

        status = gateway.wait_until_final(request["id"], timeout_seconds=300)
        signed = gateway.execute(SIGNED_DOCUMENTS, {"id": request["id"]})["signatureRequest"]
        if status != "SIGNED":
            sys.exit(f"Not signed: {status} {signed['rejectReason'] or ''}")
        document = signed["documents"][0]
        if document["downloadUrl"] is None:
            sys.exit(f"The service has no link to {document['title']} now: read the request again later")
        target = Path("signed.pdf")
        download(document["downloadUrl"], target)
        print(f"Signed: {target}, {target.stat().st_size} bytes")
    except (NotRequested, GatewayError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
