"""Flower's client app: softmax regression on one part of the digits.

In a module of its own, so that Ray's workers import it once and keep the rows.
"""

import time

import softmax
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

app = ClientApp()


@app.train()
def train(message, context):
    began, config = time.time(), message.content["config"]
    part, parts = context.node_config["partition-id"], context.node_config["num-partitions"]
    (x, y), _ = softmax.load(config["digits"], config.get("order"), config["seed"])
    x, y = x[part::parts], y[part::parts]
    weights, biases = message.content["arrays"].to_numpy_ndarrays()
    # Aggregated arrays arrive read-only.
    weights, biases = weights.copy(), biases.copy()
    turn = config["server-round"]
    rate, seed = config["rate"] / turn, [config["seed"], turn]
    softmax.descend(weights, biases, x, y, config["epochs"], config["batch"], rate, seed)
    arrays = ArrayRecord([weights, biases])
    metrics = MetricRecord({"num-examples": len(x), "began": began, "seconds": time.time() - began})
    return Message(RecordDict({"arrays": arrays, "metrics": metrics}), reply_to=message)
