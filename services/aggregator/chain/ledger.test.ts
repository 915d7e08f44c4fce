import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { rulesOf, vectorRootFast } from "@plenary/algorithms";
import { PROGRAM_ID } from "@plenary/chain";
import {
  drawnHash,
  PlenaryError,
  type RoundCommitment,
  sha256,
  toBase58,
  ZERO_HASH,
} from "@plenary/protocol";
import { Keypair } from "@solana/web3.js";
import { createFederation } from "../testing/chain/federation.ts";
import { MemoryLedger } from "../testing/chain/memory-ledger.ts";
import { fundedKeypair, type Localnet, startLocalnet } from "../testing/stack/localnet.ts";
import type { Ledger, OnSigned } from "./ledger.ts";
import { solanaLedger } from "./solana-ledger.ts";

/*
 * What the rounds rely on of any ledger: one suite for the real chain and for the one in memory,
 * which stands in for it in the tests of rounds.
 */

const PARAMETERS = 20;
const COLLECT_SECONDS = 600;
const GRACE_SECONDS = 600;
const MODEL_ROOT = vectorRootFast(new Int32Array(PARAMETERS));
const STATE_ROOT = vectorRootFast(new Int32Array(0));

/** A federation with two members on a new chain. */
interface Ground {
  readonly ledger: Ledger;
  readonly federation: Uint8Array;
  readonly authority: Uint8Array;
  readonly members: readonly Uint8Array[];
  pass(seconds: number): void;
  close(): Promise<void>;
}

function describeLedger(name: string, open: () => Promise<Ground>): void {
  describe(`the ledger ${name}`, () => {
    let ground: Ground;
    let ledger: Ledger;
    let federation: Uint8Array;

    before(async () => {
      ground = await open();
      ({ ledger, federation } = ground);
    });
    after(() => ground.close());

    const signatures: string[] = [];
    const noted: OnSigned = async (signature) => void signatures.push(signature);
    /** Resolves with the signature that was told before the transaction was sent. */
    const sent = async (send: (onSigned: OnSigned) => Promise<string>) => {
      const before = signatures.length;
      const signature = await send(noted);
      assert.deepEqual(signatures.slice(before), [signature]);
      assert.match(signature, /^[1-9A-HJ-NP-Za-km-z]{64,88}$/);
    };
    const refused = (send: (onSigned: OnSigned) => Promise<string>) =>
      assert.rejects(send(noted), { code: "transaction-failed" });
    /** What has taken effect is refused, or is the same transaction again, within a blockhash. */
    const repeated = async (send: (onSigned: OnSigned) => Promise<string>) => {
      const sentBefore = [...signatures];
      const outcome = await send(noted).catch((error: unknown) => {
        assert.ok(error instanceof PlenaryError && error.code === "transaction-failed");
      });
      if (outcome !== undefined) assert.ok(sentBefore.includes(outcome));
    };
    const openRound = (number: bigint, baseRoot = MODEL_ROOT, baseStateRoot = STATE_ROOT) => {
      const round = { number, baseRoot, baseStateRoot, collectSeconds: COLLECT_SECONDS };
      return (onSigned: OnSigned) => ledger.openRound(federation, round, onSigned);
    };
    const commitRound = (number: bigint, commitment: RoundCommitment) => (onSigned: OnSigned) =>
      ledger.commitRound(federation, number, commitment, onSigned);
    const standing = async () => {
      const found = await ledger.federation(federation);
      assert.ok(found);
      return found;
    };

    test("knows the federation and its members, and nothing of others", async () => {
      const found = await standing();
      assert.deepEqual(found.authority, ground.authority);
      assert.deepEqual(found.aggregator, ledger.aggregator);
      assert.deepEqual(
        [found.nextRound, found.openRound, found.lastCommittedRound, found.pendingRounds],
        [1n, 0n, 0n, []],
      );
      assert.deepEqual(found.lastModelRoot, MODEL_ROOT);
      const members = await ledger.members(federation);
      const addresses = members.map(({ address }) => toBase58(address)).sort();
      assert.deepEqual(addresses, ground.members.map(toBase58).sort());
      for (const member of members)
        assert.deepEqual(await ledger.member(federation, member.address), member);
      const stranger = Keypair.generate().publicKey.toBytes();
      assert.equal(await ledger.federation(stranger), undefined);
      assert.equal(await ledger.member(federation, stranger), undefined);
      assert.equal(await ledger.round(federation, 1n), undefined);
    });

    test("opens the next round on the right base, once", async () => {
      await refused(openRound(2n));
      await refused(openRound(1n, ZERO_HASH));
      const before = await ledger.now();
      await sent(openRound(1n));
      const round = await ledger.round(federation, 1n);
      assert.ok(round);
      assert.deepEqual([round.status, round.baseRound, round.openDisputes], ["open", 0n, 0]);
      assert.ok(round.openedAt >= before);
      assert.equal(round.deadlineAt, round.openedAt + COLLECT_SECONDS * 1_000);
      assert.equal(round.commitBy, round.deadlineAt + GRACE_SECONDS * 1_000);
      const { nextRound, openRound: openNow } = await standing();
      assert.deepEqual([nextRound, openNow], [2n, 1n]);
      await repeated(openRound(1n));
      await refused(openRound(2n));
      assert.deepEqual(await ledger.round(federation, 1n), round);
    });

    test("draws the audits of a round, once, from its envelopes", async () => {
      const envelopes = sha256(Buffer.from("envelopes"));
      const draw = (onSigned: OnSigned) => ledger.drawAudits(federation, 1n, envelopes, onSigned);
      assert.equal((await ledger.round(federation, 1n))?.auditDrawn, undefined);
      await sent(draw);
      const drawn = (await ledger.round(federation, 1n))?.auditDrawn;
      const slotHash = await ledger.auditSlotHash(federation, 1n);
      assert.deepEqual(drawn, drawnHash(slotHash, envelopes));
      await repeated(draw);
      assert.deepEqual((await ledger.round(federation, 1n))?.auditDrawn, drawn);
    });

    test("commits an open round, once, and moves the federation to its model", async () => {
      await sent(commitRound(1n, commitmentOf("first")));
      const round = await ledger.round(federation, 1n);
      assert.ok(round);
      assert.equal(round.status, "committed");
      assert.deepEqual(round.manifestHash, commitmentOf("first").manifestHash);
      assert.ok(round.committedAt >= round.openedAt);
      assert.equal(round.challengeEndsAt, round.committedAt);
      const found = await standing();
      assert.deepEqual(
        [found.openRound, found.lastCommittedRound, found.pendingRounds, found.finalRound],
        [0n, 1n, [1n], 0n],
      );
      assert.deepEqual(found.lastModelRoot, commitmentOf("first").nextRoot);
      await refused(commitRound(1n, commitmentOf("second")));
    });

    test("makes a committed round final after its window, once", async () => {
      ground.pass(2);
      const finalize = (onSigned: OnSigned) => ledger.finalizeRound(federation, 1n, onSigned);
      await sent(finalize);
      assert.equal((await ledger.round(federation, 1n))?.status, "final");
      const { finalRound, pendingRounds } = await standing();
      assert.deepEqual([finalRound, pendingRounds], [1n, []]);
      await repeated(finalize);
      assert.deepEqual(await ledger.disputes(federation), []);
      assert.deepEqual(await ledger.endedDisputes(federation, 1n), []);
    });

    test("voids an open round when its time is over, and not before", async () => {
      const base = commitmentOf("first");
      await sent(openRound(2n, base.nextRoot, base.nextStateRoot));
      const voidRound = (onSigned: OnSigned) => ledger.voidRound(federation, 2n, onSigned);
      await refused(voidRound);
      ground.pass(COLLECT_SECONDS + GRACE_SECONDS + 2);
      await refused(commitRound(2n, commitmentOf("late")));
      await sent(voidRound);
      assert.equal((await ledger.round(federation, 2n))?.status, "void");
      const { openRound: openNow, nextRound, lastCommittedRound } = await standing();
      assert.deepEqual([openNow, nextRound, lastCommittedRound], [0n, 3n, 1n]);
      await repeated(voidRound);
    });
  });
}

