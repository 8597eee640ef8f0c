"""Which head, loss and pooling suits small pilots? One choice at a time around the defaults, several
seeds each, on a demo pilot, measured against what its untouched pictures really show.

    python3 tests/bench/train_study.py TAGALIGN [--pilot NAME] [--seeds N] [--only TEXT] [--folder DIR]

Prints a Markdown table: the change that fine-tuning makes, mean over the seeds and, in brackets, the
standard deviation; and how long a training took.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile

VARIANTS = {
    "defaults": [],
    "head gated-conv": ["--head", "gated-conv"],
    "head transformer": ["--head", "transformer"],
    "head projection": ["--head", "projection"],
    "learning rate 3e-4": ["--lr", "3e-4"],
    "learning rate 1e-3": ["--lr", "1e-3"],
    "learning rate 1e-2": ["--lr", "1e-2"],
    "pull 0": ["--pull", "0"],
    "pull 10": ["--pull", "10"],
    "pooling mean": ["--pooling", "mean"],
    "pooling top-k": ["--pooling", "top-k"],
    "tag loss sigmoid": ["--tag-loss", "sigmoid"],
    "tag loss asymmetric": ["--tag-loss", "asymmetric"],
    "one softmax": ["--tag-groups", "joint"],
    "caption share 1": ["--caption-share", "1"],
    "preset paper": ["--preset", "paper"],
}
FIGURES = [
    ("tag mAP", "objects", "mAP objects"),
    ("tag mAP", "attributes", "mAP attributes"),
    ("text-to-image R@5", "captions", "R@5"),
    ("false alerts per image", "objects", "alerts objects"),
    ("false alerts per image", "attributes", "alerts attributes"),
    ("pointing accuracy", "objects", "pointing objects"),
    ("pointing accuracy", "attributes", "pointing attributes"),
    ("region IoU", "attributes", "IoU attributes"),
]


def measured(program, pilot, folder, options, seed):
    command = [program, "demo", "bench", "--pilot", pilot, "--folder", folder, "--json",
               "--seed", str(seed), *options]
    rows = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {(row["metric"], row["kind"]): row["after"] - row["before"] for row in rows}


def training_seconds(program, pilot, folder):
    """Of the newest run."""
    project = pathlib.Path(folder) / f"{pilot}.tagalign"
    listed = subprocess.run([program, "runs", "--project", str(project), "--json"], check=True,
                            capture_output=True, text=True).stdout
    run = json.loads(listed)[0]["run"]
    return json.loads((project / "runs" / run / "run.json").read_text())["seconds"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--pilot", default="product-search")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default="", help="variants whose name holds this text")
    parser.add_argument("--folder", help="keep the project there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or temporary
        print("| " + " | ".join(["setting", *(title for *_, title in FIGURES), "s"]) + " |")
        print("|---" * (len(FIGURES) + 2) + "|")
        for name, options in VARIANTS.items():
            if arguments.only not in name:
                continue
            changes, seconds = [], []
            for seed in range(1, arguments.seeds + 1):
                changes.append(
                    measured(arguments.program, arguments.pilot, folder, options, seed))
                seconds.append(training_seconds(arguments.program, arguments.pilot, folder))
            cells = [name]
            for metric, kind, _ in FIGURES:
                values = [change[metric, kind] for change in changes]
                deviation = statistics.stdev(values) if len(values) > 1 else 0.0
                cells.append(f"{statistics.mean(values):+.3f} ({deviation:.3f})")
            cells.append(f"{statistics.mean(seconds):.0f}")
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
