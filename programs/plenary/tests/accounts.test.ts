import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  decodeDispute,
  decodeEquivocation,
  decodeFederation,
  decodeMember,
  decodeRound,
  federationPause,
  memberExit,
  missingPiece,
  PROGRAM_ID,
  roundFinalize,
} from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import { PublicKey } from "@solana/web3.js";
import { chunkProof } from "./disputed-round.ts";
import { goldenAccounts, goldenDispute } from "./golden.ts";
import { plainFields } from "./golden-fields.ts";
import { keypairOf, START, TestChain } from "./test-chain.ts";

type Kind = "federation" | "member" | "round" | "dispute" | "equivocation";

const folder = new URL("../../../test/vectors/accounts/", import.meta.url);
const bytesOf = (kind: string) => Uint8Array.from(readFileSync(new URL(`${kind}-v1.bin`, folder)));
const fieldsOf: Record<Kind, Record<string, unknown>> = JSON.parse(
  readFileSync(new URL("accounts-v1.json", folder), "utf8"),
);
const addressOf = (kind: keyof typeof fieldsOf) => new PublicKey(String(fieldsOf[kind].address));

test("the program still writes accounts of version 1 byte for byte", () => {
  const { scenario, federation, member, round } = goldenAccounts();
  assert.deepEqual(scenario.bytes(federation), bytesOf("federation"));
  assert.deepEqual(scenario.bytes(member), bytesOf("member"));
  assert.deepEqual(scenario.bytes(round), bytesOf("round"));
  const disputed = goldenDispute();
  assert.deepEqual(disputed.scenario.bytes(disputed.dispute.address), bytesOf("dispute"));
  assert.deepEqual(disputed.scenario.bytes(disputed.equivocation), bytesOf("equivocation"));
});

test("the client reads accounts of version 1", () => {
  assert.deepEqual(
    plainFields(decodeFederation(addressOf("federation"), bytesOf("federation"))),
    fieldsOf.federation,
  );
  assert.deepEqual(
    plainFields(decodeMember(addressOf("member"), bytesOf("member"))),
    fieldsOf.member,
  );
  assert.deepEqual(plainFields(decodeRound(addressOf("round"), bytesOf("round"))), fieldsOf.round);
  const dispute = decodeDispute(addressOf("dispute"), bytesOf("dispute"));
  assert.deepEqual(plainFields(dispute), fieldsOf.dispute);
  const equivocation = decodeEquivocation(addressOf("equivocation"), bytesOf("equivocation"));
  assert.deepEqual(plainFields(equivocation), fieldsOf.equivocation);
});

test("the program goes on with a dispute of version 1, from its account alone", () => {
  const { dispute } = goldenDispute();
  const chain = new TestChain();
  chain.now = START;
  chain.setData(dispute.address, PROGRAM_ID, bytesOf("dispute"));
  const challenger = chain.actor("golden challenger");
  const { nextState } = dispute.round.vectors;
  const last = dispute.chunkInstruction("nextState", chunkProof(nextState, 1));
  chain.run("dispute_chunk", last, [challenger]);
  const after = chain.data(dispute.address);
  assert.ok(after !== null);
  assert.equal(missingPiece(decodeDispute(dispute.address, after)), null);
});

test("the program goes on with accounts of version 1", () => {
  const chain = new TestChain();
  chain.now = START + 1000n;
  for (const kind of ["federation", "member", "round"] as const) {
    chain.setData(addressOf(kind), PROGRAM_ID, bytesOf(kind));
  }
  const federation = addressOf("federation");
  const authority = chain.actor("golden authority");
  const owner = chain.actor("golden member");
  const pause = { federation, authority: authority.publicKey, paused: true };
  chain.run("federation_pause", federationPause(PROGRAM_ID, pause), [authority]);
  chain.run("member_exit", memberExit(PROGRAM_ID, { federation, owner: owner.publicKey }), [owner]);
  chain.run("round_finalize", roundFinalize(PROGRAM_ID, { federation, number: 2n }), [owner]);
  const after = chain.data(federation);
  assert.ok(after !== null);
  assert.equal(decodeFederation(federation, after).totalEarned, 450n);
});

test("the client refuses accounts of another kind, of another version, and cut short", () => {
  const at = keypairOf("anywhere").publicKey;
  const malformed = (bytes: Uint8Array) =>
    assert.throws(
      () => decodeMember(at, bytes),
      (error) => error instanceof PlenaryError && error.code === "invalid-input",
    );
  const member = bytesOf("member");
  malformed(bytesOf("federation"));
  malformed(member.with(8, 2));
  malformed(member.slice(0, 100));
  malformed(new Uint8Array());
});

test("the program refuses accounts of a version that it does not know", () => {
  const chain = new TestChain();
  const federation = addressOf("federation");
  chain.setData(federation, PROGRAM_ID, bytesOf("federation").with(8, 2));
  const authority = chain.actor("golden authority");
  const pause = federationPause(PROGRAM_ID, {
    federation,
    authority: authority.publicKey,
    paused: true,
  });
  assert.equal(chain.send(pause, [authority]).error, "VersionUnknown");
});
