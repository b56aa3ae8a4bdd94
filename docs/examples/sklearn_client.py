"""A client's training in scikit-learn: from a CSV file, and a server model if any, to an update.

    pip install scikit-learn safetensors
    python sklearn_client.py rows.csv quality update.npy --spec wine.toml --base model.npy

Give the federation's file with --spec: it names the features, their order, offset and scale, and
the labels in the order of the model's outputs. Without it, features are all other columns as they
stand, and labels those found, sorted: for a first try only.

Both formats hold a softmax model, in float64, here of `outputs` labels and `inputs` features:

- `.npy`: one flat array, layer by layer: the layer's weights [outputs, inputs] row by row, then its
  biases [outputs]. A softmax model has one layer.
- `.safetensors`: the tensors `layer0.weight` [outputs, inputs] and `layer0.bias` [outputs].

SGDClassifier learns each label against the rest, so its outputs rank the labels as a softmax does,
but are no optimum of the cross-entropy. Prints the accuracy on the file's own rows.
"""

import argparse
import csv
import tomllib
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file
from sklearn.linear_model import SGDClassifier


def read_rows(path, target, spec):
    """Features [rows, inputs], label numbers [rows], and how many labels there are."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    if spec:
        schema = tomllib.loads(spec.read_text())["task"]["schema"]
        features = schema["features"]
        labels = schema["target"]["classes"]["labels"]
    else:
        features = [{"name": name} for name in rows[0] if name != target]
        labels = sorted({row[target] for row in rows})
    x = np.array([[float(row[feature["name"]]) for feature in features] for row in rows])
    x -= [float(feature.get("offset", 0)) for feature in features]
    x /= [float(feature.get("scale", 1)) for feature in features]
    return x, np.array([labels.index(row[target]) for row in rows]), len(labels)


def read_model(path, outputs, inputs):
    """Weights [outputs, inputs] and biases [outputs]."""
    if path.suffix == ".safetensors":
        tensors = load_file(path)
        weights, biases = tensors["layer0.weight"], tensors["layer0.bias"]
    else:
        weights, biases = np.split(np.load(path), [outputs * inputs])
    shapes = (outputs, inputs), (outputs,)
    return [np.reshape(a, shape).astype(float) for a, shape in zip((weights, biases), shapes)]


def write_model(path, weights, biases):
    if path.suffix == ".safetensors":
        tensors = {"layer0.weight": weights, "layer0.bias": biases}
        save_file({name: np.ascontiguousarray(array) for name, array in tensors.items()}, path)
    else:
        np.save(path, np.concatenate([weights.ravel(), biases]))


def train(x, y, outputs, base, epochs, rate):
    """Goes on from `base`, or from zeros; returns weights and biases."""
    model = SGDClassifier(loss="log_loss", penalty=None, learning_rate="constant", eta0=rate)
    if base:
        model.coef_, model.intercept_ = base
        if outputs == 2:
            # For two labels scikit-learn holds one row: how much more the second one gets.
            model.coef_, model.intercept_ = (part[1:] - part[:1] for part in base)
    for _ in range(epochs):
        # All labels, for this client may lack some.
        model.partial_fit(x, y, classes=np.arange(outputs))
    print("accuracy", model.score(x, y))
    weights, biases = model.coef_, model.intercept_
    if outputs == 2:
        weights, biases = (np.concatenate([-part / 2, part / 2]) for part in (weights, biases))
    return weights, biases


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=Path, help="CSV file with a header")
    parser.add_argument("target", help="column with the label")
    parser.add_argument("out", type=Path, help="update to write, .npy or .safetensors")
    parser.add_argument("--spec", type=Path, help="the federation's file")
    parser.add_argument("--base", type=Path, help="server model to go on from")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=0.01, help="of a step, of which a row is one")
    args = parser.parse_args()
    x, y, outputs = read_rows(args.rows, args.target, args.spec)
    base = read_model(args.base, outputs, x.shape[1]) if args.base else None
    write_model(args.out, *train(x, y, outputs, base, args.epochs, args.rate))


main()
