"""Flower's server for bench/round.ts: one gRPC fit round of FedAvg for every line "round" on standard input.

Prints one JSON object a line: {"ready": true} once all clients have connected and the first line may be sent, then
{"seconds", "received_bytes", "clients"} for each round, measured from the moment the strategy is asked whom to train
until the new global parameters exist. Arguments: address, clients, parameters, rounds.
"""

import json
import sys
import time

import flwr as fl
import numpy as np
from flwr.common import ndarrays_to_parameters
from flwr.server.client_manager import SimpleClientManager


def layers(count):
    """Sizes of five layers, as a small model has."""
    sizes = [int(count * share) for share in (0.4, 0.3, 0.2, 0.09)]
    return [*sizes, count - sum(sizes)]


def say(**fields):
    print(json.dumps(fields), flush=True)


class TimedFedAvg(fl.server.strategy.FedAvg):
    """FedAvg that starts a round on command and says how long it took."""

    started = 0.0

    def configure_fit(self, server_round, parameters, client_manager):
        client_manager.wait_for(self.min_available_clients, timeout=120)
        say(ready=True)
        if sys.stdin.readline().strip() != "round":
            raise SystemExit("no more rounds were asked for")
        self.started = time.perf_counter()
        return super().configure_fit(server_round, parameters, client_manager)

    def aggregate_fit(self, server_round, results, failures):
        if failures:
            raise RuntimeError(f"{len(failures)} clients failed: {failures[0]}")
        aggregated = super().aggregate_fit(server_round, results, failures)
        seconds = time.perf_counter() - self.started
        received = sum(len(t) for _, fit in results for t in fit.parameters.tensors)
        say(seconds=seconds, received_bytes=received, clients=len(results))
        return aggregated


def main(address, clients, parameters, rounds):
    rng = np.random.default_rng(0)
    initial = [rng.standard_normal(size, dtype=np.float32) for size in layers(parameters)]
    strategy = TimedFedAvg(
        fraction_fit=1.0,
        fraction_evaluate=0.0,
        min_fit_clients=clients,
        min_evaluate_clients=0,
        min_available_clients=clients,
        initial_parameters=ndarrays_to_parameters(initial),
    )
    fl.server.start_server(
        server_address=address,
        config=fl.server.ServerConfig(num_rounds=rounds),
        client_manager=SimpleClientManager(),
        strategy=strategy,
    )


if __name__ == "__main__":
    main(sys.argv[1], *(int(argument) for argument in sys.argv[2:5]))
