import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { sha256 } from "@plenary/protocol";
import { address } from "@solana/kit";
import { ComputeBudgetProgram, PublicKey, TransactionInstruction } from "@solana/web3.js";
import { TestChain } from "../testing/test-chain.ts";

/*
 * Integer arithmetic of compiled code in the virtual machine against BigInt, for random values and
 * at the edges. The program under test (programs/arithmetic) is compiled by the same toolchain as
 * Plenary's. It overwrites each case with its outcome.
 */

const PROGRAM = new PublicKey("1ntegersUnderTest11111111111111111111111111");
const CASE = 34;
const CASES = 900;
const BATCHES = 40;

const TYPES = [
  { bits: 32, signed: true },
  { bits: 32, signed: false },
  { bits: 64, signed: true },
  { bits: 64, signed: false },
  { bits: 128, signed: true },
  { bits: 128, signed: false },
] as const;

interface Case {
  readonly type: number;
  readonly operation: number;
  readonly left: bigint;
  readonly right: bigint;
}

type Operation = (left: bigint, right: bigint, bits: number, signed: boolean) => bigint | null;

const wrap = (value: bigint, bits: number, signed: boolean) =>
  signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
const lowest = (bits: number, signed: boolean) => (signed ? -(1n << BigInt(bits - 1)) : 0n);
const highest = (bits: number, signed: boolean) => (1n << BigInt(signed ? bits - 1 : bits)) - 1n;
const clamp: Operation = (value, _, bits, signed) =>
  value < lowest(bits, signed)
    ? lowest(bits, signed)
    : value > highest(bits, signed)
      ? highest(bits, signed)
      : value;
const floorDivide = (left: bigint, right: bigint) => {
  const remainder = ((left % right) + abs(right)) % abs(right);
  return (left - remainder) / right;
};
const abs = (value: bigint) => (value < 0n ? -value : value);
const shift = (value: bigint) => Number(BigInt.asUintN(32, value));
const binary = (value: bigint, bits: number) =>
  BigInt.asUintN(bits, value).toString(2).padStart(bits, "0");

/** In the order of the program's operation codes; null if a checked operation has no value. */
const OPERATIONS: readonly Operation[] = [
  (left, right, bits, signed) => within(left + right, bits, signed),
  (left, right, bits, signed) => within(left - right, bits, signed),
  (left, right, bits, signed) => within(left * right, bits, signed),
  (left, right, bits, signed) => (right === 0n ? null : within(left / right, bits, signed)),
  (left, right, bits, signed) =>
    right === 0n || overflows(left, right, bits, signed) ? null : left % right,
  (left, right, bits, signed) =>
    right === 0n ? null : within(floorDivide(left, right), bits, signed),
  (left, right, bits, signed) =>
    right === 0n || overflows(left, right, bits, signed)
      ? null
      : left - floorDivide(left, right) * right,
  (left, right, bits, signed) =>
    shift(right) >= bits ? null : wrap(left << BigInt(shift(right)), bits, signed),
  (left, right, bits) => (shift(right) >= bits ? null : left >> BigInt(shift(right))),
  (left, right, bits, signed) => wrap(left + right, bits, signed),
  (left, right, bits, signed) => wrap(left - right, bits, signed),
  (left, right, bits, signed) => wrap(left * right, bits, signed),
  (left, right, bits, signed) => clamp(left + right, 0n, bits, signed),
  (left, right, bits, signed) => clamp(left - right, 0n, bits, signed),
  (left, right, bits, signed) => clamp(left * right, 0n, bits, signed),
  (left, right) => left & right,
  (left, right) => left | right,
  (left, right) => left ^ right,
  (left, _, bits, signed) => wrap(~left, bits, signed),
  (left, _, bits, signed) => within(-left, bits, signed),
  (left, right) => (left < right ? left : right),
  (left, right) => (left > right ? left : right),
  (left, _, bits) => BigInt(`${binary(left, bits)}1`.indexOf("1")),
  (left, _, bits) => BigInt([...`1${binary(left, bits)}`].reverse().indexOf("1")),
  (left, right, bits, signed) => {
    const by = shift(right) % bits;
    const digits = binary(left, bits);
    return wrap(BigInt(`0b${digits.slice(by)}${digits.slice(0, by)}`), bits, signed);
  },
  (left, right, bits, signed) => within(left ** BigInt(shift(right) & 7), bits, signed),
  (left, _, bits, signed) => wrap(BigInt.asIntN(32, left), bits, signed),
  (left, _, bits, signed) => wrap(BigInt.asUintN(32, left), bits, signed),
  (left, _, bits, signed) => wrap(BigInt.asIntN(64, left), bits, signed),
  (left, _, bits, signed) => wrap(BigInt.asUintN(64, left), bits, signed),
  (left, _, bits) => BigInt([...binary(left, bits)].filter((digit) => digit === "1").length),
];

