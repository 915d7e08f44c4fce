import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Idl } from "@coral-xyz/anchor";
import {
  DELTA_LIMIT,
  PARAMETER_LIMIT,
  REASONS,
  TOTAL_WEIGHT_LIMIT,
  UPDATE_LIMIT,
} from "@plenary/protocol";
import { Keypair, PublicKey } from "@solana/web3.js";
import { buildInstruction } from "./build-instruction.ts";
import * as constants from "./generated/constants.ts";
import { generatedFiles } from "./idl/generated-files.ts";
import {
  accountLength,
  memberAddress,
  memberRotateKey,
  PROGRAM_ID,
  roundAddress,
  roundFinalize,
  vaultAddress,
  vaultFund,
} from "./index.ts";

const FOLDER = join(import.meta.dirname, "generated");
const VECTORS = join(import.meta.dirname, "../../test/vectors/accounts");
const IDL: Idl = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../programs/plenary.json"), "utf8"),
);
const key = () => Keypair.generate().publicKey;

test("the generated client follows from the committed IDL: `npm run build` writes it", () => {
  const committed = readdirSync(FOLDER).map(
    (name) => [name, readFileSync(join(FOLDER, name), "utf8")] as const,
  );
  assert.deepEqual(new Map(committed), new Map([...generatedFiles(IDL)].sort()));
});

test("an account is as long as the program makes it", () => {
  for (const [kind, file] of [
    ["Federation", "federation-v2"],
    ["Round", "round-v2"],
    ["Member", "member-v1"],
    ["Dispute", "dispute-v1"],
    ["Equivocation", "equivocation-v1"],
  ] as const)
    assert.equal(accountLength(kind), readFileSync(join(VECTORS, `${file}.bin`)).length, kind);
});

test("limits that the protocol states are those of the program", () => {
  assert.equal(BigInt(TOTAL_WEIGHT_LIMIT), constants.WEIGHT_LIMIT);
  assert.equal(DELTA_LIMIT, constants.DELTA_LIMIT);
  assert.equal(PARAMETER_LIMIT, constants.MAX_PARAMETER_COUNT);
  assert.equal(UPDATE_LIMIT, constants.MAX_UPDATES);
  assert.ok(Object.values(REASONS).every(({ code }) => code <= constants.LAST_REASON));
});

test("addresses are derived from seeds that the IDL states", () => {
  const [federation, owner] = [key(), key()];
  const bytes = (value: bigint) => new Uint8Array(new BigUint64Array([value]).buffer);
  const find = (...seeds: Uint8Array[]) => PublicKey.findProgramAddressSync(seeds, PROGRAM_ID)[0];
  const text = new TextEncoder();
  const [inFederation, ofOwner] = [federation.toBytes(), owner.toBytes()];
  assert.deepEqual(
    memberAddress(PROGRAM_ID, federation, owner),
    find(text.encode("member"), inFederation, ofOwner),
  );
  assert.deepEqual(
    roundAddress(PROGRAM_ID, federation, 258n),
    find(text.encode("round"), inFederation, bytes(258n)),
  );
  assert.deepEqual(vaultAddress(PROGRAM_ID, federation), find(text.encode("vault"), inFederation));
});

test("an instruction has its accounts in the IDL's order, those that derive among them", () => {
  const [federation, owner, updateKey] = [key(), key(), key()];
  const [rotate] = memberRotateKey(PROGRAM_ID, { federation, owner, updateKey });
  const member = memberAddress(PROGRAM_ID, federation, owner);
  assert.deepEqual(rotate?.keys, [
    { pubkey: federation, isSigner: false, isWritable: false },
    { pubkey: member, isSigner: false, isWritable: true },
    { pubkey: owner, isSigner: true, isWritable: false },
  ]);
  assert.deepEqual(new Uint8Array(rotate?.data.subarray(8) ?? []), updateKey.toBytes());
});

test("an input of the wrong type does not compile, and does not pass unnoticed at run time", () => {
  const [federation, rewardMint, funder, source] = [key(), key(), key(), key()];
  const fund = { federation, rewardMint, funder, source, amount: 1n };
  assert.equal(vaultFund(PROGRAM_ID, fund).length, 1);
  // @ts-expect-error an amount is a bigint
  assert.throws(() => vaultFund(PROGRAM_ID, { ...fund, amount: 1 }), /vault_fund\/amount/);
  // @ts-expect-error the funder is missing
  assert.throws(() => vaultFund(PROGRAM_ID, { ...fund, funder: undefined }), /funder/);
  // @ts-expect-error the number of the round is missing
  assert.throws(() => roundFinalize(PROGRAM_ID, { federation }), /number/);
  assert.throws(() => buildInstruction(PROGRAM_ID, "vault_burn", fund), /vault_burn/);
});
