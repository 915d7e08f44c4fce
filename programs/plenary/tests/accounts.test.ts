import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  accountMigrate,
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
import { goldenAccounts, goldenDispute } from "../testing/golden/accounts.ts";
import { downgraded } from "../testing/golden/downgraded.ts";
import { plainFields } from "../testing/golden/fields.ts";
import { chunkProof, REJECTED } from "../testing/open-dispute.ts";
import { keypairOf, START, TestChain } from "../testing/test-chain.ts";

type Kind = "federation" | "member" | "round" | "dispute" | "equivocation";

const folder = new URL("../../../test/vectors/accounts/", import.meta.url);
const bytesOf = (kind: Kind, version = 1) =>
  Uint8Array.from(readFileSync(new URL(`${kind}-v${version}.bin`, folder)));
const fieldsOf: Record<Kind, Record<string, unknown>> = JSON.parse(
  readFileSync(new URL("accounts.json", folder), "utf8"),
);
const addressOf = (kind: Kind) => new PublicKey(String(fieldsOf[kind].address));

const decoders = {
  federation: decodeFederation,
  member: decodeMember,
  round: decodeRound,
  dispute: decodeDispute,
  equivocation: decodeEquivocation,
};
/** Layout versions that may be on a chain, oldest first. */
const versions = {
  federation: [1, 2],
  member: [1],
  round: [1, 2],
  dispute: [1],
  equivocation: [1],
};

/** Offset at which older disputes hold the momentum, which is now in the round. */
const UNUSED = 8 + 196;

test("the program writes accounts of the present versions byte for byte", () => {
  const { scenario, federation, member, round } = goldenAccounts();
  assert.deepEqual(scenario.bytes(federation), bytesOf("federation", 2));
  assert.deepEqual(scenario.bytes(member), bytesOf("member"));
  assert.deepEqual(scenario.bytes(round), bytesOf("round", 2));
  const disputed = goldenDispute();
  const dispute = bytesOf("dispute");
  dispute.fill(0, UNUSED, UNUSED + 2);
  assert.deepEqual(disputed.scenario.bytes(disputed.dispute.address), dispute);
  assert.deepEqual(disputed.scenario.bytes(disputed.equivocation), bytesOf("equivocation"));
});

for (const kind of Object.keys(versions) as Kind[])
  for (const version of versions[kind])
    test(`the client reads a ${kind} of version ${version}`, () => {
      const account = decoders[kind](addressOf(kind), bytesOf(kind, version));
      assert.deepEqual(plainFields(account), fieldsOf[kind]);
    });

