#!/bin/sh
# Do the checks beside this file find what is planted, in a folder that git does not know?
# Usage: self_test.sh ROOT
checks="$1/tests/lint"
play=$(mktemp -d)
trap 'rm -rf "$play"' EXIT
failures=0

# expect good|bad CHECK WHAT
expect() {
    if "$checks/$2" "$play" >"$play.log" 2>&1; then outcome=good; else outcome=bad; fi
    [ $outcome = "$1" ] || { echo "FAIL $2 calls $3 $outcome" && cat "$play.log" && failures=1; }
    rm -f "$play.log"
}

expect bad format.sh "an empty folder"
expect bad words.sh "an empty folder"
mkdir "$play/app" "$play/db" "$play/model" "$play/widgets" "$play/tests"
cp "$1/.clang-format" "$play/"
expect bad format.sh "a tree without a C++ file"
printf 'int main() { return 0; }\n' >"$play/app/a file.cpp" # laid out otherwise here
expect bad format.sh "a badly laid out file"
printf 'int main()\n{\n    return 0;\n}\n' >"$play/app/a file.cpp"
expect good format.sh "a well laid out file"
expect good words.sh "a clean tree"
for word in TODO /work/x /root/x https://files.pythonhosted.org pypi.org/simple deb.debian.org; do
    echo "# $word" >"$play/app/a file.py"
    expect bad words.sh "$word"
done
exit $failures
