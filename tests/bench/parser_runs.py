#!/usr/bin/env python3
"""How long listing and comparing two runs of parsers takes on a project of generated rows.

Usage: parser_runs.py TAGALIGN [CAPTIONS]    (the program, and 64000 captions unless told)
"""
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TAGS = 5000
PER_CAPTION = 5
FOUND = 0.9  # of a caption's tags by each parser
VALUES = "?, ?, ?, 0, 3, 0.8"


def candidates(captions, draw):
    """Rows of two runs over the same captions, five of them to an image."""
    for caption in range(captions):
        tags = [min(TAGS - 1, int(draw.expovariate(1 / 400))) for _ in range(PER_CAPTION)]
        for run in (0, 1):
            for tag in tags:
                if draw.random() < FOUND:
                    yield caption // 5 + 1, tag + 1, run * captions + caption + 1


def fill(file, captions):
    base = sqlite3.connect(file)
    base.executemany("INSERT INTO image (path, sha256, phash, width, height, split) "
                     "VALUES (?, ?, 0, 4, 3, 'train')",
                     ((f"{i}.jpg", str(i)) for i in range(captions // 5 + 1)))
    base.executemany("INSERT INTO caption (image_id, text) VALUES (?, ?)",
                     ((i // 5 + 1, f"caption {i}") for i in range(captions)))
    base.executemany("INSERT INTO tag (kind, lemma, display) VALUES (?, ?, ?)",
                     (("object" if i % 2 else "attribute", f"t{i}", f"t{i}") for i in range(TAGS)))
    for run, name in ((1, "first"), (2, "second")):
        base.execute("INSERT INTO parser_run (parser, parser_version, started_at) "
                     "VALUES (?, '1', '2026-01-01T00:00:00.000Z')", (name,))
        base.executemany("INSERT INTO parse (caption_id, parser, parser_version, milliseconds, "
                         "run_id) VALUES (?, ?, '1', 1, ?)",
                         ((i + 1, name, run) for i in range(captions)))
    base.executemany("INSERT INTO candidate (image_id, tag_id, parse_id, span_start, span_length, "
                     f"confidence) VALUES ({VALUES})", candidates(captions, random.Random(1)))
    base.commit()
    return base.execute("SELECT COUNT(*) FROM candidate").fetchone()[0]


def seconds(*command):
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main():
    program = sys.argv[1]
    captions = int(sys.argv[2]) if len(sys.argv) > 2 else 64000
    with tempfile.TemporaryDirectory() as folder:
        project = str(Path(folder) / "runs.tagalign")
        subprocess.run([program, "new", project], check=True, capture_output=True)
        rows = fill(Path(project) / "project.sqlite", captions)
        print(f"{captions} captions read by two parsers, {rows} tags")
        print(f"opening alone: {seconds(program, 'audit', '--project', project):.2f} s")
        print(f"list:          {seconds(program, 'parsers', project):.2f} s")
        print(f"compare:       {seconds(program, 'parsers', project, '--compare', '1', '2'):.2f} s")


if __name__ == "__main__":
    main()
