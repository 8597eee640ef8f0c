#!/bin/sh
# Nothing left over, nothing that belongs to one machine, no package host named past the package
# tools' own settings. Looks at the folder, not at git, as format.sh does.
cd "$1" || exit 1
words='TODO|FIXME|XXX:|/(work|root)/[a-z]|files\.pythonhosted|pypi\.org|deb\.debian\.org'
files=$(find . \( -name .git -o -name .cache -o -name __pycache__ -o -name '*.tagalign' \
    -o -path ./build -o -path ./tests/lint -o -path ./tests/data -o -path ./resources/vocabularies \) \
    -prune -o -type f ! -name '*.inc' ! -path './resources/starter/*.json' \
    ! -path ./resources/starter/merges.txt ! -name CMakeUserPresets.json -print)
[ -n "$files" ] || { echo "no file below $1" && exit 1; }
found=$(printf '%s\n' "$files" | xargs -d '\n' grep -nIE "$words" /dev/null)
if [ -n "$found" ]; then
    echo "$found"
    echo "these lines hold left-over marks, paths of one machine or package hosts"
    exit 1
fi
echo "no left-over marks, no paths of one machine, no package hosts"
