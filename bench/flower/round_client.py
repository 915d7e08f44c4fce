"""Flower's client for bench/round.ts: a NumPyClient that returns arrays it already has, so no training is timed.

Arguments: address, client index, parameters.
"""

import sys

import flwr as fl
import numpy as np

from round_server import layers


class ReadyClient(fl.client.NumPyClient):
    """Returns the same update every round."""

    def __init__(self, index, parameters):
        rng = np.random.default_rng(1 + index)
        self.update = [rng.standard_normal(size, dtype=np.float32) for size in layers(parameters)]
        self.examples = 100 + index

    def fit(self, parameters, config):
        return self.update, self.examples, {}


if __name__ == "__main__":
    client = ReadyClient(int(sys.argv[2]), int(sys.argv[3]))
    fl.client.start_client(server_address=sys.argv[1], client=client.to_client())
