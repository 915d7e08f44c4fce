"""Writes the protocol's test vectors from the protocol's text alone, with the Python standard library.

usage: python3 make_protocol.py     (writes fixed-point.json, merkle.json, leaves.json and envelope.json beside itself)
"""

import hashlib
import json
import pathlib
import random
import struct
from fractions import Fraction
from math import floor

HERE = pathlib.Path(__file__).parent
R = random.Random(20250101)


def h(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def write(name: str, value) -> None:
    (HERE / name).write_text(json.dumps(value, indent=1) + "\n")


# RFC 6962, section 2.1, by its recursive definition.
def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def tree(leaves: list[bytes]) -> bytes:
    if not leaves:
        return h()
    if len(leaves) == 1:
        return h(b"\0", leaves[0])
    k = split(len(leaves))
    return h(b"\1", tree(leaves[:k]), tree(leaves[k:]))


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return path(index, leaves[:k]) + [tree(leaves[k:])]
    return path(index - k, leaves[k:]) + [tree(leaves[:k])]


def vector_root(values: list[int]) -> bytes:
    data = b"".join(struct.pack("<i", v) for v in values)
    return tree([data[i : i + 256].ljust(256, b"\0") for i in range(0, len(data), 256)])


def merkle() -> None:
    sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 16, 17, 31, 33, 63, 65]
    trees = []
    for n in sizes:
        leaves = [R.randbytes(R.choice([0, 1, 41, 142, 256])) for _ in range(n)]
        picked = sorted({0, n - 1, n // 2, R.randrange(n)})
        trees.append(
            {
                "leaves": [x.hex() for x in leaves],
                "root": tree(leaves).hex(),
                "paths": [{"index": i, "path": [x.hex() for x in path(i, leaves)]} for i in picked],
            }
        )
    lengths = [0, 1, 63, 64, 65, 128, 129, 500]
    vectors = []
    for n in lengths:
        values = [R.choice([0, 1, -1, 2**31 - 1, -(2**31 - 1), R.randrange(-(2**31) + 1, 2**31)]) for _ in range(n)]
        vectors.append({"vector": values, "root": vector_root(values).hex()})
    write("merkle.json", {"empty": h().hex(), "trees": trees, "vectors": vectors})


def fixed_point() -> None:
    def f32(x: float) -> float:
        return struct.unpack("<f", struct.pack("<f", x))[0]

    def half_up(x: Fraction) -> int:
        return floor(x + Fraction(1, 2))

    values = [0.0, 2**-24, 2**-25, -(2**-25), 3 * 2**-25, -3 * 2**-25, 1.0, -1.0, 127.99999, -128.0, 200.0, -200.0]
    values += [f32(R.uniform(-1, 1) * 10 ** R.randrange(-8, 3)) for _ in range(60)]
    limit = 2**31 - 1
    real = [{"value": v, "fixed": max(-limit, min(limit, half_up(Fraction(v) * 2**24)))} for v in values]
    deltas = []
    for _ in range(60):
        base = R.randrange(-(2**27), 2**27)
        before = f32(base / 2**24)
        after = f32(before + R.uniform(-1e-2, 1e-2))
        # The subtraction in float64 is exact here: both are float32 of similar magnitude.
        deltas.append({"base": base, "after": after, "delta": half_up(Fraction(after - before) * 2**24)})
    means = []
    for _ in range(100):
        n = R.randrange(1, 8)
        weights = [R.randrange(1, 2**20) for _ in range(n)]
        entries = [R.choice([R.randrange(-(2**27) + 1, 2**27), R.randrange(-3, 4)]) for _ in range(n)]
        total = sum(w * d for w, d in zip(weights, entries))
        means.append({"weights": weights, "entries": entries, "mean": half_up(Fraction(total, sum(weights)))})
    write("fixed-point.json", {"real": real, "deltas": deltas, "means": means})


def leaves() -> None:
    updates = []
    for _ in range(8):
        f = {
            "member": R.randbytes(32),
            "sequence": R.randrange(2**64),
            "envelopeHash": R.randbytes(32),
            "deltaRoot": R.randbytes(32),
            "weight": R.randrange(2**26),
            "reason": R.randrange(6),
            "payloadHash": R.randbytes(32),
        }
        data = b"\1" + f["member"] + struct.pack("<Q", f["sequence"]) + f["envelopeHash"] + f["deltaRoot"]
        data += struct.pack("<IB", f["weight"], f["reason"]) + f["payloadHash"]
        updates.append({**hexed(f), "bytes": data.hex(), "hash": h(b"\0", data).hex()})
    rewards = []
    for _ in range(8):
        f = {"member": R.randbytes(32), "cumulative": R.randrange(2**64)}
        data = b"\1" + f["member"] + struct.pack("<Q", f["cumulative"])
        rewards.append({**hexed(f), "bytes": data.hex(), "hash": h(b"\0", data).hex()})
    write("leaves.json", {"updates": updates, "rewards": rewards})


def hexed(fields: dict) -> dict:
    """Hashes in hexadecimal, integers in decimal text (64-bit ones pass 2^53)."""
    return {k: v.hex() if isinstance(v, bytes) else str(v) for k, v in fields.items()}


def envelope() -> None:
    envelopes = []
    for _ in range(6):
        f = {
            "genesisHash": R.randbytes(32),
            "programId": R.randbytes(32),
            "federation": R.randbytes(32),
            "round": R.randrange(2**64),
            "member": R.randbytes(32),
            "baseRoot": R.randbytes(32),
            "sequence": R.randrange(2**64),
            "codec": R.randrange(2),
            "payloadLength": R.randrange(2**32),
            "payloadHash": R.randbytes(32),
            "weight": R.randrange(2**26),
            "deltaRoot": R.randbytes(32),
            "checkpointRoot": R.choice([bytes(32), R.randbytes(32)]),
        }
        data = b"plenary/update/1" + f["genesisHash"] + f["programId"] + f["federation"] + struct.pack("<Q", f["round"])
        data += f["member"] + f["baseRoot"] + struct.pack("<QBI", f["sequence"], f["codec"], f["payloadLength"])
        data += f["payloadHash"] + struct.pack("<I", f["weight"]) + f["deltaRoot"] + f["checkpointRoot"]
        envelopes.append({**hexed(f), "bytes": data.hex(), "hash": h(data).hex()})
    receipts = []
    for _ in range(6):
        f = {
            "genesisHash": R.randbytes(32),
            "programId": R.randbytes(32),
            "federation": R.randbytes(32),
            "round": R.randrange(2**64),
            "member": R.randbytes(32),
            "sequence": R.randrange(2**64),
            "envelopeHash": R.randbytes(32),
            "time": R.randrange(-(2**63), 2**63),
        }
        data = b"plenary/receipt/1" + f["genesisHash"] + f["programId"] + f["federation"] + struct.pack("<Q", f["round"])
        data += f["member"] + struct.pack("<Q", f["sequence"]) + f["envelopeHash"] + struct.pack("<q", f["time"])
        receipts.append({**hexed(f), "bytes": data.hex()})
    admissions = []
    for _ in range(6):
        f = {
            "genesisHash": R.randbytes(32),
            "programId": R.randbytes(32),
            "federation": R.randbytes(32),
            "owner": R.randbytes(32),
            "validUntil": R.randrange(-(2**63), 2**63),
        }
        data = b"plenary/admission/1" + f["genesisHash"] + f["programId"] + f["federation"] + f["owner"]
        admissions.append({**hexed(f), "bytes": (data + struct.pack("<q", f["validUntil"])).hex()})
    write("envelope.json", {"envelopes": envelopes, "receipts": receipts, "admissions": admissions})


if __name__ == "__main__":
    fixed_point()
    merkle()
    leaves()
    envelope()