test("the program continues a dispute of version 1, from its account alone", () => {
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

test("a dispute that was open when the program was upgraded ends by its round's rules", () => {
  const { scenario, dispute } = goldenDispute();
  const { chain, federation, stranger } = scenario;
  const { address: round } = scenario.round(dispute.round.number);
  chain.setData(dispute.address, PROGRAM_ID, bytesOf("dispute"));
  chain.setData(federation, PROGRAM_ID, downgraded("federation", scenario.bytes(federation)));
  chain.setData(round, PROGRAM_ID, downgraded("round", scenario.bytes(round)));
  dispute.feedVector("nextState");
  assert.notEqual(chain.send(dispute.resolveInstruction(), [stranger]).error, null);
  for (const account of [federation, round])
    chain.run(
      "account_migrate",
      accountMigrate(PROGRAM_ID, { account, payer: stranger.publicKey }),
      [stranger],
    );
  assert.equal(dispute.resolve().verdict, REJECTED);
});

test("accounts of version 1 are refused until they are migrated, and work afterwards", () => {
  const chain = new TestChain();
  chain.now = START + 1000n;
  for (const kind of ["federation", "member", "round"] as const)
    chain.setData(addressOf(kind), PROGRAM_ID, bytesOf(kind));
  const federation = addressOf("federation");
  const authority = chain.actor("golden authority");
  const owner = chain.actor("golden member");
  const pause = federationPause(PROGRAM_ID, {
    federation,
    authority: authority.publicKey,
    paused: true,
  });
  const finalize = roundFinalize(PROGRAM_ID, { federation, number: 2n });
  assert.equal(chain.send(pause, [authority]).error, "VersionUnknown");
  assert.notEqual(chain.send(finalize, [owner]).error, null);
  const stranger = chain.actor("stranger");
  for (const kind of ["federation", "round"] as const) {
    const account = addressOf(kind);
    const migrate = accountMigrate(PROGRAM_ID, { account, payer: stranger.publicKey });
    chain.run("account_migrate", migrate, [stranger]);
    assert.deepEqual(chain.data(account), bytesOf(kind, 2));
    const rent = chain.svm.minimumBalanceForRentExemption(BigInt(bytesOf(kind, 2).length));
    assert.equal(chain.lamports(account), rent);
    assert.equal(chain.send(migrate, [stranger]).error, "NothingToMigrate");
  }
  chain.run("federation_pause", pause, [authority]);
  chain.run("member_exit", memberExit(PROGRAM_ID, { federation, owner: owner.publicKey }), [owner]);
  chain.run("round_finalize", finalize, [owner]);
  const after = chain.data(federation);
  assert.ok(after !== null);
  assert.equal(decodeFederation(federation, after).totalEarned, 450n);
});

test("only a Federation or a Round of version 1 is migrated", () => {
  const chain = new TestChain();
  const payer = chain.actor("payer");
  const account = keypairOf("account").publicKey;
  const migrate = accountMigrate(PROGRAM_ID, { account, payer: payer.publicKey });
  const federation = bytesOf("federation");
  for (const data of [
    bytesOf("member"),
    bytesOf("dispute"),
    bytesOf("round", 2),
    federation.with(8, 0),
    federation.with(8, 3),
    federation.slice(0, 8),
    federation.slice(0, 278),
  ]) {
    chain.setData(account, PROGRAM_ID, data);
    assert.equal(chain.send(migrate, [payer]).error, "NothingToMigrate");
    assert.deepEqual(chain.data(account), data);
  }
  // One is cut short, and one has a last committed round that contradicts its pending rounds.
  for (const data of [federation.slice(0, 400), federation.with(379, 9)]) {
    chain.setData(account, PROGRAM_ID, data);
    assert.notEqual(chain.send(migrate, [payer]).error, null);
    assert.deepEqual(chain.data(account), data);
  }
  chain.setData(account, keypairOf("another program").publicKey, federation);
  assert.equal(chain.send(migrate, [payer]).error, "NothingToMigrate");
});

test("the client refuses accounts of another kind, of another version, and cut short", () => {
  const at = keypairOf("anywhere").publicKey;
  const malformed = (decode: (at: PublicKey, bytes: Uint8Array) => object, bytes: Uint8Array) =>
    assert.throws(
      () => decode(at, bytes),
      (error) => error instanceof PlenaryError && error.code === "invalid-input",
    );
  const member = bytesOf("member");
  malformed(decodeMember, bytesOf("federation"));
  malformed(decodeMember, member.with(8, 2));
  malformed(decodeMember, member.slice(0, 100));
  malformed(decodeMember, new Uint8Array());
  for (const version of versions.federation) {
    const federation = bytesOf("federation", version);
    malformed(decodeRound, federation);
    malformed(decodeFederation, federation.with(8, 3));
    malformed(decodeFederation, federation.slice(0, 200));
    malformed(decodeFederation, federation.slice(0, 400));
  }
});

test("the program refuses accounts of an unknown version", () => {
  const chain = new TestChain();
  const federation = addressOf("federation");
  chain.setData(federation, PROGRAM_ID, bytesOf("federation", 2).with(8, 3));
  const authority = chain.actor("golden authority");
  const pause = federationPause(PROGRAM_ID, {
    federation,
    authority: authority.publicKey,
    paused: true,
  });
  assert.equal(chain.send(pause, [authority]).error, "VersionUnknown");
});
