"""Writes aggregation.json: sums, server steps, the int8 codec, norms and rewards, computed with NumPy from the protocol's text.

usage: python3 make_aggregation.py     (NumPy 2 needed: pip install numpy)

Sums and steps use int64 arrays, whose floor division rounds towards minus infinity; what could pass 64 bits uses Python integers.
"""

import hashlib
import json
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent
R = np.random.default_rng(20250101)
MAX = 2**31 - 1
DELTA_MAX = 2**27 - 1
MAX_SCALE = DELTA_MAX // 127


def clamp(x: np.ndarray) -> np.ndarray:
    return np.clip(x, -MAX, MAX)


def mean(deltas: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """floor((2 s + W) / (2 W)): the weighted mean, halves rounded up."""
    total = weights.sum()
    return (2 * (weights[:, None] * deltas).sum(axis=0) + total) // (2 * total)


def fedavg(base: np.ndarray, d: np.ndarray) -> np.ndarray:
    return clamp(base + d)


def fedavgm(base: np.ndarray, d: np.ndarray, velocity: np.ndarray, momentum: int) -> tuple[np.ndarray, np.ndarray]:
    v = clamp((momentum * velocity + 2**15) // 2**16 + d)
    return clamp(base + v), v


def integers(shape, bound: int) -> np.ndarray:
    return R.integers(-bound, bound, size=shape, endpoint=True, dtype=np.int64)


def aggregation_case(name: str, k: int, p: int, bound: int, weight: int, model: int) -> dict:
    deltas = integers((k, p), bound)
    weights = R.integers(1, weight, size=k, endpoint=True, dtype=np.int64)
    base, velocity = integers(p, model), integers(p, model)
    momentum = int(R.integers(0, 2**16))
    d = mean(deltas, weights)
    next_m, state = fedavgm(base, d, velocity, momentum)
    return {
        "name": name,
        "weights": weights.tolist(),
        "deltas": deltas.tolist(),
        "base": base.tolist(),
        "velocity": velocity.tolist(),
        "momentum": momentum,
        "mean": d.tolist(),
        "fedavg": fedavg(base, d).tolist(),
        "fedavgm": {"next": next_m.tolist(), "state": state.tolist()},
    }


def rounding_case() -> dict:
    """Sums on, just below and just above halves, of both signs."""
    weights = np.array([5, 1], dtype=np.int64)
    first = np.repeat(np.arange(-3, 4, dtype=np.int64), 7)
    second = np.tile(np.arange(-3, 4, dtype=np.int64), 7)
    deltas = np.stack([first, first + second])
    zeros = np.zeros(49, dtype=np.int64)
    d = mean(deltas, weights)
    return {
        "name": "halves",
        "weights": weights.tolist(),
        "deltas": deltas.tolist(),
        "base": zeros.tolist(),
        "velocity": second.tolist(),
        "momentum": 2**15,
        "mean": d.tolist(),
        "fedavg": d.tolist(),
        "fedavgm": dict(zip(("next", "state"), (x.tolist() for x in fedavgm(zeros, d, second, 2**15)))),
    }


def int8_case(name: str, x: np.ndarray) -> dict:
    p = len(x)
    blocks = -(-p // 64)
    padded = np.zeros(blocks * 64, dtype=np.int64)
    padded[:p] = x
    grid = padded.reshape(blocks, 64)
    scale = np.minimum(-(-np.abs(grid).max(axis=1) // 127), MAX_SCALE)
    divisor = np.maximum(scale, 1)[:, None]
    q = np.sign(grid) * ((np.abs(grid) + divisor // 2) // divisor)
    assert np.abs(q).max() <= 127
    payload = scale.astype("<u4").tobytes() + q.astype(np.int8).tobytes()[:p]
    return {
        "name": name,
        "delta": x.tolist(),
        "payload": payload.hex(),
        "decoded": (q * scale[:, None]).ravel()[:p].tolist(),
    }


def norm_case(name: str, x: np.ndarray) -> dict:
    return {
        "name": name,
        "vector": x.tolist(),
        "maxAbs": int(np.abs(x).max()),
        "sumOfSquares": str(sum(int(v) ** 2 for v in x)),
    }


def rewards_case(name: str, budget: int, scores: list[int]) -> dict:
    positive = [max(s, 0) for s in scores]
    total = sum(positive)
    shares = [budget * s // total if total else 0 for s in positive]
    return {"name": name, "budget": str(budget), "scores": [str(s) for s in scores], "shares": [str(s) for s in shares]}


def main() -> None:
    edge = np.array([DELTA_MAX, -DELTA_MAX, 0, 1, -1, 127, 128, -128, 254, 255, 16129, 16130], dtype=np.int64)
    vectors = {
        "aggregation": [
            rounding_case(),
            aggregation_case("one update", 1, 5, 2**20, 9, 2**24),
            aggregation_case("ordinary", 6, 70, 2**22, 500, 2**26),
            aggregation_case("extremes", 12, 40, DELTA_MAX, (2**26 - 1) // 12, MAX),
            aggregation_case("tiny", 9, 40, 2, 3, 3),
        ],
        "int8": [
            int8_case("edges", edge),
            int8_case("zeros", np.zeros(65, dtype=np.int64)),
            int8_case("one block", integers(64, 2**18)),
            int8_case("three blocks", np.concatenate([integers(64, 3), integers(64, 2**24), integers(2, DELTA_MAX)])),
            int8_case("halves of a scale", np.concatenate([np.arange(-30, 30, dtype=np.int64), [2 * 127, -5, 3, 1]])),
        ],
        "norms": [norm_case("edges", edge), norm_case("ordinary", integers(33, 2**20)), norm_case("int32", integers(6, MAX))],
        "rewards": [
            rewards_case("proportional", 1000, [1, 2, 3]),
            rewards_case("negative scores earn nothing", 1000, [-5, 10, 0]),
            rewards_case("nobody", 1000, [0, -1]),
            rewards_case("large", 2**64 - 1, [2**70 + 1, 3**40, 7]),
            rewards_case("no updates", 1000, []),
        ],
    }
    text = json.dumps(vectors, separators=(",", ":")) + "\n"
    (HERE / "aggregation.json").write_text(text)
    print("aggregation.json", hashlib.sha256(text.encode()).hexdigest())


if __name__ == "__main__":
    main()