/** What a round is committed to; only its bytes matter here. */
function commitmentOf(name: string): RoundCommitment {
  const hash = (part: string) => sha256(Buffer.from(`${part} of ${name}`));
  return {
    nextRoot: hash("model"),
    nextStateRoot: STATE_ROOT,
    updatesRoot: hash("updates"),
    updateCount: 2,
    totalWeight: 20,
    rewardsRoot: hash("rewards"),
    rewardCount: 2,
    cumulativeRewards: 20n,
    manifestHash: hash("manifest"),
  };
}

describeLedger("in memory", async () => {
  const ledger = new MemoryLedger(Keypair.generate());
  ledger.grace = GRACE_SECONDS;
  const federation = sha256(Buffer.from("federation"));
  const members = ["north", "south"].map((name) => sha256(Buffer.from(name)));
  const terms = {
    configurationHash: sha256(Buffer.from("configuration")),
    parameterCount: PARAMETERS,
    rules: rulesOf({ strategy: { name: "fedavg" }, aggregator: { name: "mean" } }),
    lastModelRoot: MODEL_ROOT,
    lastStateRoot: STATE_ROOT,
  };
  ledger.found(
    federation,
    terms,
    members.map((address) => ({
      ...{ address, owner: address, updateKey: address, previousKey: address, payout: address },
      ...{ keySinceRound: 1n, joinedRound: 1n, exitRound: 0n, claimed: 0n },
    })),
  );
  const authority = (await ledger.federation(federation))?.authority ?? ZERO_HASH;
  const pass = (seconds: number) => {
    ledger.time += seconds * 1_000;
  };
  return { ledger, federation, authority, members, pass, close: async () => {} };
});

describeLedger("on Solana", async () => {
  const folder = mkdtempSync(join(tmpdir(), "plenary-ledger-"));
  const localnet: Localnet = await startLocalnet(folder, true);
  const { rpcUrl } = localnet;
  const aggregator = await fundedKeypair(rpcUrl);
  const founded = await createFederation({
    rpcUrl,
    aggregator,
    members: 2,
    parameterCount: PARAMETERS,
  });
  const ledger = solanaLedger({
    rpcUrl,
    rpcWebSocketUrl: undefined,
    programId: PROGRAM_ID.toBytes(),
    aggregatorKey: aggregator.secretKey,
  });
  return {
    ledger,
    federation: founded.address,
    authority: founded.authority.publicKey.toBytes(),
    members: founded.members.map(({ address }) => address),
    pass: (seconds) => localnet.passTime(seconds),
    async close() {
      await localnet.process.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});
