#!/bin/sh
# Is every C++ file laid out as clang-format does it?
cd "$1" || exit 1
git ls-files '*.h' '*.cpp' | xargs clang-format --dry-run -Werror && echo "all files are formatted"
