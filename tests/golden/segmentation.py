"""Writes tests/data/eval/segmentation.json: label maps, masks, and their IoU per class, mean IoU
and pixel accuracy by plain loops over the definitions of mmsegmentation's IoUMetric. Needs the
standard library alone."""

import json
import pathlib
import random

TARGET = pathlib.Path(__file__).resolve().parents[1] / "data" / "eval"
IGNORED = 255


def reference(images, classes):
    """images: (predicted, truth) lists of labels. Pixels are looked at one by one."""
    pixels = [pair for predicted, truth in images for pair in zip(predicted, truth)
              if pair[1] != IGNORED]
    iou = []
    for label in range(classes):
        both = sum(1 for p, t in pixels if p == label and t == label)
        either = sum(1 for p, t in pixels if p == label or t == label)
        iou.append(both / either if either else None)
    in_truth = sorted({t for _, t in pixels})
    seen = [value for value in iou if value is not None]
    return {
        "iou": iou,
        "mean_iou": sum(iou[label] for label in in_truth) / len(in_truth),
        "mean_iou_of_seen": sum(seen) / len(seen),
        "pixel_accuracy": sum(1 for p, t in pixels if p == t) / len(pixels),
    }


def case(rng, classes, images, in_truth, right):
    """Masks of blocks, some of them ignored; label maps that are right with a probability."""
    pairs = []
    for _ in range(images):
        truth, predicted = [], []
        for _ in range(rng.randint(3, 9)):
            label = IGNORED if rng.random() < 0.15 else rng.choice(in_truth)
            block = rng.randint(1, 40)
            truth += [label] * block
            predicted += [label if rng.random() < right and label != IGNORED
                          else rng.randrange(classes) for _ in range(block)]
        pairs.append((predicted, truth))
    counts = [rng.randrange(3) for _ in range(images)]
    counts[0] = 1
    drawn = [pair for pair, count in zip(pairs, counts) for _ in range(count)]
    return {
        "classes": classes,
        "images": [{"predicted": p, "truth": t} for p, t in pairs],
        "expected": reference(pairs, classes),
        "weights": counts,
        "weighted": reference(drawn, classes),
    }


def main():
    rng = random.Random(5)
    cases = [case(rng, 2, 3, [0, 1], 0.7), case(rng, 5, 6, [0, 1, 2, 3, 4], 0.5),
             case(rng, 9, 5, [1, 4, 7], 0.3), case(rng, 133, 8, list(range(0, 130, 3)), 0.2)]
    (TARGET / "segmentation.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
