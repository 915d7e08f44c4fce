"""Flower's aggregation for bench/fold.ts: folds ready updates once for every line on standard input.

Prints one JSON object a line: {"ready": true, "flwr", "numpy", "python", "functions"} first, then {"seconds"} for each line, which names the
function to run: "serverapp" is what flwr.serverapp's FedAvg calls, "inplace" what flwr.server's does. Arguments: updates, parameters.
"""

import gc
import json
import sys
import time
from importlib.metadata import version
from platform import python_version

import numpy as np
from flwr.common import (
    ArrayRecord,
    Code,
    FitRes,
    MetricRecord,
    RecordDict,
    Status,
    ndarrays_to_parameters,
)
from flwr.server.strategy.aggregate import aggregate_inplace
from flwr.serverapp.strategy.strategy_utils import aggregate_arrayrecords


def layers(count):
    """Sizes of five layers, as a small model has."""
    sizes = [int(count * share) for share in (0.4, 0.3, 0.2, 0.09)]
    return [*sizes, count - sum(sizes)]


def say(**fields):
    print(json.dumps(fields), flush=True)


def main():
    updates, parameters = int(sys.argv[1]), int(sys.argv[2])
    rng = np.random.default_rng(0)
    records, results = [], []
    for i in range(updates):
        arrays = [rng.standard_normal(size, dtype=np.float32) for size in layers(parameters)]
        records.append(RecordDict({"arrays": ArrayRecord(arrays), "m": MetricRecord({"num-examples": 100 + i})}))
        results.append((None, FitRes(Status(Code.OK, ""), ndarrays_to_parameters(arrays), 100 + i, {})))
    functions = {
        "serverapp": lambda: aggregate_arrayrecords(records, "num-examples"),
        "inplace": lambda: aggregate_inplace(results),
    }
    say(ready=True, flwr=version("flwr"), numpy=np.__version__, python=python_version(), functions=list(functions))
    for line in sys.stdin:
        gc.collect()
        start = time.perf_counter()
        functions[line.strip()]()
        say(seconds=time.perf_counter() - start)


if __name__ == "__main__":
    main()
