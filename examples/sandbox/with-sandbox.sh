#!/usr/bin/env bash
# Runs a command, such as a test suite in any language, with its own sandbox:
#
#   ./with-sandbox.sh pytest
#
# The command gets SANDBOX_URL (the base URL of the API) and SANDBOX_CONTROL. The sandbox uses a free port, so that several
# can run in parallel. Fails if the command fails or a call violated the contract.
set -euo pipefail

folder=$(mktemp -d)
# npx forwards neither a signal nor the exit code after it.
PATH="$PWD/node_modules/.bin:$PATH" sigillo sandbox --port 0 --ready-file "$folder/ready" > "$folder/log" 2>&1 &
sandbox=$!
trap 'kill "$sandbox" 2> /dev/null || true; rm -rf "$folder"' EXIT

for _ in $(seq 300); do
  [ -s "$folder/ready" ] && break
  if ! kill -0 "$sandbox" 2> /dev/null; then break; fi
  sleep 0.1
done
if ! [ -s "$folder/ready" ]; then
  echo 'The sandbox did not start:' >&2
  cat "$folder/log" >&2
  exit 1
fi
field() { sed -E "s/.*\"$1\":\"([^\"]+)\".*/\1/" "$folder/ready"; }
export SANDBOX_URL SANDBOX_CONTROL
SANDBOX_URL=$(field url)
SANDBOX_CONTROL=$(field control)

"$@"

violations=$(curl -sS --fail-with-body -X DELETE "$SANDBOX_CONTROL/violations")
if [ "$violations" != '{"violations":[]}' ]; then
  echo "Calls violated the contract: $violations" >&2
  exit 1
fi
