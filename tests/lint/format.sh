#!/bin/sh
# Is every C++ file laid out as clang-format does it?
# Looks at the folders, not at git: a tarball has none, and git refuses another user's checkout.
cd "$1" || exit 1
files=$(find app db model widgets tests \( -name '*.h' -o -name '*.cpp' \) -type f) ||
    { echo "$1 has not all folders that hold C++" && exit 1; }
[ -n "$files" ] || { echo "no C++ file below $1" && exit 1; }
printf '%s\n' "$files" | xargs -d '\n' clang-format --dry-run -Werror && echo "all files are formatted"
