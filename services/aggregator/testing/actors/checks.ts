import assert from "node:assert/strict";
import { createAggregator, createStrategy, replayRound, vectorRootFast } from "@plenary/algorithms";
import {
  decodeReceipt,
  ENDPOINTS,
  encodeRewardLeaf,
  envelopeHash,
  fromBase58,
  fromBase64,
  fromHex,
  hashJson,
  leafHash,
  type RoundManifest,
  rootFromPath,
  toBase58,
  toHex,
  vectorFromBytes,
  verifySignature,
} from "@plenary/protocol";
import { openEngine, utility } from "@plenary/training";
import type { TestFederation } from "../chain/federation.ts";
import type { TestClient } from "./client.ts";
import { deltaOf } from "./scenario.ts";
import type { TestSurvey } from "./survey.ts";

/*
 * What a stranger checks of a round, from what the service publishes.
 */

/** The model after `rounds` rounds in which every member sent its delta with weight 10. */
export function expectedModel(federation: TestFederation, rounds: number): Int32Array {
  const strategy = createStrategy(federation.configuration.strategy);
  let model = federation.model;
  for (let round = 0; round < rounds; round++) {
    const updates = federation.members.map((member) => ({
      delta: deltaOf(federation, member),
      weight: 10,
    }));
    const { aggregator } = federation.configuration;
    model = strategy.apply(model, createAggregator(aggregator).aggregate(updates), []).next;
  }
  return model;
}

/** The hash of the manifest that a stranger computes from what the service publishes. */
export async function replay(
  client: TestClient,
  federation: TestFederation,
  survey: TestSurvey,
  manifest: RoundManifest,
): Promise<string> {
  const blob = (hash: string) => client.call(ENDPOINTS.blobRead, { params: { hash } });
  const engine = await openEngine("wasm");
  const { predictor, heldOut } = survey;
  const result = await replayRound(
    {
      context: {
        genesisHash: fromHex(manifest.genesisHash),
        programId: fromBase58(manifest.programId),
        federation: federation.address,
        round: BigInt(manifest.round),
        configuration: federation.configuration,
        seed: fromHex(manifest.seed),
        auditDraw: null,
        previousManifest: null,
        base: vectorFromBytes(await blob(manifest.base.blob)),
        state: vectorFromBytes(await blob(manifest.stateBefore.blob)),
        earned: [],
      },
      updates: manifest.updates.map(({ envelope, signature, signingKey }) => ({
        message: fromBase64(envelope),
        signature: fromBase64(signature),
        signingKey: fromBase58(signingKey),
      })),
      payload: (hash) => blob(toHex(hash)),
    },
    (model) => utility({ predictor, model, heldOut, engine }),
  );
  await engine.close();
  assert.deepEqual(result.manifest, manifest);
  return toHex(result.manifestHash);
}

export async function checkModel(
  client: TestClient,
  blob: string | null,
  root: string,
): Promise<void> {
  const bytes = await client.call(ENDPOINTS.blobRead, { params: { hash: blob ?? "" } });
  assert.equal(toHex(vectorRootFast(vectorFromBytes(bytes))), root);
}

export async function checkManifest(
  client: TestClient,
  federation: TestFederation,
  hash: string | null,
): Promise<void> {
  const params = { federation: toBase58(federation.address), round: "2" };
  const manifest = await client.call(ENDPOINTS.manifestRead, { params });
  assert.equal(toHex(hashJson(manifest)), hash);
  assert.equal(manifest.updates.length, federation.members.length);
  for (const vector of [manifest.base, manifest.next, manifest.stateBefore, manifest.stateAfter])
    await checkModel(client, vector.blob, vector.root);
  const configuration = await client.call(ENDPOINTS.blobRead, {
    params: { hash: manifest.configuration },
  });
  assert.deepEqual(JSON.parse(new TextDecoder().decode(configuration)), federation.configuration);
}

export async function checkRewards(client: TestClient, federation: TestFederation): Promise<void> {
  let total = 0n;
  for (const { address } of federation.members) {
    const params = { federation: toBase58(federation.address), member: toBase58(address) };
    const reward = await client.call(ENDPOINTS.rewardRead, { params });
    const leaf = leafHash(
      encodeRewardLeaf({ member: address, cumulative: BigInt(reward.cumulative) }),
    );
    const root = rootFromPath(
      leaf,
      reward.index,
      reward.size,
      reward.path.map((hash) => fromHex(hash, 32)),
    );
    assert.equal(root === undefined ? undefined : toHex(root), reward.rewardsRoot);
    const member = await client.call(ENDPOINTS.memberRead, { params });
    assert.deepEqual(
      [member.earned, member.claimable, member.counted, member.refused, member.active],
      [reward.cumulative, reward.cumulative, 2, 0, true],
    );
    total += BigInt(reward.cumulative);
  }
  assert.ok(total > 0n && total <= 2000n);
}

export function checkReceipt(
  view: { receipt: string; signature: string; aggregator: string },
  message: Uint8Array,
  aggregator: Uint8Array,
): void {
  const bytes = fromBase64(view.receipt);
  assert.deepEqual(fromBase58(view.aggregator), aggregator);
  assert.ok(verifySignature(bytes, fromBase64(view.signature), aggregator));
  assert.deepEqual(decodeReceipt(bytes).envelopeHash, envelopeHash(message));
}
