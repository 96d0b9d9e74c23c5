#!/usr/bin/env bash
# Makes docker.io/library/node:26-slim from Debian's packages and the Node of the lock file, for a machine that cannot pull it.
set -euo pipefail
cd "$(dirname "$0")/../.."
name=docker.io/library/node:26-slim
if buildah inspect --type image "$name" >/dev/null 2>&1; then exit 0; fi
root=$(mktemp --suffix=.tar)
trap 'rm -f "$root"' EXIT
sources=(/etc/apt/sources.list.d/debian.sources)
[ -e "${sources[0]}" ] || sources=(/etc/apt/sources.list)
mmdebstrap --quiet --variant=minbase --include=ca-certificates,libstdc++6,libatomic1 bookworm "$root" "${sources[@]}"
container=$(buildah from scratch)
buildah add --quiet "$container" "$root" /
buildah copy --quiet "$container" node_modules/node-linux-*/bin/node /usr/local/bin/node
buildah copy --quiet "$container" "$(npm root --global)/npm" /usr/local/lib/node_modules/npm
# The certificates of this machine, because a registry may have one of its own.
buildah copy --quiet "$container" /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
buildah run "$container" -- ln -s /usr/local/lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
buildah run "$container" -- useradd --create-home --uid 1000 node
buildah config --env PATH=/usr/local/bin:/usr/bin:/bin --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt "$container"
buildah commit --quiet --rm "$container" "$name"
