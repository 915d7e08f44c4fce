import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fromHex } from "./bytes.ts";
import { native } from "./native.ts";
import { portableVerify } from "./portable.ts";
import { verifySignature, verifyStrictly } from "./signature.ts";

interface Case {
  readonly group: string;
  readonly message: string;
  readonly key: string;
  readonly signature: string;
  /** Whether the equation holds, for any S and any points. */
  readonly equation: boolean;
  /** The answer of a strict verifier. */
  readonly valid: boolean;
}

const FILE = new URL("../../test/vectors/signatures.json", import.meta.url);
const CASES = JSON.parse(readFileSync(FILE, "utf8")) as Case[];
const groups = new Set(CASES.map(({ group }) => group));

for (const group of groups)
  test(`hostile signatures: ${group}`, () => {
    for (const { message, key, signature, valid } of CASES.filter((one) => one.group === group)) {
      const [bytes, signed, by] = [fromHex(message), fromHex(signature), fromHex(key)];
      const name = `${signature} by ${key}`;
      assert.ok(native, "tests run on Node");
      assert.equal(verifyStrictly(native.verify, bytes, signed, by), valid, `native: ${name}`);
      assert.equal(verifyStrictly(portableVerify, bytes, signed, by), valid, `portable: ${name}`);
      assert.equal(verifySignature(bytes, signed, by), valid, name);
    }
  });

test("the corpus holds signatures that satisfy the equation and are refused all the same", () => {
  const refused = CASES.filter(({ equation, valid }) => equation && !valid);
  assert.ok(refused.length > 100);
  // Without the strict checks, the two implementations would disagree with each other.
  const differ = refused.filter(({ message, key, signature }) => {
    const parts = [fromHex(message), fromHex(signature), fromHex(key)] as const;
    return native?.verify(...parts) !== portableVerify(...parts);
  });
  assert.ok(differ.length > 0);
});
