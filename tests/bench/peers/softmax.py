"""The optical digits and softmax regression in NumPy: what the other scripts share.

`descend` does what the trainer does: mini-batch SGD on the cross-entropy, in float64.
"""

import functools

import numpy as np

CLASSES = 10
HELD_OUT = 360
PIXEL_MAX = 16


@functools.cache
def load(path, order=None, seed=1):
    """Features and digits of the rows to train on, then of those held out.

    `order` names a file with all row numbers, one per line, those held out first: so another
    program can prescribe its split. Else the seed shuffles.
    """
    rows = np.loadtxt(path, np.int64, delimiter=",")
    if order is None:
        places = np.random.default_rng(seed).permutation(len(rows))
    else:
        places = np.loadtxt(order, np.int64)
    rows = rows[places]
    x, y = rows[:, :-1] / PIXEL_MAX, rows[:, -1]
    return (x[HELD_OUT:], y[HELD_OUT:]), (x[:HELD_OUT], y[:HELD_OUT])


def zeros(features):
    return np.zeros((CLASSES, features)), np.zeros(CLASSES)


def descend(weights, biases, x, y, epochs, batch, rate, seed):
    """Trains weights [classes, features] and biases [classes] in place."""
    random, hot = np.random.default_rng(seed), np.eye(CLASSES)[y]
    for _ in range(epochs):
        order = random.permutation(len(x))
        for start in range(0, len(x), batch):
            rows = order[start : start + batch]
            features = x[rows]
            slope = (probabilities(weights, biases, features) - hot[rows]) / len(rows)
            weights -= rate * (slope.T @ features)
            biases -= rate * slope.sum(0)


def probabilities(weights, biases, x):
    scores = x @ weights.T + biases
    scores = np.exp(scores - scores.max(1, keepdims=True))
    return scores / scores.sum(1, keepdims=True)


def accuracy(weights, biases, x, y):
    return float(((x @ weights.T + biases).argmax(1) == y).mean())
