"""Writes tests/data/eval/average_precision.json: scikit-learn's average precision on scores with
and without ties and with repeated images. Needs scikit-learn and numpy."""

import json
import pathlib

import numpy as np
from sklearn.metrics import average_precision_score

TARGET = pathlib.Path(__file__).resolve().parents[1] / "data" / "eval" / "average_precision.json"


def case(rng, images, steps):
    scores = np.round(rng.normal(size=images) * steps) / steps  # few steps: many ties
    scores = scores.astype(np.float32)
    relevant = rng.random(images) < 0.3
    relevant[rng.integers(images)] = True
    weights = rng.multinomial(images, np.full(images, 1 / images))
    row = {
        "scores": [float(s) for s in scores],
        "relevant": [int(r) for r in relevant],
        "weights": [int(w) for w in weights],
        "ap": float(average_precision_score(relevant, scores)),
    }
    if (weights * relevant).sum() > 0:
        row["weighted"] = float(average_precision_score(relevant, scores, sample_weight=weights))
    return row


def main():
    rng = np.random.default_rng(2312)
    cases = [case(rng, images, steps) for images in (1, 2, 7, 40, 100) for steps in (1, 4, 1024)]
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
