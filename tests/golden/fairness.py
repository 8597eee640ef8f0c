"""Writes tests/data/eval/fairness.json by numpy: recall of groups with Mantel-Haenszel weights,
pointwise mutual information, and BiasAmp of both directions (Wang and Russakovsky 2021, section
4.2), each on random labels and decisions and on weighted images. Needs numpy."""

import json
import pathlib

import numpy as np

TARGET = pathlib.Path(__file__).resolve().parents[1] / "data" / "eval"


def group_recall(labels, found, member, weights):
    """labels, found: [tag, image]; member: [image]."""
    rows = []
    for label, hit in zip(labels, found):
        inside, outside = weights * label * member, weights * label * (1 - member)
        n, m = inside.sum(), outside.sum()
        if n > 0 and m > 0:
            rows.append((n * m / (n + m), (inside * hit).sum() / n, (outside * hit).sum() / m))
    share, inner, outer = np.array(rows).T
    return [float(np.average(inner, weights=share)), float(np.average(outer, weights=share))]


def amplification(given, told, said, train_given, train_told, weights):
    """The mean of Δ or -Δ by whether the pair stands together in training."""
    images = train_given.shape[1]
    joint = train_given @ train_told.T / images
    together = joint > np.outer(train_given.mean(axis=1), train_told.mean(axis=1))
    shown = weights * given
    delta = shown @ (said - told).T / shown.sum(axis=1, keepdims=True)
    return float(np.where(together, delta, -delta).mean()), together, delta


def case(rng, images, tags):
    def random(count, chance):
        rows = (rng.random((count, images)) < chance).astype(int)
        rows[:, 0] = 1
        return rows

    weights = rng.multinomial(images, np.full(images, 1 / images))
    weights[0] += 1  # so that no tag is without an image
    labels, said = random(tags, 0.3), random(tags, 0.4)
    given, train_given, train_told = random(4, 0.3), random(4, 0.3), random(tags, 0.3)
    member = (rng.random(images) < 0.4).astype(int)
    value, together, delta = amplification(given, labels, said, train_given, train_told, weights)
    return {
        "labels": labels.tolist(),
        "said": said.tolist(),
        "given": given.tolist(),
        "train_given": train_given.tolist(),
        "train_told": train_told.tolist(),
        "member": member.tolist(),
        "weights": weights.tolist(),
        "recall": group_recall(labels, said, member, np.ones(images)),
        "weighted_recall": group_recall(labels, said, member, weights),
        "together": together.astype(int).tolist(),
        "shifts": delta.ravel().tolist(),
        "amplification": value,
    }


def main():
    rng = np.random.default_rng(2102)
    cases = [case(rng, images, tags) for images, tags in ((30, 3), (200, 6))]
    (TARGET / "fairness.json").write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
