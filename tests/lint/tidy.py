#!/usr/bin/env python3
"""clang-tidy and cppcheck on what clang 14 can parse: all that includes no torch header.

Usage: tidy.py ROOT BUILD

A file that passed is looked at again only when something changed that its verdict depends on: the
file, the project's headers that it reaches, its compile command, .clang-tidy, or clang-tidy. What
passed is remembered below BUILD/tidy, so a fresh build folder (as in CI) has every file checked;
so does deleting that folder, after a change of system headers.
"""
import hashlib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FOLDERS = ("db", "app", "widgets", "model/text", "model/tags", "model/dataset", "model/eval")
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
TORCH = re.compile(rb"^\s*#\s*include\s*<(torch|ATen|c10)/", re.MULTILINE)
CPPCHECK = ["--quiet", "--library=qt", "--std=c++20", "--enable=warning,performance,portability",
            "--inline-suppr", "--error-exitcode=1", "--suppress=missingInclude",
            "--suppress=unknownMacro", "-I", "."]
# The compile commands are g++'s; clang need not know each of its warnings.
CLANG_TIDY = ["clang-tidy", "--quiet", "--extra-arg=-Wno-unknown-warning-option"]


def reached_from(source):
    """The file and the project's headers that it includes, directly or not; paths from ROOT."""
    found, waiting = set(), [source]
    while waiting:
        file = waiting.pop()
        if file not in found and file.is_file():
            found.add(file)
            for name in INCLUDE.findall(file.read_bytes()):
                waiting += [Path(name.decode()), file.parent / name.decode()]
    return sorted(found)


def speaks_torch(source):
    return any(TORCH.search(file.read_bytes()) for file in reached_from(source))


def verdict_key(source, command, common):
    """What the verdict on a file depends on, as one hash."""
    key = hashlib.sha256(common + command.encode())
    for file in reached_from(source):
        key.update(f"{file}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return key.hexdigest()


def tidy(source, command, common, build):
    """Whether clang-tidy has nothing to say on the file; prints what it says."""
    key = verdict_key(source, command, common)
    stamp = build / "tidy" / f"{source}.passed"
    if stamp.is_file() and stamp.read_text() == key:
        return True
    run = subprocess.run([*CLANG_TIDY, "-p", build, source], capture_output=True, text=True)
    if run.returncode != 0:
        print(run.stdout, run.stderr, f"{source}: clang-tidy is not content", sep="\n", flush=True)
        return False
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(key)
    return True


def main():
    root, build = Path(sys.argv[1]), Path(sys.argv[2]).resolve()
    os.chdir(root)
    entries = json.loads((build / "compile_commands.json").read_text())
    commands = {os.path.relpath(entry["file"], root.resolve()): entry["command"] for entry in entries}
    sources = sorted(file for folder in FOLDERS for file in Path(folder).rglob("*.cpp")
                     if not speaks_torch(file))
    if not sources:
        sys.exit(f"no source file below {root}")
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    common = version + repr(CLANG_TIDY).encode() + Path(".clang-tidy").read_bytes()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        passed = list(pool.map(
            lambda file: tidy(file, commands.get(str(file), ""), common, build), sources))
    memory = build / "tidy" / "cppcheck"
    memory.mkdir(parents=True, exist_ok=True)
    cppcheck = subprocess.run(["cppcheck", *CPPCHECK, f"--cppcheck-build-dir={memory}",
                               f"-j{os.cpu_count()}", *sources])
    print(f"{sum(passed)} of {len(sources)} files pass clang-tidy")
    sys.exit(not all(passed) or cppcheck.returncode)


if __name__ == "__main__":
    main()
