"""Flower's simulation engine on Ray: FedAvg of softmax regression on the optical digits.

All clients train in each round, on equal parts of the rows. Prints one JSON object:

- `startup_seconds`: from this script's start until the first client trains;
- `first_round_seconds`: from then until the first model;
- `round_seconds`: the median of the rounds after it, from model to model;
- `training_seconds`: per round, what all clients spent training, added up (median);
- `total_seconds`: until Ray is down again;
- `accuracy`: of the last model on the rows held out;
- `peak_rss_mib`: the most memory of all processes together; in `peak_pss_mib` a page that several
  share counts once.

A failing client fails the script.
"""

import os
import time

BEGAN = time.time()
os.environ |= {
    "FLWR_TELEMETRY_ENABLED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
}
# What Flower, Ray and their processes print goes to standard error.
STDOUT = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import argparse
import itertools
import json
import statistics
import tempfile
from pathlib import Path

import client
import softmax
from flwr.app import ArrayRecord, ConfigRecord
from flwr.serverapp import ServerApp
from flwr.serverapp.strategy import FedAvg
from flwr.simulation import run_simulation
from memory import Memory


class Timed(FedAvg):
    """FedAvg of all clients, with a clock."""

    def __init__(self, clients):
        super().__init__(fraction_evaluate=0, min_train_nodes=clients, min_available_nodes=clients)
        self.ends, self.training = [], []

    def aggregate_train(self, server_round, replies):
        replies = list(replies)
        failed = sum(reply.has_error() for reply in replies)
        if failed or len(replies) < self.min_train_nodes:
            raise RuntimeError(f"{failed} of {len(replies)} clients failed")
        metrics = [reply.content["metrics"] for reply in replies]
        if not self.ends:
            self.ends.append(min(metric["began"] for metric in metrics))
        self.training.append(sum(metric["seconds"] for metric in metrics))
        found = super().aggregate_train(server_round, replies)
        self.ends.append(time.time())
        return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("digits", type=Path, help="digits.csv.gz")
    parser.add_argument("--order", type=Path, help="file of all row numbers, those held out first")
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5, help="two at least")
    parser.add_argument("--epochs", type=int, default=5, help="of each client and round")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1.0, help="of the first round")
    parser.add_argument("--cpus", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    config = {name: getattr(args, name) for name in ["seed", "epochs", "batch", "rate"]}
    config["digits"] = str(args.digits.resolve())
    if args.order:
        config["order"] = str(args.order.resolve())
    _, (x, y) = softmax.load(config["digits"], config.get("order"), args.seed)

    memory, strategy, server, models = Memory(), Timed(args.clients), ServerApp(), []
    memory.start()

    @server.main()
    def serve(grid, context):
        arrays = ArrayRecord(list(softmax.zeros(x.shape[1])))
        found = strategy.start(grid, arrays, args.rounds, train_config=ConfigRecord(config))
        models.append(found.arrays.to_numpy_ndarrays())

    with tempfile.TemporaryDirectory(prefix="ray") as folder:
        os.environ["FLWR_HOME"] = folder
        init = {"num_cpus": args.cpus, "_temp_dir": folder, "_node_ip_address": "127.0.0.1"}
        backend = {"init_args": init, "client_resources": {"num_cpus": 1, "num_gpus": 0.0}}
        run_simulation(server, client.app, args.clients, backend_config=backend)
    total = time.time() - BEGAN
    rounds = [end - start for start, end in itertools.pairwise(strategy.ends)]
    result = {
        "clients": args.clients,
        "rounds": args.rounds,
        "startup_seconds": strategy.ends[0] - BEGAN,
        "first_round_seconds": rounds[0],
        "round_seconds": statistics.median(rounds[1:]),
        "training_seconds": statistics.median(strategy.training[1:]),
        "total_seconds": total,
        "accuracy": softmax.accuracy(*models[0], x, y),
        "peak_rss_mib": memory.peak["Rss:"],
        "peak_pss_mib": memory.peak["Pss:"],
    }
    print(json.dumps(result), file=STDOUT, flush=True)


main()
