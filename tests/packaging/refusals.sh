#!/usr/bin/env bash
# packaging/lib.sh in situations that a machine can be in, played by commands in front of PATH.
# Usage: refusals.sh ROOT
set -u
root=$1
play=$(mktemp -d)
trap 'rm -rf "$play"' EXIT
tree="$play/check out" # spaces must do no harm
failures=0

# fake NAME BODY: a command that answers for the real one.
fake() { printf '#!/bin/bash\n%s\n' "$2" >"$play/bin/$1" && chmod +x "$play/bin/$1"; }

# call CODE: runs CODE with lib.sh, the fakes in front.
call() {
    PATH="${path:-$play/bin:$PATH}" /bin/bash -c \
        ". '$tree/packaging/lib.sh'; python=python3; os_release='$play/os-release'; $1" 2>&1 <"${input:-/dev/null}"
}

verdict() {
    if [ "$1" = ok ]; then
        printf 'ok   %s\n' "$2"
    else
        printf 'FAIL %s%s\n' "$2" "${3:+: $3}"
        failures=$((failures + 1))
    fi
}

# expect NAME TEXT CODE: it must end non-zero with the text on its last line.
expect() {
    local output code
    output=$(call "$3")
    code=$?
    if [ $code -ne 0 ] && tail -n 1 <<<"$output" | grep -q "$2"; then
        verdict ok "$1"
    else
        verdict failed "$1" "exit $code, said: $output"
    fi
}

# expect_none NAME PATH...: nothing of that may be left.
expect_none() {
    local name=$1 path
    shift
    for path in "$@"; do
        [ ! -e "$path" ] || verdict failed "$name" "$path was left"
    done
}

fresh() {
    rm -rf "$tree" "$play/bin"
    mkdir -p "$tree" "$play/bin"
    cp -r "$root/packaging" "$tree/"
    printf 'ID=debian\n' >"$play/os-release"
    deps="$tree/build/deps"
}

# offline: whatever could fetch or change the machine fails.
offline() { for name in python3 apt-get sudo curl; do fake "$name" 'exit 1'; done; }

# wheels: small ones with what is taken out of the real ones, pinned in wheels.txt and whole.
wheels() {
    mkdir -p "$deps/downloads"
    (cd "$deps/downloads" && python3 - ../../../packaging/wheels.txt) <<'END'
import hashlib, sys, zipfile
lib = "nvidia/cu13/lib/"
wheels = {"torch-1.whl": ["torch/include/torch/csrc/api/include/torch/torch.h", "torch/lib/libc10.so",
                          "torch/lib/libtorch_cpu.so", "torch/lib/libtorch_cuda.so"],
          "nvidia_cuda_runtime-1.whl": [lib + "libcudart.so.13"],
          "nvidia_cuda_cupti-1.whl": [lib + "libcupti.so.13"]}
with open(sys.argv[1], "w") as pins:
    for name, members in wheels.items():
        with zipfile.ZipFile(name, "w") as wheel:
            for member in members:
                wheel.writestr(zipfile.ZipInfo(member, (2001, 1, 1, 0, 0, 0)), member)
        pins.write(f"x==1 --hash=sha256:{hashlib.sha256(open(name, 'rb').read()).hexdigest()}\n")
END
}

unset LIBTORCH_ROOT TAGALIGN_PEER_PYTHON CCACHE_DIR

fresh
fake uname 'echo Linux aarch64'
expect "another architecture" "this machine is Linux aarch64" check_machine
fresh
printf 'ID=ubuntu\nID_LIKE=debian\n' >"$play/os-release"
expect "another distribution" "this machine is ubuntu" check_machine
rm "$play/os-release"
expect "no distribution known" "this machine is another system" check_machine

fresh
fake dpkg-query 'exit 1'
fake id 'echo 1000'
fake sudo 'echo "sudo: a password is required" >&2; exit 1'
expect "sudo refuses" "apt-get update failed" "install_debian debian-build.txt"

rm "$play/bin/sudo"
for tool in sed sort comm dirname bash; do ln -s "$(command -v $tool)" "$play/bin/"; done
path="$play/bin" expect "no sudo" "as root, install these packages.*apt-get install ca-cert" \
    "install_debian debian-build.txt"

fresh
fake dpkg-query 'exit 1'
fake id 'echo 0'
fake apt-get '[ "$1" = update ]'
expect "a package cannot be had" "could not install" "install_debian debian-build.txt"

fresh
fake df 'printf "h\nx 1 1 100 1%% /\n"'
expect "full disk" "has 100 MiB free" fetch_libtorch

fresh
offline
expect "no network" "could not be downloaded; check the network" fetch_libtorch
expect_none "no network" "$deps/libtorch" "$deps/tmp"

# The second download fails: the first one stays, and is not asked for again.
fresh
wheels
mv "$deps/downloads" "$play/index"
fake python3 'while [ "$1" != --dest ]; do shift; done
echo x >>"$2/../asked"
[ "$(wc -l <"$2/../asked")" -le 1 ] && cp '"$play"'/index/torch-1.whl "$2"'
expect "interrupted download" "whole wheels are kept" fetch_libtorch
[ -s "$deps/downloads/torch-1.whl" ] && verdict ok "whole wheels stay" || verdict failed "whole wheels stay"
printf x >>"$deps/downloads/torch-1.whl"
touch "$deps/downloads/torch-0.whl"
expect "broken wheel" "could not be downloaded" fetch_libtorch
expect_none "broken and unwanted wheels go" "$deps/downloads/torch-1.whl" "$deps/downloads/torch-0.whl"
rm -rf "$play/index"

