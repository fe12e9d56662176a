#!/bin/sh
# Builds the images of the server and of the web page for real on a Debian machine without a container daemon, runs what they
# start, asks for a picture and for the page, and stops both with SIGTERM.
# Needs root, buildah, debootstrap and curl; a base made by debootstrap stands in for python:…-slim.
#   MIRROR=… BUILD_ARGS='-v /opt/wheels:/opt/wheels:ro --build-arg TORCH_INDEX=…' docker/try.sh FOLDER [PORT [PAGE_PORT]]
set -eu
cd "$(dirname "$0")/.."
work=$(mkdir -p "$1" && cd "$1" && pwd -P)
port=${2:-8000}
page_port=${3:-7860}
export BUILDAH_ISOLATION=chroot TMPDIR="$work"
base=$(sed -n 's/^FROM \(python:[^$]*\).*/\1/p' docker/serve.Dockerfile | head -n 1)

box() { command buildah --root "$work/images" --runroot "$work/run" "$@"; }
say() { echo "$(date +%T) $*"; }

# NAME ARGUMENTS…: runs what the image starts. The process leaves its number: buildah dies of SIGTERM and does not pass it on.
start() {
    image=localhost/imagine-$1:try
    shift
    words='{{range .OCIv1.Config.Entrypoint}}{{.}} {{end}}{{range .OCIv1.Config.Cmd}}{{.}} {{end}}'
    command=$(box inspect --type image --format "$words" "$image")
    container=$(box from --pull-never "$image")
    root=$(box mount "$container")
    # shellcheck disable=SC2016,SC2086  # $$ is the container's; the command is several words
    box run "$container" -- sh -c 'echo $$ > /tmp/pid; exec "$@"' sh $command "$@" &
}

# URL FILE: as soon as it answers, for two minutes
get() { curl -sf --retry 120 --retry-delay 1 --retry-all-errors -o "$2" "$1" || { say "no answer: $1"; return 1; }; }

# JOB ROOT: as `docker stop` does, which waits for 10 s
stop() {
    pid=$(cat "$2/tmp/pid")
    kill -TERM "$pid"
    timeout 10 tail -f /dev/null --pid "$pid" || { say "$pid does not stop"; return 1; }
    wait "$1" || { say "$pid ended with $?"; return 1; }
}

# Processes of containers: their root lies in the folder
inside() { find /proc/[0-9]*/root -maxdepth 0 -lname "$work/*" 2> /dev/null | cut -d / -f 3; }

trap 'kill -KILL $(inside) 2> /dev/null || true; wait; box rm --all > /dev/null' EXIT
trap 'exit 1' INT TERM

if ! box inspect "localhost/$base" > "$work/base.json" 2>&1; then
    say "makes $base"
    debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv,python-is-python3 \
        bookworm "$work/rootfs" ${MIRROR:+"$MIRROR"}
    empty=$(box from scratch)
    box copy -q "$empty" "$work/rootfs" /
    box commit -q --rm "$empty" "localhost/$base"
    rm -rf "$work/rootfs"
fi
for name in serve ui; do
    say "builds $name"
    # shellcheck disable=SC2086  # several arguments
    box bud --layers --pull-never --network host --format docker ${BUILD_ARGS:-} \
        -f "docker/$name.Dockerfile" -t "localhost/imagine-$name:try" .
done
say "built"
box images

start serve --host 127.0.0.1 --port "$port" --no-dashboard
server=$! server_root=$root
get "http://127.0.0.1:$port/readyz" /dev/null
say "ready"
get "http://127.0.0.1:$port/imagine?prompt=a%20red%20circle&steps=5&seed=7" "$work/picture.png"
say "drew $work/picture.png"
start ui --host 127.0.0.1 --port "$page_port" --service "http://127.0.0.1:$port"
get "http://127.0.0.1:$page_port/" "$work/page.html"
say "the page answers"
stop $! "$root"
stop "$server" "$server_root"
left=$(inside)
[ -z "$left" ] || { say "left behind: $left"; exit 1; }
say "stopped"
