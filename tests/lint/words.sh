#!/bin/sh
# Nothing left over, nothing that belongs to one machine.
cd "$1" || exit 1
if git grep -nIE 'TODO|FIXME|XXX:|/(work|root)/[a-z]' -- ':!tests/lint' ':!resources/vocabularies' \
    ':!resources/starter/*.json' ':!resources/starter/merges.txt' ':!tests/data' ':!*.inc'; then
    echo "these lines hold left-over marks or paths of one machine"
    exit 1
fi
echo "no left-over marks, no paths of one machine"