# Asked on standard input, unzip would wait for ever on a full disk.
fresh
wheels
offline
fake unzip '[ "$(readlink /proc/$$/fd/0)" = /dev/null ] || touch "'"$play"'/asked"; exit 50'
input=/dev/zero expect "the disk fills while unpacking" "could not be unpacked (.* MiB of disk are" \
    fetch_libtorch
expect_none "the disk fills" "$play/asked" "$deps/libtorch" "$deps/libtorch.partial"

fresh
wheels
offline
fake unzip "$(command -v unzip)"' "$@"; find '"'$deps'"' -name "libcudart*" -exec truncate -s 0 {} +'
expect "half a CUDA runtime" "could not be unpacked" fetch_libtorch
expect_none "half a CUDA runtime" "$deps/libtorch" "$deps/libtorch.partial"

# All wheels whole, no network: an older LibTorch is replaced, with files that look new to ninja.
fresh
wheels
offline
mkdir -p "$deps/libtorch/lib"
touch "$deps/libtorch/old"
touch "$play/before"
if call fetch_libtorch >"$play/log" && [ "$deps/libtorch/lib/libc10.so" -nt "$play/before" ] &&
    [ ! -e "$deps/libtorch/lib/libtorch_cuda.so" ]; then
    verdict ok "unpacking"
else
    verdict failed "unpacking" "$(cat "$play/log")"
fi
expect_none "unpacking" "$deps/libtorch/old" "$deps/downloads"

fresh
expect "wrong LIBTORCH_ROOT" "LIBTORCH_ROOT is /nowhere" "LIBTORCH_ROOT=/nowhere; fetch_libtorch"

fresh
expect "peers of the caller that lack something" "lacks what the parity tests compare with" \
    "TAGALIGN_PEER_PYTHON=/bin/false; fetch_peers"
fake dpkg-query 'exit 1'
fake apt-get 'exit 1'
fake id 'echo 0'
expect "no venv to be had" "apt-get update failed" "check_space() { :; }; fetch_peers"

# Nothing to do must do nothing.
fresh
offline
mkdir -p "$deps/libtorch" "$deps/peers/bin"
sha256sum "$tree/packaging/wheels.txt" | cut -d' ' -f1 >"$deps/libtorch/.stamp"
sha256sum "$tree/packaging/wheels-peers.txt" | cut -d' ' -f1 >"$deps/peers/.stamp"
ln -s /bin/true "$deps/peers/bin/python"
fake dpkg-query 'shift 3; printf "installed %s\n" "$@"'
output=$(call "check_machine; install_debian debian-build.txt debian-test.txt debian-full.txt
    fetch_libtorch; fetch_peers; [ \"\$TAGALIGN_PEER_PYTHON\" = '$deps/peers/bin/python' ]
    [ \"\$CCACHE_DIR\" = '$tree/build/ccache' ]") && [ -z "$output" ] &&
    verdict ok "nothing to do" || verdict failed "nothing to do" "$output"

# The whole command, where all is there: builds offline, and hands its arguments to the program.
mkdir -p "$tree/build/release/bin"
touch "$tree/build/release/build.ninja"
fake cmake 'exit 0'
fake ../tagalign 'printf "<%s>" "$@"; exit 3' # 3: no-go, a result like others
mv "$play/tagalign" "$tree/build/release/bin/"
output=$(cd "$play" && unset DISPLAY WAYLAND_DISPLAY &&
    PATH="$play/bin:$PATH" "$tree/packaging/run" --json "my photos" --project "p q" 2>/dev/null </dev/null) &&
    [ "$output" = "<pilot><--project><p q><--json><my photos>" ] &&
    verdict ok "the whole of packaging/run" || verdict failed "the whole of packaging/run" "$output"

# Where packaging/run keeps the project of its arguments.
# project_is NAME PATTERN ARGUMENT...
project_is() {
    local name=$1 pattern=$2 output
    shift 2
    output=$(cd "$play" && call "read_pilot_arguments $(printf '%q ' "$@"); echo \"\$project|\${arguments[*]}\"")
    # shellcheck disable=SC2254 # a pattern
    case $output in $pattern) verdict ok "$name" ;; *) verdict failed "$name" "$output" ;; esac
}
hash='[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]'
fresh
mkdir -p "$play/my photos"
project_is "a folder" "$tree/build/photos-$hash.tagalign|a/photos/" a/photos/
project_is "dots and spaces" "$tree/build/my photos.v2-$hash.tagalign|my photos.v2" "my photos.v2"
project_is "an option before the source" "$tree/build/photos-$hash.tagalign|--model X --json photos" \
    --model X --json photos
project_is "options with =" "$tree/build/photos-$hash.tagalign|--model=X photos" --model=X photos
project_is "--project wins" "mine.tagalign|photos --head adapter" \
    photos --project mine.tagalign --head adapter
project_is "--project= wins" "mine.tagalign|photos" --project=mine.tagalign photos
project_is "after --" "$tree/build/-odd-$hash.tagalign|-- -odd" -- -odd
project_is "no source" "|--model X" --model X
project_is "an option without its value" "|--model" --model
[ "$(cd "$play/my photos" && call 'default_project .')" = "$(cd / && call "default_project '$play/my photos'")" ] &&
    [ "$(call 'default_project /a/images')" != "$(call 'default_project /b/images')" ] &&
    verdict ok "one folder one project" || verdict failed "one folder one project"

# The pilot's options without a value are the ones that lib.sh knows.
flags=$(grep -rhoP 'add_flag\("\K--[a-z-]+' "$root/app/commands/PilotCommand.cpp" \
    "$root/app/commands/TrainOptions.cpp" | sort | tr '\n' ' ')
[ "$flags" = "--json " ] && verdict ok "flags" || verdict failed "flags" "lib.sh does not know $flags"

exit $((failures > 0))
