#!/bin/sh
# Builds the server's image for real on a Debian machine without a container daemon, starts it and asks for a picture.
# Needs root, buildah and debootstrap; a base made by debootstrap stands in for python:…-slim.
#   BUILD_ARGS='-v /opt/wheels:/opt/wheels:ro --build-arg TORCH_INDEX=…' docker/try.sh FOLDER [PORT]
set -eu
cd "$(dirname "$0")/.."
work=$(mkdir -p "$1" && cd "$1" && pwd)
port=${2:-8000}
export BUILDAH_ISOLATION=chroot
box() { command buildah --root "$work/images" --runroot "$work/run" "$@"; }
base=$(sed -n 's/^FROM \(python:[^$]*\).*/\1/p' docker/serve.Dockerfile | head -n 1)

if ! box inspect "localhost/$base" > "$work/base.json" 2>&1; then
    debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv,python-is-python3 bookworm "$work/rootfs"
    empty=$(box from scratch)
    box copy -q "$empty" "$work/rootfs" /
    box commit -q --rm "$empty" "localhost/$base"
fi
# shellcheck disable=SC2086  # several arguments
box bud --layers --pull-never --network host --format docker ${BUILD_ARGS:-} \
    -f docker/serve.Dockerfile -t localhost/imagine-server:try .

container=$(box from --pull-never localhost/imagine-server:try)
box run --user 1000:1000 "$container" -- python -m serve_app --host 127.0.0.1 --port "$port" --no-dashboard &
server=$!
trap 'kill "$server" 2> /dev/null || true; wait "$server" || true; box rm "$container" > /dev/null' EXIT
for _ in $(seq 120); do
    curl -sf "http://127.0.0.1:$port/readyz" > /dev/null && break
    sleep 2
done
curl -sSf -o "$work/picture.png" "http://127.0.0.1:$port/imagine?prompt=a%20red%20circle&steps=5&seed=7"
echo "drew $work/picture.png"
