# Shared by packaging/run and packaging/test: what is missing is fetched, built, or refused in one
# sentence. Everything but Debian packages stays below build/.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
libtorch="$root/build/deps/libtorch"
needed_mib=6000 # wheels, LibTorch and one build tree

step() { printf '==> %s\n' "$*" >&2; }

die() {
    printf 'packaging: %s\n' "$*" >&2
    exit 1
}

# names FILE: the lines of a package list without comments.
names() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1"; }

# install_debian LIST...: installs what dpkg does not have yet.
install_debian() {
    local missing=() name
    command -v dpkg-query >/dev/null || die "this needs Debian 12 (dpkg-query is not there)."
    for name in $(for list in "$@"; do names "$root/packaging/$list"; done); do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            die "as root, install these packages and run again: apt-get install ${missing[*]}"
        as_root=(sudo)
        [ -t 0 ] || as_root=(sudo -n)
    fi
    step "Installing Debian packages: ${missing[*]}"
    "${as_root[@]}" apt-get update -qq >&2 ||
        die "apt-get update failed; check the network and that you may use sudo, then run again."
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends "${missing[@]}" >&2 ||
        die "apt-get could not install all packages; see its message above, then run again."
}

# check_space: enough room for a first build?
check_space() {
    local free_mib
    free_mib=$(df -Pm "$root" | awk 'NR == 2 { print $4 }')
    [ "$free_mib" -ge "$needed_mib" ] ||
        die "$root has $free_mib MiB free, a first build needs $needed_mib MiB; make room and run again."
}

wheels_stamp() { sha256sum "$root/packaging/wheels.txt" | cut -d' ' -f1; }

# fetch_libtorch: unpacks the parts of the pinned wheels that the program links.
fetch_libtorch() {
    if [ -n "${LIBTORCH_ROOT:-}" ]; then
        [ -e "$LIBTORCH_ROOT/lib/libtorch_cpu.so" ] ||
            die "LIBTORCH_ROOT is $LIBTORCH_ROOT, but there is no lib/libtorch_cpu.so in it."
        return 0
    fi
    [ "$(cat "$libtorch/.stamp" 2>/dev/null || true)" != "$(wheels_stamp)" ] || return 0
    check_space
    local downloads="$root/build/deps/downloads" partial="$libtorch.partial" wheel
    mkdir -p "$downloads"
    step "Downloading LibTorch (about 560 MB, checked by its hashes)"
    # pip keeps a whole file or none, and takes again what is there already.
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
        --only-binary=:all: --implementation cp --python-version 311 \
        --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 \
        --platform manylinux2014_x86_64 --platform manylinux_2_17_x86_64 \
        --dest "$downloads" -r "$root/packaging/wheels.txt" >&2 ||
        die "LibTorch could not be downloaded; check the network and run again (what is whole is kept)."
    step "Unpacking LibTorch"
    rm -rf "$partial" "$libtorch"
    mkdir -p "$partial/lib"
    for wheel in "$downloads"/torch-*.whl; do
        unzip -q "$wheel" 'torch/include/*' 'torch/lib/libtorch_cpu.so' 'torch/lib/libc10.so' \
            'torch/lib/libgomp*' 'torch/lib/libgfortran*' -d "$partial" ||
            die "$wheel cannot be unpacked (a full disk?); run again."
    done
    mv "$partial/torch/include" "$partial/include"
    mv "$partial/torch/lib/"* "$partial/lib/"
    rm -r "$partial/torch"
    for wheel in "$downloads"/nvidia_*.whl; do
        unzip -q -j -o "$wheel" 'nvidia/*/lib/libcudart.so*' 'nvidia/*/lib/libcupti.so*' \
            -d "$partial/lib" 2>/dev/null || true # each wheel holds one of the two
    done
    [ -e "$partial/lib/libcudart.so.13" ] && [ -e "$partial/lib/libcupti.so.13" ] ||
        die "the CUDA runtime could not be unpacked (a full disk?); run again."
    wheels_stamp >"$partial/.stamp"
    mv "$partial" "$libtorch"
    rm -rf "$downloads"
}

# build PRESET: configures where it was not, builds what changed.
build() {
    local preset=$1
    if [ ! -f "$root/build/$preset/build.ninja" ]; then
        check_space
        step "Configuring ($preset)"
        (cd "$root" && cmake --preset "$preset" >&2) ||
            die "configuring failed; see the message above."
    fi
    step "Building ($preset)"
    (cd "$root" && cmake --build --preset "$preset" >&2) || die "building failed; see the message above."
}
