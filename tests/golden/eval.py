"""Writes references into tests/data/eval, by scikit-learn and SciPy:
average_precision.json (scores with and without ties, repeated images), calibration.json (Platt's
sigmoid, reliability bins, expected calibration error), bca.json (bootstrap intervals),
logistic.json (ridge logistic regression, with and without offsets, and AUROC). Needs scikit-learn,
scipy and numpy."""

import json
import pathlib

import numpy as np
from scipy.optimize import minimize
from scipy.stats import bootstrap
from sklearn.calibration import _sigmoid_calibration, calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

TARGET = pathlib.Path(__file__).resolve().parents[1] / "data" / "eval"
BINS = 10


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


def calibration_case(rng, pairs, slope, offset):
    """Scores like cosines, tags that are there with a probability of the sigmoid."""
    scores = (0.2 + 0.05 * rng.normal(size=pairs)).astype(np.float32)
    present = rng.random(pairs) < 1 / (1 + np.exp(-(slope * scores + offset)))
    a, b = _sigmoid_calibration(scores.astype(np.float64), present.astype(int))
    probabilities = 1 / (1 + np.exp(a * scores.astype(np.float64) + b))
    shares, means = calibration_curve(present, probabilities, n_bins=BINS, strategy="uniform")
    counts = np.histogram(probabilities, bins=BINS, range=(0, 1))[0]
    weights = counts[counts > 0] / pairs
    return {
        "scores": [float(s) for s in scores],
        "present": [int(p) for p in present],
        "slope": float(-a),
        "offset": float(-b),
        "error": float((weights * np.abs(shares - means)).sum()),
    }


def bca_case(rng, values, statistic):
    def numbers(sample, axis=-1):
        return np.mean(sample, axis=axis) if statistic == "mean" else np.std(sample, axis=axis)

    result = bootstrap((values,), numbers, n_resamples=200_000, method="BCa", random_state=rng)
    interval = result.confidence_interval
    return {
        "statistic": statistic,
        "values": [float(v) for v in values],
        "low": float(interval.low),
        "high": float(interval.high),
    }


def logistic_case(rng, rows, columns, ridge, with_offsets):
    """A column of ones without a penalty, the others with one. Offsets are what scikit-learn does
    not know: there the same loss is minimised by SciPy."""
    x = rng.normal(size=(rows, columns))
    truth = rng.normal(size=columns)
    offsets = rng.normal(size=rows) if with_offsets else np.zeros(rows)
    y = rng.random(rows) < 1 / (1 + np.exp(-(offsets + 0.5 + x @ truth)))
    whole = np.hstack([np.ones((rows, 1)), x])
    if with_offsets:
        sign = np.where(y, 1.0, -1.0)

        def loss(beta):
            penalty = 0.5 * ridge * (beta[1:] ** 2).sum()
            return np.logaddexp(0, -sign * (offsets + whole @ beta)).sum() + penalty

        beta = minimize(loss, np.zeros(columns + 1), method="BFGS", options={"gtol": 1e-9}).x
    else:
        model = LogisticRegression(C=1 / ridge, tol=1e-12, max_iter=10_000).fit(x, y)
        beta = np.concatenate([model.intercept_, model.coef_[0]])
    scores = np.round(offsets + whole @ beta, 1)  # with ties
    weights = rng.multinomial(rows, np.full(rows, 1 / rows))
    return {
        "columns": columns + 1,
        "values": [float(v) for v in whole.ravel()],
        "offsets": [float(o) for o in offsets] if with_offsets else [],
        "labels": [int(v) for v in y],
        "ridge": ridge,
        "coefficients": [float(b) for b in beta],
        "scores": [float(s) for s in scores],
        "weights": [int(w) for w in weights],
        "auroc": float(roc_auc_score(y, scores)),
        "weighted_auroc": float(roc_auc_score(y, scores, sample_weight=weights)),
    }


def write(name, cases):
    (TARGET / name).write_text(json.dumps(cases) + "\n")


def main():
    TARGET.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(2312)
    write(
        "average_precision.json",
        [case(rng, images, steps) for images in (1, 2, 7, 40, 100) for steps in (1, 4, 1024)],
    )
    rng = np.random.default_rng(14149)
    write(
        "calibration.json",
        [
            calibration_case(rng, pairs, slope, offset)
            for pairs in (30, 400)
            for slope, offset in ((40.0, -9.0), (5.0, -3.0), (0.0, -1.0))
        ],
    )
    rng = np.random.default_rng(1987)
    write(
        "bca.json",
        [
            bca_case(rng, rng.exponential(size=60), "mean"),
            bca_case(rng, rng.normal(size=40), "deviation"),
        ],
    )
    rng = np.random.default_rng(1992)
    write(
        "logistic.json",
        [
            logistic_case(rng, rows, columns, ridge, with_offsets)
            for rows, columns, ridge in ((40, 2, 1.0), (200, 5, 4.0))
            for with_offsets in (False, True)
        ],
    )


if __name__ == "__main__":
    main()