function within(value: bigint, bits: number, signed: boolean): bigint | null {
  return value >= lowest(bits, signed) && value <= highest(bits, signed) ? value : null;
}

/** The one signed division whose quotient does not fit. Rust gives no remainder for it either. */
function overflows(left: bigint, right: bigint, bits: number, signed: boolean): boolean {
  return signed && right === -1n && left === lowest(bits, signed);
}

test("integer arithmetic in the virtual machine equals BigInt's", () => {
  const chain = new TestChain();
  const bytes = readFileSync(new URL("./fixtures/arithmetic.so", import.meta.url));
  chain.svm.addProgram(address(PROGRAM.toBase58()), bytes);
  const random = generator("arithmetic 1");
  let undefinedOnes = 0;
  for (let batch = 0; batch < BATCHES; batch++) {
    const cases = Array.from({ length: CASES }, () => draw(random));
    const outcomes = evaluate(chain, cases);
    for (const [index, given] of cases.entries()) {
      const { bits, signed } = TYPES[given.type]!;
      const expected = OPERATIONS[given.operation]!(given.left, given.right, bits, signed);
      if (expected === null) undefinedOnes++;
      assert.equal(
        outcomes[index],
        expected,
        `${bits} ${signed} operation ${given.operation}: ${given.left}, ${given.right}`,
      );
    }
  }
  assert.ok(undefinedOnes > 1000, "overflow was tried often");
});

function evaluate(chain: TestChain, cases: readonly Case[]): (bigint | null)[] {
  const at = chain.actor("cases").publicKey;
  const data = new Uint8Array(cases.length * CASE);
  for (const [index, given] of cases.entries()) {
    data.set([given.type, given.operation], index * CASE);
    data.set(toBytes(given.left), index * CASE + 2);
    data.set(toBytes(given.right), index * CASE + 18);
  }
  chain.setData(at, PROGRAM, data);
  const discriminator = sha256(new TextEncoder().encode("global:evaluate")).subarray(0, 8);
  const instruction = new TransactionInstruction({
    programId: PROGRAM,
    keys: [{ pubkey: at, isSigner: false, isWritable: true }],
    data: Buffer.from(discriminator),
  });
  const limit = ComputeBudgetProgram.setComputeUnitLimit({ units: 1_400_000 });
  chain.run("arithmetic", [limit, instruction], [chain.actor("sender")]);
  const outcome = chain.data(at);
  assert.ok(outcome !== null);
  return cases.map(({ type }, index) => {
    const { bits, signed } = TYPES[type]!;
    if (outcome[index * CASE] === 0) return null;
    const value = outcome.subarray(index * CASE + 1, index * CASE + 1 + bits / 8);
    return wrap(BigInt(`0x${Buffer.from(value).reverse().toString("hex")}`), bits, signed);
  });
}

function toBytes(value: bigint): Uint8Array {
  const hex = BigInt.asUintN(128, value).toString(16).padStart(32, "0");
  return Uint8Array.from(Buffer.from(hex, "hex").reverse());
}

/** Numbers of every size, often next to a power of two or to an end of the range. */
function draw(random: (below: number) => number): Case {
  const type = random(TYPES.length);
  const { bits, signed } = TYPES[type]!;
  const operand = () => {
    const near = random(4) === 0;
    const size = BigInt(random(bits + 1));
    let value = near ? (1n << size) + BigInt(random(5) - 2) : 0n;
    if (!near)
      for (let taken = 0; taken < bits; taken += 32)
        value = (value << 32n) | BigInt(random(2 ** 32));
    if (!near) value &= (1n << size) - 1n;
    return wrap(signed && random(2) === 0 ? -value : value, bits, signed);
  };
  const operation = random(OPERATIONS.length);
  const amount = operation === 7 || operation === 8 || operation === 24;
  return { type, operation, left: operand(), right: amount ? BigInt(random(bits + 3)) : operand() };
}

/** Random integers below a bound, the same for the same seed: SHA-256 in counter mode. */
function generator(seed: string): (below: number) => number {
  let counter = 0;
  let pool = new Uint8Array();
  let used = 0;
  return (below) => {
    if (used + 8 > pool.length) {
      pool = sha256(new TextEncoder().encode(`${seed} ${counter++}`)) as Uint8Array<ArrayBuffer>;
      used = 0;
    }
    const word = new DataView(pool.buffer, pool.byteOffset + used, 8).getBigUint64(0, true);
    used += 8;
    return Number(word % BigInt(below));
  };
}
