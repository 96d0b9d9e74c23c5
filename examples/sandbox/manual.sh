#!/usr/bin/env bash
# The steps of the service's manual with curl, against the service or a sandbox: only the base URL differs.
#
#   ./manual.sh http://localhost:4010/api/v1/sign contratto.pdf
#
# FIRMA_API_KEY has the key; a sandbox accepts any key.
set -euo pipefail

base=${1:-${SANDBOX_URL:?Give the base URL as the first argument}}
pdf=${2:?Give a PDF as the second argument}
key=${FIRMA_API_KEY:-any}

# Prints the response. A status other than 2xx ends the script.
call() {
  local method=$1 path=$2
  shift 2
  curl -sS --fail-with-body -X "$method" "$base$path" -H "Ocp-Apim-Subscription-Key: $key" "$@"
}
json='Content-Type: application/json'
# The first id of a JSON text is that of the object itself.
id() { sed -E 's/^\{"id":"([^"]+)".*/\1/'; }
# Reads the request until its JSON contains the text.
until_it_has() {
  for _ in $(seq 60); do
    if [[ $(call GET "/signature-requests/$request") == *"$1"* ]]; then return; fi
    sleep 1
  done
  echo "The request never contained $1" >&2
  exit 1
}

echo '1. Create a dossier'
dossier=$(call POST /dossiers -H "$json" -d '{
  "title": "Contratto di collaborazione",
  "documents_metadata": [{
    "title": "Contratto",
    "signature_fields": [{
      "clause": { "title": "Firma del contratto", "type": "REQUIRED" },
      "attrs": { "coordinates": { "x": 85, "y": 676 }, "page": 0, "size": { "w": 177, "h": 77 } }
    }]
  }]
}' | id)

echo '2. Find the signer'
signer=$(call POST /signers -H "$json" -d '{ "fiscal_code": "SPNDNL80R13C555X" }' | id)

send() {
  echo '3. Create the signature request'
  created=$(call POST /signature-requests -H "$json" -d "{ \"dossier_id\": \"$dossier\", \"signer_id\": \"$signer\" }")
  request=$(id <<< "$created")
  document=$(sed -E 's/.*"documents":\[\{"id":"([^"]+)".*/\1/' <<< "$created")

  echo '4. Upload the PDF'
  # The response is a JSON string, in quotes.
  upload_url=$(call GET "/signature-requests/$request/documents/$document/upload_url" | tr -d '"')
  curl -sS --fail-with-body -X PUT "$upload_url" -H 'x-ms-blob-type: BlockBlob' --data-binary "@$pdf"
  until_it_has '"status":"READY"'

  echo "5. Mark it READY: $1"
  call PUT "/signature-requests/$request/status" -H "$json" -d "$1"
  until_it_has '"status":"WAIT_FOR_SIGNATURE"'

  echo '6. Notify the signer'
  call PUT "/signature-requests/$request/notification"
  echo
}
send READY
send '"READY"'
