"""Epochs per second of scikit-learn's classifiers, beside the trainer's own.

Prints one JSON object per line and measurement. Each fit runs a fixed number of passes over the
rows, without regularisation or early stopping; the rate is the median over repeats, after a fit
that does not count. `loss` and `accuracy` are of the last model on its own rows, so that equal
work can be seen.

- `softmax_64_10`: the optical digits less those held out. `mlp` is MLPClassifier without hidden
  layers: mini-batch SGD on the cross-entropy, as the trainer does it. `numpy` is the same, bare.
  `sgd` is SGDClassifier.fit, one step per row and one model per class against the rest;
  `sgd_partial` the same by one partial_fit per pass. Their loss is of shares made to add up to 1.
  `saga` is LogisticRegression, one step per row; one iteration counts as a pass.
- `mlp_784_128_10`: MLPClassifier on synthetic rows of MNIST's shape, with classical
  momentum of 0.9.
"""

import argparse
import json
import statistics
import time
import warnings
from pathlib import Path

import numpy as np
import softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits


class Bare:
    """The other scripts' softmax regression, with scikit-learn's methods."""

    def __init__(self, epochs, batch, rate):
        self.hyper = epochs, batch, rate

    def fit(self, x, y):
        self.model = softmax.zeros(x.shape[1])
        softmax.descend(*self.model, x, y, *self.hyper, seed=0)

    def predict_proba(self, x):
        return softmax.probabilities(*self.model, x)


class Partial(SGDClassifier):
    """SGDClassifier that gets its rows once per epoch, as a client of a federation gives them."""

    def fit(self, x, y):
        for _ in range(self.max_iter):
            self.partial_fit(x, y, np.arange(softmax.CLASSES))


def mlp(hidden, epochs, batch, rate, momentum):
    return MLPClassifier(
        hidden,
        solver="sgd",
        alpha=0,
        batch_size=batch,
        learning_rate_init=rate,
        momentum=momentum,
        nesterovs_momentum=False,
        max_iter=epochs,
        n_iter_no_change=epochs + 1,
        random_state=0,
    )


def synthetic(rows, seed):
    """Noisy copies of ten random images, so that there is something to learn."""
    random = np.random.default_rng(seed)
    images, y = random.random((softmax.CLASSES, 784)), random.integers(softmax.CLASSES, size=rows)
    return np.clip(images[y] + random.normal(0, 2, (rows, 784)), 0, 1), y


def measure(task, name, make, data, dtype, epochs, batch, args):
    x, y = data[0].astype(dtype), data[1]
    times = []
    for _ in range(1 + args.repeats):
        model = make()
        start = time.perf_counter()
        model.fit(x, y)
        times.append(time.perf_counter() - start)
    found = model.predict_proba(x).astype(np.float64)
    found /= found.sum(1, keepdims=True)
    result = {
        "task": task,
        "model": name,
        "dtype": dtype,
        "batch": batch,
        "threads": args.threads,
        "rows": len(x),
        "epochs": epochs,
        "epochs_per_second": epochs / statistics.median(times[1:]),
        "loss": log_loss(y, found),
        "accuracy": float((found.argmax(1) == y).mean()),
    }
    print(json.dumps(result), flush=True)


def measure_softmax(args):
    data, _ = softmax.load(args.digits, args.order, args.seed)
    rate, epochs = args.rate, args.epochs
    sgd = {"alpha": 0, "penalty": None, "learning_rate": "constant", "eta0": rate / args.batch}
    sgd |= {"loss": "log_loss", "max_iter": epochs, "tol": None, "random_state": 0}
    saga = {"solver": "saga", "C": np.inf, "tol": 0, "max_iter": epochs, "random_state": 0}
    models = [
        ("mlp", args.batch, lambda: mlp((), epochs, args.batch, rate, 0)),
        ("numpy", args.batch, lambda: Bare(epochs, args.batch, rate)),
        ("sgd", 1, lambda: SGDClassifier(**sgd)),
        ("sgd_partial", 1, lambda: Partial(**sgd)),
        ("saga", 1, lambda: LogisticRegression(**saga)),
    ]
    for name, batch, make in models:
        measure("softmax_64_10", name, make, data, "float64", epochs, batch, args)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("digits", type=Path, help="digits.csv.gz")
    parser.add_argument("--order", type=Path, help="file of all row numbers, those held out first")
    parser.add_argument("--threads", type=int, default=1, help="of BLAS and OpenMP")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=32, help="of the softmax")
    parser.add_argument("--rate", type=float, default=0.05, help="of the softmax, per batch")
    parser.add_argument("--epochs", type=int, default=100, help="of the softmax")
    parser.add_argument("--mlp-epochs", type=int, default=5)
    parser.add_argument("--mlp-batches", type=int, nargs="*", default=[200, 32])
    parser.add_argument("--mlp-rows", type=int, default=10_000)
    args = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    with threadpool_limits(args.threads):
        measure_softmax(args)
        images = synthetic(args.mlp_rows, args.seed)
        for batch in args.mlp_batches:
            for dtype in ["float64", "float32"]:
                make = lambda: mlp((128,), args.mlp_epochs, batch, 0.01, 0.9)
                name, epochs = "mlp_784_128_10", args.mlp_epochs
                measure(name, "mlp", make, images, dtype, epochs, batch, args)


main()
