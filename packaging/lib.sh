# shellcheck shell=bash
# Shared by packaging/run and packaging/test: what is missing is fetched, built, or refused in one
# sentence. Everything but Debian packages stays below build/.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
deps="$root/build/deps"
libtorch="$deps/libtorch"
os_release=/etc/os-release
python=/usr/bin/python3 # Debian's, whose pip is in debian-build.txt; PATH may begin with another

# The compiler cache stays in the checkout too, unless the user keeps one elsewhere.
export CCACHE_DIR="${CCACHE_DIR:-$root/build/ccache}"

step() { printf '==> %s\n' "$*" >&2; }

die() {
    printf 'packaging: %s\n' "$*" >&2
    exit 1
}

# names FILE: the lines of a package list without comments.
names() { sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1"; }

# check_machine: the package names are Debian's and the pinned LibTorch is for one architecture.
check_machine() {
    local system name
    system=$(uname -sm)
    [ "$system" = "Linux x86_64" ] || die "this needs Linux on x86_64; this machine is $system."
    name=$(sed -n 's/^ID=//p' "$os_release" 2>/dev/null | tr -d '"') || true
    [ "$name" = debian ] || die "this needs Debian 12; this machine is ${name:-another system}."
}

# install_debian LIST...: installs what dpkg does not have yet.
install_debian() {
    local wanted installed missing as_root=()
    mapfile -t wanted < <(for list in "$@"; do names "$root/packaging/$list"; done | sort -u)
    # It fails where it does not know one of the names.
    mapfile -t installed < <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" \
        2>/dev/null | sed -n 's/^installed //p' | sort -u)
    mapfile -t missing < <(comm -23 <(printf '%s\n' "${wanted[@]}") <(printf '%s\n' "${installed[@]}"))
    [ ${#missing[@]} -gt 0 ] || return 0
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

free_mib() { df -Pm "$root" | awk 'NR == 2 { print $4 }'; }

# check_space MIB PURPOSE
check_space() {
    local free
    free=$(free_mib)
    [ "$free" -ge "$1" ] ||
        die "$root has $free MiB free, $2 needs $1 MiB; make room and run again."
}

digest() { sha256sum "$1" | cut -d' ' -f1; }

# is_current FOLDER LIST: was FOLDER made from LIST as it is now?
is_current() { [ "$(cat "$1/.stamp" 2>/dev/null || true)" = "$(digest "$2")" ]; }

# pip_in_checkout PYTHON ARGUMENT...: pip without its cache and its temporary files elsewhere.
pip_in_checkout() {
    local python=$1 quiet=--quiet code=0
    shift
    [ ! -t 2 ] || quiet=--progress-bar=on # half a gigabyte takes a while
    rm -rf "$deps/tmp"
    mkdir -p "$deps/tmp"
    TMPDIR="$deps/tmp" "$python" -m pip "$@" $quiet --no-cache-dir --no-input \
        --disable-pip-version-check </dev/null >&2 || code=$?
    rm -rf "$deps/tmp"
    return $code
}

# fetch_wheels LIST FOLDER PIP_OPTION...: the wheels that LIST pins, one at a time, so that an
# interruption costs one of them. What is whole is kept, what LIST does not name is removed.
fetch_wheels() {
    local list=$1 folder=$2 line file
    local -A whole=()
    shift 2
    mkdir -p "$folder"
    for file in "$folder"/*.whl; do
        [ -e "$file" ] || continue
        line=$(digest "$file")
        if grep -q "sha256:$line" "$list"; then whole[$line]=1; else rm -f "$file"; fi
    done
    [ ${#whole[@]} -eq 0 ] || step "Wheels that are there already: ${#whole[@]}"
    while read -r line; do
        [ -z "${whole[${line##*sha256:}]:-}" ] || continue
        step "Downloading ${line%% *}"
        printf '%s\n' "$line" >"$folder/wanted.txt"
        pip_in_checkout "$python" download --no-deps --require-hashes --only-binary=:all: "$@" \
            --dest "$folder" -r "$folder/wanted.txt" ||
            die "${line%% *} could not be downloaded; check the network ($(free_mib) MiB of disk are free) and run again: whole wheels are kept."
    done < <(names "$list")
}

# unpack WHEEL FOLDER PATTERN...: dated now, so that the build notices a new version.
unpack() {
    local wheel=$1 folder=$2 code=0
    shift 2
    # On a full disk unzip asks what to do: without standard input it stops. 11: no match for a
    # pattern, since each wheel holds other ones.
    unzip -q -o -DD "$wheel" "$@" -d "$folder" </dev/null >/dev/null 2>&1 || code=$?
    [ $code -eq 0 ] || [ $code -eq 11 ] || refuse_partial "$folder"
}

refuse_partial() {
    rm -rf "$1"
    die "LibTorch could not be unpacked ($(free_mib) MiB of disk are free); make room and run again."
}

# fetch_libtorch: unpacks the parts of the pinned wheels that the program links.
fetch_libtorch() {
    if [ -n "${LIBTORCH_ROOT:-}" ]; then
        [ -e "$LIBTORCH_ROOT/lib/libtorch_cpu.so" ] ||
            die "LIBTORCH_ROOT is $LIBTORCH_ROOT, but there is no lib/libtorch_cpu.so in it."
        return 0
    fi
    local list="$root/packaging/wheels.txt" downloads="$deps/downloads" partial="$libtorch.partial"
    local wheel file
    ! is_current "$libtorch" "$list" || return 0
    check_space 6000 "a first build"
    step "Fetching LibTorch (about 560 MB, checked by its hashes)"
    fetch_wheels "$list" "$downloads" --implementation cp --python-version 311 \
        --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 \
        --platform manylinux2014_x86_64 --platform manylinux_2_17_x86_64
    step "Unpacking LibTorch"
    rm -rf "$partial"
    mkdir -p "$partial/lib"
    for wheel in "$downloads"/*.whl; do
        unpack "$wheel" "$partial" 'torch/include/*' 'torch/lib/libtorch_cpu.so' \
            'torch/lib/libc10.so' 'torch/lib/libgomp*' 'torch/lib/libgfortran*' \
            'nvidia/*/lib/libcudart.so*' 'nvidia/*/lib/libcupti.so*'
    done
    { mv "$partial/torch/include" "$partial/include" &&
        mv "$partial"/torch/lib/* "$partial"/nvidia/*/lib/* "$partial/lib/" &&
        rm -r "$partial/torch" "$partial/nvidia"; } || refuse_partial "$partial"
    for file in include/torch/csrc/api/include/torch/torch.h lib/libtorch_cpu.so lib/libc10.so \
        lib/libcudart.so.13 lib/libcupti.so.13; do
        [ -s "$partial/$file" ] || refuse_partial "$partial"
    done
    digest "$list" >"$partial/.stamp"
    rm -rf "$libtorch"
    mv "$partial" "$libtorch"
    rm -rf "$downloads"
}

# fetch_peers: a Python with the libraries that the parity tests compare with, for which they look
# in TAGALIGN_PEER_PYTHON; one that the caller names is taken as it is.
fetch_peers() {
    local list="$root/packaging/wheels-peers.txt" downloads="$deps/peer-downloads" venv="$deps/peers"
    if [ -z "${TAGALIGN_PEER_PYTHON:-}" ]; then
        export TAGALIGN_PEER_PYTHON="$venv/bin/python"
        is_current "$venv" "$list" || make_peers "$list" "$downloads" "$venv"
    fi
    "$TAGALIGN_PEER_PYTHON" -c '
import importlib.util as util, sys
missing = [name for name in ("transformers", "open_clip", "sklearn", "PIL") if not util.find_spec(name)]
sys.exit("not there: " + ", ".join(missing) if missing else 0)' >&2 ||
        die "$TAGALIGN_PEER_PYTHON (TAGALIGN_PEER_PYTHON) lacks what the parity tests compare with."
}

# make_peers LIST DOWNLOADS VENV
make_peers() {
    check_space 12000 "the full test"
    install_debian debian-full.txt
    step "Fetching the libraries that the parity tests compare with (about 3 GB, checked by hashes)"
    fetch_wheels "$1" "$2"
    step "Installing them in $3"
    { "$python" -m venv --clear "$3" >&2 && pip_in_checkout "$3/bin/python" install --no-index \
        --find-links "$2" --require-hashes -r "$1"; } ||
        die "they could not be installed ($(free_mib) MiB of disk are free); make room and run again."
    digest "$1" >"$3/.stamp"
    rm -rf "$2"
}

# build PRESET: configures where it was not, builds what changed.
build() {
    local preset=$1
    if [ ! -f "$root/build/$preset/build.ninja" ]; then
        check_space 3000 "a build"
        step "Configuring ($preset)"
        (cd "$root" && cmake --preset "$preset" >&2) ||
            die "configuring failed; see the message above."
    fi
    step "Building ($preset)"
    (cd "$root" && cmake --build --preset "$preset" >&2) || die "building failed; see the message above."
}

# read_pilot_arguments ARGUMENT...: sets project (what --project says, else a folder below build/
# after the first source; empty without one) and arguments (all but --project).
read_pilot_arguments() {
    local source=""
    project=""
    arguments=()
    while [ $# -gt 0 ]; do
        case $1 in
        --project=*) project=${1#*=} ;;
        --project)
            project=${2:-}
            shift
            ;;
        --)
            source=${source:-${2:-}}
            arguments+=("$@")
            break
            ;;
        --json | --help | -h | --*=*) arguments+=("$1") ;;
        -*) # every other option of the pilot takes a value
            arguments+=("${@:1:2}")
            shift
            ;;
        *)
            source=${source:-$1}
            arguments+=("$1")
            ;;
        esac
        [ $# -eq 0 ] || shift
    done
    [ -n "$project" ] || [ -z "$source" ] || project=$(default_project "$source")
}

# default_project SOURCE: the hash keeps two folders of one name apart.
default_project() {
    local path
    path=$(realpath -m -- "$1")
    printf '%s/build/%s-%s.tagalign' "$root" "${path##*/}" \
        "$(printf '%s' "$path" | sha256sum | cut -c 1-8)"
}
