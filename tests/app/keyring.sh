#!/bin/sh
# Runs a test with a fresh keyring service in a session of its own; without one where the machine
# has none. The user's own keyring is not touched.
# Usage: keyring.sh PROGRAM [ARGUMENT...]
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
export HOME="$home" XDG_RUNTIME_DIR="$home" XDG_DATA_HOME="$home/data"
export DBUS_SESSION_BUS_ADDRESS="unix:path=$home/none"
unset TAGALIGN_LLM_KEY OPENAI_API_KEY
if ! command -v dbus-run-session >/dev/null || ! command -v gnome-keyring-daemon >/dev/null; then
    "$@"
    exit
fi
dbus-run-session -- sh -c '
    printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
    "$@"' sh "$@"
