"""Writes hostile ed25519 signatures, with arithmetic from RFC 8032's text alone, with the Python standard library.

usage: python3 make_signatures.py     (writes signatures.json beside itself)

Every case states two answers. "equation": whether SB = R + kA holds without the cofactor, for any S, with both points decoded leniently
(y taken modulo p) and compared as points. "valid": what a strict verifier answers, by the rules of ed25519-dalek's `verify_strict`, which
Solana's ed25519 program calls: S below the group order, both points on the curve, neither of small order, and the equation. The classes
are those of "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko, 2020) and what lies around them.
"""

import hashlib
import json
import pathlib
import random

HERE = pathlib.Path(__file__).parent
R = random.Random(20260101)

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
SIGN = 1 << 255


def add(a, b):
    """RFC 8032, section 5.1.4: extended coordinates, complete for all points."""
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    e = (y1 - x1) * (y2 - x2) % P
    f = (y1 + x1) * (y2 + x2) % P
    g = 2 * t1 * t2 * D % P
    h = 2 * z1 * z2 % P
    w, x, y, z = f - e, h - g, h + g, f + e
    return w * x % P, y * z % P, x * y % P, w * z % P


def extended(x: int, y: int):
    return x, y, 1, x * y % P


def equal(a, b) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


IDENTITY = extended(0, 1)


def multiply(n, point):
    # Not modulo L: points here have orders that L does not divide.
    result = IDENTITY
    while n > 0:
        if n & 1:
            result = add(result, point)
        point = add(point, point)
        n >>= 1
    return result


def encode(point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | ((x & 1) << 255)).to_bytes(32, "little")


