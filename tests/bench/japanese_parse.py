"""How much of what composed pictures show does the Japanese parser read out of their captions?

    python3 tests/bench/japanese_parse.py TAGALIGN [--count N] [--pilot NAME]

Composes pictures with Japanese captions that name every object, colour and surface, parses the
captions and compares with the truth in truth/objects.jsonl. Sizes and places, of which captions
leave some out, count for precision only; counts not at all. Prints a Markdown table.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

PILOTS = ["product-search", "shelf-inventory", "inspection"]
TOLD = {
    "赤い": "red", "オレンジ色の": "orange", "黄色い": "yellow", "緑色の": "green",
    "青い": "blue", "紫色の": "purple", "ピンク色の": "pink", "茶色い": "brown",
    "黒い": "black", "白い": "white", "縞模様の": "striped", "水玉模様の": "dotted",
    "市松模様の": "chequered", "ひび割れた": "cracked", "錆びた": "rusty",
    "染みのある": "stained", "傷のある": "scratched",
}
SOMETIMES_TOLD = {
    "左の": "left", "右の": "right", "上の": "top", "下の": "bottom",
    "大きな": "large", "小さな": "small",
}
COUNTS = {"二つの", "三つの", "四つの"}
OBJECTS = pathlib.Path(__file__).parents[2] / "resources/demo/objects.json"


class Figures:
    """Counts of one kind of tag over all captions."""

    def __init__(self):
        self.right = self.wrong = self.found = self.missed = 0

    def add(self, predicted, told, allowed):
        self.right += len(predicted & allowed)
        self.wrong += len(predicted - allowed)
        self.found += len(predicted & told)
        self.missed += len(told - predicted)

    def row(self):
        precision = self.right / max(self.right + self.wrong, 1)
        recall = self.found / max(self.found + self.missed, 1)
        return f"{precision:.3f} | {recall:.3f} | {self.found + self.missed}"


def run(command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def compose(tagalign, folder, pilot, count):
    run([tagalign, "demo", "make", folder, "--pilot", pilot, "--count", str(count), "--language",
         "ja", "--unmentioned", "0", "--wrong-word", "0", "--untold", "0"])
    lines = (pathlib.Path(folder) / "captions.jsonl").read_text("utf-8").splitlines()
    truth = (pathlib.Path(folder) / "truth/objects.jsonl").read_text("utf-8").splitlines()
    shown = {row["file_name"]: row["objects"] for row in map(json.loads, truth)}
    return [(caption, shown[row["file_name"]])
            for row in map(json.loads, lines) for caption in row["captions"]]


def measure(tagalign, pairs, nouns, misses):
    parsed = run([tagalign, "parse"], input="".join(caption + "\n" for caption, _ in pairs))
    objects, attributes = Figures(), Figures()
    for (caption, shown), line in zip(pairs, parsed.splitlines(), strict=True):
        tags = json.loads(line)
        there = {row["object"] for row in shown}
        told = {(row["object"], name) for row in shown for name in row["attributes"]
                if name in TOLD.values()}
        allowed = {(row["object"], name) for row in shown for name in row["attributes"]}
        read = {nouns.get(name, name) for name in tags["objects"]} - {"テーブル"}
        # "空のテーブル" stands for nothing at all, and a table may be one of the objects.
        read |= {"table"} if "table" in there and "テーブル" in tags["objects"] else set()
        words = TOLD | SOMETIMES_TOLD
        pairs_read = {(nouns.get(owner, owner), words.get(name, name))
                      for owner, name in tags["attributes"] if name not in COUNTS}
        objects.add(read, there, there)
        attributes.add(pairs_read, told, allowed)
        if read != there or not told <= pairs_read or not pairs_read <= allowed:
            misses.append(caption)
    return objects, attributes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tagalign")
    parser.add_argument("--count", type=int, default=200, help="pictures a pilot")
    parser.add_argument("--pilot", choices=PILOTS, help="only this one")
    parser.add_argument("--misses", action="store_true", help="list the captions read wrongly")
    options = parser.parse_args()
    nouns = {row["japanese"]: row["noun"] for row in json.loads(OBJECTS.read_text("utf-8"))}
    print("| pilot | captions | of | precision | recall | told |\n|---|---|---|---|---|---|")
    for pilot in [options.pilot] if options.pilot else PILOTS:
        with tempfile.TemporaryDirectory() as folder:
            pairs = compose(options.tagalign, folder, pilot, options.count)
        misses = []
        for kind, figures in zip(("objects", "attributes of their object"),
                                 measure(options.tagalign, pairs, nouns, misses), strict=True):
            print(f"| {pilot} | {len(pairs)} | {kind} | {figures.row()} |")
        if options.misses:
            print("\n".join(misses))


if __name__ == "__main__":
    main()
