/**
 * An aggregator publishes nothing of its wrong model. The wrong chunk is found on chain, and paid
 * for.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readRound, roundAddress } from "@plenary/chain";
import { CHUNK_LENGTH, equalBytes, fromHex, PlenaryError, parseManifest } from "@plenary/protocol";
import {
  disputeFinding,
  openVerifier,
  tokenBalance,
  type Verifier,
  verifyRound,
} from "@plenary/sdk";
import { Keypair } from "@solana/web3.js";
import { foundFederation, openGround, runMembers, STAKE } from "./local-federation.ts";

const ROUND = 1n;
const PARAMETER = 311 * CHUNK_LENGTH + 17;

test("a model that is wrong in one chunk and withheld costs the aggregator its bond", async (t) => {
  const worker = "services/aggregator/testing/actors/cheating-worker.ts";
  const { ground, close } = await openGround({ worker: [worker, `${ROUND}:integer:${PARAMETER}`] });
  t.after(close);
  const founded = await foundFederation(ground, { total: 1 }, 600);
  await runMembers(ground, founded);
  const { rpcUrl: rpc, serviceUrl: service, program } = ground.stack;
  const verifier = await withoutNextModel(await openVerifier({ rpc, service }));
  const { finding, provable } = await verifyRound(verifier, ROUND);
  assert.deepEqual([finding?.kind, provable], ["withheld", finding], finding?.text);
  assert.match(finding?.text ?? "", /^the blob \w+ of the next model is missing/);

  const challenger = Keypair.generate();
  await founded.equip(challenger.publicKey);
  const steps: string[] = [];
  const types = new Set<string>();
  const outcome = await disputeFinding(verifier, {
    challenger,
    round: ROUND,
    proof: finding ?? assert.fail(),
    pollInterval: 200,
    onEvent: (event) => {
      types.add(event.type);
      if (event.type === "dispute-step") steps.push(event.step);
    },
  });
  assert.deepEqual([outcome.verdict, outcome.fault], ["upheld", "wrong-chunk"]);
  assert.ok(types.has("dispute-retrying"));
  const probes = steps.filter((step) => step === "probe").length;
  // Chunk 0, then halves: the answers are the service's own.
  assert.ok(probes >= 2 && probes <= 15, steps.join(" "));
  // The deposit is back, with half of the bond.
  const balance = await tokenBalance(verifier.connection, founded.tokensOf(challenger.publicKey));
  assert.equal(balance, STAKE + STAKE / 2n);
  const account = await readRound(
    verifier.connection,
    roundAddress(program, founded.address, ROUND),
  );
  assert.equal(account?.status, "void");
});

async function withoutNextModel(verifier: Verifier): Promise<Verifier> {
  const { connection, program, address, blobs } = verifier;
  const round = await readRound(connection, roundAddress(program, address, ROUND));
  const manifest = await blobs.download(round?.manifestHash ?? assert.fail());
  const { next } = parseManifest(JSON.parse(new TextDecoder().decode(manifest)));
  const hidden = fromHex(next.blob, 32);
  let asked = 0;
  return {
    ...verifier,
    blobs: {
      async download(hash, options) {
        if (!equalBytes(hash, hidden)) return blobs.download(hash, options);
        asked += 1;
        // Asked for by the verification first, and then by the dispute, which must outlast an
        // outage.
        if (asked === 2) throw new PlenaryError("service-unavailable", "Come again later.");
        throw new PlenaryError("not-found", "There is no such blob for you.");
      },
    },
  };
}
