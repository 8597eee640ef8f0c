#!/usr/bin/env bash
# packaging/lib.sh in situations that a machine can be in, played by commands in front of PATH.
# Usage: refusals.sh ROOT
set -u
root=$1
play=$(mktemp -d)
trap 'rm -rf "$play"' EXIT
failures=0

# fake NAME BODY: a command that answers for the real one.
fake() { printf '#!/bin/bash\n%s\n' "$2" >"$play/bin/$1" && chmod +x "$play/bin/$1"; }

# expect NAME TEXT CALL: the call must end non-zero with the text on its last line.
expect() {
    local output code
    output=$(PATH="$play/bin:$PATH" bash -c ". '$play/tree/packaging/lib.sh'; $3" 2>&1 </dev/null)
    code=$?
    if [ $code -eq 0 ] || ! tail -n 1 <<<"$output" | grep -q "$2"; then
        printf 'FAIL %s: exit %s, said: %s\n' "$1" "$code" "$output"
        failures=$((failures + 1))
    else
        printf 'ok   %s\n' "$1"
    fi
}

fresh() {
    rm -rf "$play/tree" "$play/bin"
    mkdir -p "$play/tree" "$play/bin"
    cp -r "$root/packaging" "$play/tree/"
}

unset LIBTORCH_ROOT
fresh
fake dpkg-query 'exit 1'
fake id 'echo 1000'
fake sudo 'echo "sudo: a password is required" >&2; exit 1'
expect "sudo refuses" "apt-get update failed" "install_debian debian-build.txt"

fresh
fake dpkg-query 'exit 1'
fake id 'echo 0'
fake apt-get '[ "$1" = update ]'
expect "a package cannot be had" "could not install" "install_debian debian-build.txt"

fresh
fake df 'printf "h\nx 1 1 100 1%% /\n"'
expect "full disk" "has 100 MiB free" "fetch_libtorch"

fresh
fake python3 'exit 1'
expect "no network" "could not be downloaded" "fetch_libtorch"
[ ! -e "$play/tree/build/deps/libtorch" ] || { echo "FAIL: half a LibTorch was left"; failures=1; }

fresh
fake python3 'for last in "$@"; do :; done; touch "$(dirname "$last")/../build/deps/downloads/torch-1.whl"'
expect "half a download" "cannot be unpacked" "fetch_libtorch"

fresh
LIBTORCH_ROOT=/nowhere expect "wrong LIBTORCH_ROOT" "LIBTORCH_ROOT is /nowhere" \
    "LIBTORCH_ROOT=/nowhere; fetch_libtorch"

# Nothing to do must do nothing: every command that could fetch fails.
fresh
mkdir -p "$play/tree/build/deps/libtorch"
sha256sum "$play/tree/packaging/wheels.txt" | cut -d' ' -f1 >"$play/tree/build/deps/libtorch/.stamp"
fake python3 'exit 1'
fake apt-get 'exit 1'
fake sudo 'exit 1'
fake dpkg-query 'echo "install ok installed"'
if PATH="$play/bin:$PATH" bash -c ". '$play/tree/packaging/lib.sh'; install_debian debian-build.txt; fetch_libtorch"; then
    echo "ok   nothing to do"
else
    echo "FAIL nothing to do"
    failures=$((failures + 1))
fi
exit $((failures > 0))
