#!/usr/bin/env bash
# Runs a command, such as a test suite in any language, beside a sandbox of its own:
#
#   ./with-sandbox.sh pytest
#
# The command finds the sandbox in SANDBOX_URL (the base URL of the API) and SANDBOX_CONTROL. It takes a free port, so
# that any number of them can run at the same time. Fails if the command fails or a call broke the contract.
set -euo pipefail

folder=$(mktemp -d)
# Not `npx sigillo`: npx does not pass a signal on, nor the exit code after one.
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
place() { sed -E "s/.*\"$1\":\"([^\"]+)\".*/\1/" "$folder/ready"; }
export SANDBOX_URL SANDBOX_CONTROL
SANDBOX_URL=$(place url)
SANDBOX_CONTROL=$(place control)

"$@"

violations=$(curl -sS --fail-with-body -X DELETE "$SANDBOX_CONTROL/violations")
if [ "$violations" != '{"violations":[]}' ]; then
  echo "Calls broke the contract: $violations" >&2
  exit 1
fi