def decode(data: bytes):
    """Lenient: y modulo p, and the sign of x = 0 does not matter. None if no point has this y."""
    value = int.from_bytes(data, "little")
    sign, y = value >> 255, (value & (SIGN - 1)) % P
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    square = u * pow(v, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != square:
        return None
    return extended(P - x if x & 1 != sign and x != 0 else x, y)


BASE = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
if BASE[0] % 2 != 0:
    raise AssertionError("the base point's x is even")


def torsion():
    """The eight points of small order, as multiples of one of order eight."""
    y = 2
    while True:
        point = decode(y.to_bytes(32, "little"))
        y += 1
        if point is None:
            continue
        small = multiply(L, point)
        if not equal(multiply(4, small), IDENTITY):
            return [multiply(i, small) for i in range(8)]


TORSION = torsion()


def small_order_encodings() -> list[bytes]:
    """Every 32 bytes that decode to a point of small order: y or y + p where that fits, with either sign where x = 0."""
    found = set()
    for point in TORSION:
        y = int.from_bytes(encode(point), "little") & (SIGN - 1)
        for value in (y, y + P):
            for sign in (0, SIGN):
                if value < SIGN and equal(decode((value | sign).to_bytes(32, "little")), point):
                    found.add((value | sign).to_bytes(32, "little"))
    return sorted(found)


def challenge(r: bytes, key: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


def judge(message: bytes, key: bytes, signature: bytes) -> tuple[bool, bool]:
    if len(key) != 32 or len(signature) != 64:
        return False, False
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    point_a, point_r = decode(key), decode(r)
    if point_a is None or point_r is None:
        return False, False
    k = challenge(r, key, message)
    equation = equal(multiply(s, BASE), add(point_r, multiply(k, point_a)))
    small = equal(multiply(8, point_a), IDENTITY) or equal(multiply(8, point_r), IDENTITY)
    return equation, equation and s < L and not small


CASES: list[dict] = []


def case(group: str, message: bytes, key: bytes, signature: bytes) -> tuple[bool, bool]:
    equation, valid = judge(message, key, signature)
    CASES.append(
        {
            "group": group,
            "message": message.hex(),
            "key": key.hex(),
            "signature": signature.hex(),
            "equation": equation,
            "valid": valid,
        }
    )
    return equation, valid


def expect(outcome: tuple[bool, bool], equation: bool, valid: bool) -> None:
    if outcome != (equation, valid):
        raise AssertionError(f"{CASES[-1]}: expected equation {equation}, valid {valid}")


def scalar(n: int) -> bytes:
    return n.to_bytes(32, "little")


def sign(a: int, key: bytes, r: int, encoded_r: bytes, message: bytes) -> bytes:
    return encoded_r + scalar((r + challenge(encoded_r, key, message) * a) % L)


def draw() -> tuple[int, int, bytes]:
    return R.randrange(1, L), R.randrange(1, L), R.randbytes(R.choice([0, 1, 32, 297]))


def honest() -> None:
    for _ in range(6):
        a, r, message = draw()
        key = encode(multiply(a, BASE))
        signature = sign(a, key, r, encode(multiply(r, BASE)), message)
        expect(case("honest", message, key, signature), True, True)
        for _ in range(6):
            bit = R.randrange(512)
            flipped = bytearray(signature)
            flipped[bit // 8] ^= 1 << bit % 8
            expect(case("bit flipped in the signature", message, key, bytes(flipped)), False, False)
        for _ in range(3):
            bit = R.randrange(256)
            flipped = bytearray(key)
            flipped[bit // 8] ^= 1 << bit % 8
            expect(case("bit flipped in the key", message, bytes(flipped), signature), False, False)
        expect(case("byte added to the message", message + b"\0", key, signature), False, False)
        negative = encode(multiply(L - 1, multiply(a, BASE)))
        expect(case("sign of the key flipped", message, negative, signature), False, False)
        for length in (0, 32, 63):
            expect(case("signature of another length", message, key, signature[:length]), False, False)
        expect(case("signature of another length", message, key, signature + b"\0"), False, False)
        expect(case("key of another length", message, key[:31], signature), False, False)
        expect(case("key of another length", message, key + b"\0", signature), False, False)


def large_scalars() -> None:
    """S is counted modulo L in the equation: without a bound anyone makes a second signature of a first."""
    for _ in range(3):
        a, r, message = draw()
        key = encode(multiply(a, BASE))
        signature = sign(a, key, r, encode(multiply(r, BASE)), message)
        s = int.from_bytes(signature[32:], "little")
        for times in range(1, 16):
            if s + times * L < 2**256:
                expect(case("S + nL", message, key, signature[:32] + scalar(s + times * L)), True, False)
    # No signature with these satisfies the equation: R enters the hash that multiplies A.
    a, r, message = draw()
    key, encoded = encode(multiply(a, BASE)), encode(multiply(r, BASE))
    for s in (0, 1, L - 1, L, L + 1, 2 * L - 1, 2 * L, 2**252, 2**253 - 1, 2**253, 2**255 - 1, 2**255, 2**256 - 1):
        expect(case("edge value of S", message, key, encoded + scalar(s)), False, False)


def small_orders() -> None:
    """Keys of small order fit many messages; R of small order was never drawn by who signs honestly."""
    encodings = small_order_encodings()
    if len(encodings) != 14:
        raise AssertionError("edwards25519 has fourteen encodings of points of small order")
    for key in encodings:
        for r in R.sample(encodings, 4):
            for attempt in range(200):
                message = attempt.to_bytes(2, "little")
                if judge(message, key, r + scalar(0))[0]:
                    expect(case("key and R of small order, S = 0", message, key, r + scalar(0)), True, False)
                    break
        # R = rB - kA, for which S = r holds when the torsion of kA is guessed right.
        s = R.randrange(1, L)
        for attempt in range(400):
            message = attempt.to_bytes(2, "little")
            r = encode(add(multiply(s, BASE), TORSION[attempt % 8]))
            if judge(message, key, r + scalar(s))[0]:
                expect(case("key of small order", message, key, r + scalar(s)), True, False)
                break
        else:
            raise AssertionError("no signature by a key of small order")
        a, r, message = draw()
        signature = encode(multiply(r, BASE)) + scalar(r)
        case("key of small order, signature of no key", message, key, signature)
    for r in encodings:
        a, _, message = draw()
        key = encode(multiply(a, BASE))
        case("R of small order, key of large order", message, key, sign(a, key, 0, r, message))
        # A mixed key whose torsion makes up for R's.
        for attempt in range(400):
            message = attempt.to_bytes(2, "little")
            key = encode(add(multiply(a, BASE), TORSION[1 + attempt % 7]))
            signature = sign(a, key, 0, r, message)
            if judge(message, key, signature)[0]:
                expect(case("R of small order, mixed key", message, key, signature), True, False)
                break
        else:
            raise AssertionError("no signature with R of small order and a mixed key")


def mixed_orders() -> None:
    """With a torsion part in A or R the equation with the cofactor holds always, that without only now and then."""
    wanted = {("mixed key", True): 4, ("mixed key", False): 4, ("mixed R", False): 4, ("mixed key and R", True): 6}
    wanted[("mixed key and R", False)] = 6
    attempt = 0
    while any(wanted.values()):
        attempt += 1
        a, r, message = draw()
        in_key, in_r = TORSION[attempt % 8], TORSION[attempt // 8 % 8]
        if equal(in_key, IDENTITY) and equal(in_r, IDENTITY):
            continue
        name = "mixed R" if equal(in_key, IDENTITY) else "mixed key" if equal(in_r, IDENTITY) else "mixed key and R"
        key = encode(add(multiply(a, BASE), in_key))
        signature = sign(a, key, r, encode(add(multiply(r, BASE), in_r)), message)
        equation, valid = judge(message, key, signature)
        if wanted.get((name, equation), 0) > 0:
            wanted[(name, equation)] -= 1
            expect(case(f"{name}, equation {'holds' if equation else 'needs the cofactor'}", message, key, signature), equation, valid)
            if valid != equation:
                raise AssertionError("only points of small order are refused, mixed ones are not")


def other_encodings() -> None:
    """y of p and more, which stands for y - p; and bytes that are not a point."""
    a, r, message = draw()
    key, encoded = encode(multiply(a, BASE)), encode(multiply(r, BASE))
    signature = sign(a, key, r, encoded, message)
    for y in range(P, 2**255):
        for top in (0, SIGN):
            data = (y | top).to_bytes(32, "little")
            expect(case("key's y not reduced", message, data, signature), False, False)
            case("R's y not reduced", message, key, sign(a, key, 0, data, message))
    off_curve = [y for y in range(2, 60) if decode(scalar(y)) is None][:8]
    for y in off_curve:
        expect(case("key is no point", message, scalar(y), signature), False, False)
        expect(case("R is no point", message, key, scalar(y) + signature[32:]), False, False)
    for filler in (b"\0", b"\xff"):
        expect(case("signature of one repeated byte", message, key, filler * 64), False, False)
        case("key and signature of one repeated byte", message, filler * 32, filler * 64)


honest()
large_scalars()
small_orders()
mixed_orders()
other_encodings()
(HERE / "signatures.json").write_text(json.dumps(CASES, indent=1) + "\n")
print(f"{len(CASES)} cases, {sum(c['equation'] for c in CASES)} satisfy the equation, {sum(c['valid'] for c in CASES)} are valid")
