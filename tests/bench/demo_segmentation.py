#!/usr/bin/env python3
"""Turns pictures that `tagalign demo make FOLDER` composed into a segmentation set, in place:
FOLDER/classes.json (background and every noun), FOLDER/index.jsonl, FOLDER/masks.

Usage: demo_segmentation.py FOLDER

Then: tagalign evaluate --segmentation FOLDER. Needs the standard library alone.
"""
import json
import struct
import sys
import zlib
from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunks(data):
    at = len(SIGNATURE)
    while at < len(data):
        length = struct.unpack(">I", data[at:at + 4])[0]
        yield data[at + 4:at + 8], data[at + 8:at + 8 + length]
        at += 12 + length


def paeth(a, b, c):
    return min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]


def grey_rows(file):
    """The rows of an 8-bit grey PNG (PNG specification, section 9: filters)."""
    parts = list(chunks(file.read_bytes()))
    width, height, depth, colour = struct.unpack(">IIBB", parts[0][1][:10])
    if (depth, colour) != (8, 0):
        sys.exit(f"{file}: expected 8-bit grey")
    raw = zlib.decompress(b"".join(body for name, body in parts if name == b"IDAT"))
    before = bytearray(width)
    for y in range(height):
        kind, *row = raw[y * (width + 1):(y + 1) * (width + 1)]
        for x in range(width):
            left, corner = (row[x - 1], before[x - 1]) if x else (0, 0)
            row[x] = (row[x] + (0, left, before[x], (left + before[x]) // 2,
                                paeth(left, before[x], corner))[kind]) & 255
        yield bytes(row)
        before = row


def write_grey(file, rows):
    def chunk(name, body):
        return (struct.pack(">I", len(body)) + name + body
                + struct.pack(">I", zlib.crc32(name + body)))
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    file.write_bytes(SIGNATURE + chunk(b"IHDR", header)
                     + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
                     + chunk(b"IEND", b""))


def main():
    folder = Path(sys.argv[1])
    with (folder / "truth" / "objects.jsonl").open() as lines:
        scenes = [json.loads(line) for line in lines]
    nouns = sorted({thing["object"] for scene in scenes for thing in scene["objects"]})
    if len(nouns) > 254:
        sys.exit(f"{len(nouns)} nouns are more than an 8-bit mask holds")
    labels = ["background", *nouns]
    (folder / "masks").mkdir(exist_ok=True)
    rows = []
    for scene in scenes:
        name = scene["file_name"]
        mask = f"masks/{Path(name).stem}.png"
        table = bytes([0, *(labels.index(thing["object"]) for thing in scene["objects"])])
        table += bytes(256 - len(table))
        write_grey(folder / mask,
                   [row.translate(table) for row in grey_rows(folder / "truth" / mask)])
        rows.append(json.dumps({"image": name, "mask": mask}))
    (folder / "classes.json").write_text(json.dumps(labels) + "\n")
    (folder / "index.jsonl").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
