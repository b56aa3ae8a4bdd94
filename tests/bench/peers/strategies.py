"""Flower's NumPy aggregation, outside of any chain, on the benchmark's own updates.

Arguments: a folder and the number of clients. The folder holds `updates` (float32, client after
client) and `counts` (int32). Each line of the input, `rule bad`, runs that rule once; the answer is
the milliseconds that the thread computed, and the model stands in the file `model` (float64).
"""

import sys
import time
from pathlib import Path

import numpy as np
from flwr.server.strategy.aggregate import (
    aggregate,
    aggregate_bulyan,
    aggregate_krum,
    aggregate_median,
    aggregate_trimmed_avg,
)

folder, clients = Path(sys.argv[1]), int(sys.argv[2])
updates = np.fromfile(folder / "updates", np.float32).reshape(clients, -1)
counts = np.fromfile(folder / "counts", np.int32).tolist()
weighted = [([values], count) for values, count in zip(updates, counts, strict=True)]
# Our robust rules ignore sample counts.
equal = [([values], 1) for values in updates]

RULES = {
    "fed_avg": lambda _: aggregate(weighted),
    "median": lambda _: aggregate_median(equal),
    # A quarter more, because Flower rounds the number it cuts down.
    "trimmed_mean": lambda bad: aggregate_trimmed_avg(equal, (bad + 0.25) / clients),
    "krum": lambda bad: aggregate_krum(equal, bad, 0),
    "multi_krum": lambda bad: aggregate_krum(equal, bad, clients - bad),
    # Flower removes from the list what it has chosen.
    "bulyan": lambda bad: aggregate_bulyan(equal[:], bad, aggregate_krum, to_keep=0),
}

for line in sys.stdin:
    rule, bad = line.split()
    start = time.thread_time()
    model = RULES[rule](int(bad))
    milliseconds = (time.thread_time() - start) * 1e3
    np.asarray(model[0], np.float64).tofile(folder / "model")
    print(milliseconds, flush=True)
