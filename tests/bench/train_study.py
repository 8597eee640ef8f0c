"""Which head, loss and pooling suits small pilots? One choice at a time around the defaults, several
seeds each, on a demo pilot, measured against what its untouched pictures really show.

    python3 tests/bench/train_study.py TAGALIGN [--pilot NAME] [--seeds N] [--only NAME ..] [--jobs N]

Prints a Markdown table: the figures after fine-tuning, mean over the seeds and, in brackets, the
standard deviation; and how long a training took (longer, the more run at a time). The first row is the
frozen model as it is best: its whole-image vector for tags and captions, its patches for places.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import queue
import shutil
import statistics
import subprocess
import tempfile

VARIANTS = {
    "defaults": [],
    "head gated-conv": ["--head", "gated-conv"],
    "head transformer": ["--head", "transformer"],
    "head projection": ["--head", "projection"],
    "head projection, learning rate 1e-2": ["--head", "projection", "--lr", "1e-2"],
    "head projection, pull 0.1": ["--head", "projection", "--pull", "0.1"],
    "learning rate 3e-4": ["--lr", "3e-4"],
    "learning rate 1e-3": ["--lr", "1e-3"],
    "learning rate 1e-2": ["--lr", "1e-2"],
    "pull 0": ["--pull", "0"],
    "pull 0.1": ["--pull", "0.1"],
    "pull 10": ["--pull", "10"],
    "pooling mean": ["--pooling", "mean"],
    "pooling top-k": ["--pooling", "top-k"],
    "tag loss sigmoid": ["--tag-loss", "sigmoid"],
    "tag loss asymmetric": ["--tag-loss", "asymmetric"],
    "one softmax": ["--tag-groups", "joint"],
    "caption share 1": ["--caption-share", "1"],
    "preset paper": ["--preset", "paper"],
}
WHOLE = " against the whole-image vector"
FIGURES = [
    ("tag mAP" + WHOLE, "objects", "mAP objects"),
    ("tag mAP" + WHOLE, "attributes", "mAP attributes"),
    ("text-to-image R@5" + WHOLE, "captions", "R@5"),
    ("false alerts per image", "objects", "alerts objects"),
    ("false alerts per image", "attributes", "alerts attributes"),
    ("pointing accuracy", "objects", "pointing objects"),
    ("pointing accuracy", "attributes", "pointing attributes"),
    ("region IoU", "attributes", "IoU attributes"),
]


def measured(program, pilot, folder, options, seed, threads):
    command = [program, "demo", "bench", "--pilot", pilot, "--folder", str(folder), "--json",
               "--seed", str(seed), *options]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    output = subprocess.run(command, check=True, capture_output=True, text=True,
                            env=environment).stdout
    return {(row["metric"], row["kind"]): row for row in json.loads(output)}


def training_seconds(program, pilot, folder):
    """Of the newest run."""
    project = folder / f"{pilot}.tagalign"
    listed = subprocess.run([program, "runs", "--project", str(project), "--json"], check=True,
                            capture_output=True, text=True).stdout
    run = json.loads(listed)[0]["run"]
    return json.loads((project / "runs" / run / "run.json").read_text())["seconds"]


def folders(program, pilot, folder, count):
    """So many with the same encoded project, one for each job, and the figures of a first training."""
    first = folder / "0"
    figures = measured(program, pilot, first, ["--epochs", "1"], 1, os.cpu_count() or 1)
    rest = [folder / str(job) for job in range(1, count)]
    for copy in rest:
        shutil.copytree(first, copy)
    return [first, *rest], figures


def row(name, runs, when, seconds):
    cells = [name]
    for metric, kind, _ in FIGURES:
        values = [run[metric, kind][when] for run in runs]
        spread = f" ({statistics.stdev(values):.3f})" if len(values) > 1 else ""
        cells.append(f"{statistics.mean(values):.3f}{spread}")
    cells.append(f"{statistics.mean(seconds):.0f}")
    return "| " + " | ".join(cells) + " |"


def study(program, pilot, variants, seeds, jobs, folder):
    free = queue.Queue()
    places, figures = folders(program, pilot, folder, jobs)
    print(row("frozen model", [figures], "before", [0]), flush=True)
    for place in places:
        free.put(place)
    threads = max(1, (os.cpu_count() or 1) // jobs)

    def one(options, seed):
        place = free.get()
        try:
            run = measured(program, pilot, place, options, seed, threads)
            return run, training_seconds(program, pilot, place)
        finally:
            free.put(place)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        results = {name: [pool.submit(one, options, seed) for seed in range(1, seeds + 1)]
                   for name, options in variants.items()}
        for name, futures in results.items():
            runs, seconds = zip(*(future.result() for future in futures))
            print(row(name, runs, "after", seconds), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--pilot", default="product-search")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", nargs="*", help="names of settings in the table")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at a time")
    arguments = parser.parse_args()
    variants = {name: options for name, options in VARIANTS.items()
                if not arguments.only or name in arguments.only}
    print("| " + " | ".join(["setting", *(title for *_, title in FIGURES), "s"]) + " |")
    print("|---" * (len(FIGURES) + 2) + "|", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        study(arguments.program, arguments.pilot, variants, arguments.seeds, arguments.jobs,
              pathlib.Path(temporary))


if __name__ == "__main__":
    main()
