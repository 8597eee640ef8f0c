#!/bin/sh
# clang-tidy and cppcheck on what clang 14 can parse: all that includes no torch header.
# Usage: tidy.sh ROOT BUILD
cd "$1" || exit 1
files=$(git ls-files 'db/*.cpp' 'app/*.cpp' 'widgets/*.cpp' 'model/text/*.cpp' 'model/tags/*.cpp' \
    'model/dataset/*.cpp' 'model/eval/*.cpp')
status=0
printf '%s\n' $files | xargs -P 2 -n 6 clang-tidy -p "$2" --quiet 2>/dev/null || status=1
cppcheck --quiet --library=qt --std=c++20 --enable=warning,performance,portability \
    --inline-suppr --error-exitcode=1 --suppress=missingInclude --suppress=unknownMacro -I . -j 2 \
    $files || status=1
exit $status
