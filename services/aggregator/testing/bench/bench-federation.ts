import { createStrategy, initialState, rulesOf, vectorRootFast } from "@plenary/algorithms";
import {
  configurationHash,
  type FederationConfiguration,
  sha256,
  toBase58,
  toHex,
  vectorToBytes,
} from "@plenary/protocol";
import { DEFAULT_PREDICTOR } from "@plenary/training";
import { Keypair } from "@solana/web3.js";
import type { Context } from "../../rounds/context.ts";
import { registerFederation } from "../../rounds/federations/register.ts";
import { trainingEvaluator } from "../../rounds/lifecycle/evaluator.ts";
import { submitUpdate } from "../../rounds/updates/submit.ts";
import type { TestSurvey } from "../actors/survey.ts";
import { signUpdate, type TestMember, type TestUpdate } from "../chain/sign-update.ts";
import type { Workbench } from "./workbench.ts";

/** A federation on a workbench. */
export interface BenchFederation {
  readonly address: Uint8Array;
  readonly members: readonly TestMember[];
  /**
   * A member's signed update for a round. Unless `delta` is given, it depends only on the member's
   * place and the round's base.
   */
  update(round: bigint, place: number, delta?: Int32Array): Promise<TestUpdate>;
  /** Uploads an update as the route does, and resolves with its receipt. */
  upload(round: bigint, update: TestUpdate, through?: Context): Promise<Uint8Array>;
}

let founded = 0;

/**
 * Founds a federation whose members' keys depend on `name` alone, so that two federations with one
 * name can be compared. With a `survey` it has held-out answers.
 */
export async function foundOn(
  bench: Workbench,
  name: string,
  change: (defaults: FederationConfiguration) => FederationConfiguration = (defaults) => defaults,
  survey?: TestSurvey,
): Promise<BenchFederation> {
  const { context, ledger } = bench;
  const address = sha256(Buffer.from(`federation ${name} ${++founded}`));
  const model = new Int32Array(survey?.predictor.parameterCount ?? PARAMETERS);
  const blobs = [Buffer.from("{}"), vectorToBytes(model), ...(survey?.blobs ?? [])];
  const hashes = await Promise.all(blobs.map((bytes) => context.blobs.write(bytes)));
  const questionnaire = survey?.questionnaireHash ?? toHex(sha256(Buffer.from("{}")));
  const configuration = change({
    ...configurationOf(questionnaire, model),
    ...(survey && { predictor: DEFAULT_PREDICTOR.tilt, heldOut: survey.heldOutHash }),
  });
  const members = [0, 1, 2].map((place) => memberOf(name, place));
  const strategy = createStrategy(configuration.strategy, context.registries.strategies);
  ledger.found(
    address,
    {
      configurationHash: configurationHash(configuration),
      parameterCount: model.length,
      rules: rulesOf(configuration, context.registries),
      lastModelRoot: vectorRootFast(model),
      lastStateRoot: vectorRootFast(initialState(strategy, model.length)),
    },
    members.map(({ owner, updateKey, address }) => ({
      address,
      owner: owner.publicKey.toBytes(),
      updateKey: updateKey.publicKey.toBytes(),
      previousKey: updateKey.publicKey.toBytes(),
      keySinceRound: 1n,
      payout: owner.publicKey.toBytes(),
      joinedRound: 1n,
      exitRound: 0n,
      claimed: 0n,
    })),
  );
  const authority = (await ledger.federation(address))?.authority ?? new Uint8Array();
  for (const hash of hashes) await context.store.blobReferences.recordUpload(hash, authority);
  await registerFederation(
    context,
    trainingEvaluator(context.blobs),
    authority,
    toBase58(address),
    configuration,
  );
  return {
    address,
    members,
    async update(round, place, given) {
      const row = await context.store.rounds.find({ federation: address, number: round });
      const member = members[place];
      if (row === undefined || member === undefined)
        throw new Error(`no round ${round} or member ${place}`);
      const delta = given ?? model.map((_, i) => ((i * 7919 * (place + 1)) % 20_011) - 10_000);
      const identity = { genesisHash: await ledger.genesisHash(), federation: address };
      return signUpdate(member, {
        ...identity,
        round,
        baseRoot: row.base.root,
        delta,
        change: {
          programId: ledger.programId,
          ...(configuration.audits && {
            checkpointRoot: sha256(Buffer.from(`checkpoints of ${place}`)),
          }),
        },
      });
    },
    upload: uploadTo(context, address),
  };
}

/** Uploads to a federation as the route does. */
export function uploadTo(context: Context, address: Uint8Array): BenchFederation["upload"] {
  return async (round, { message, signature, payload }, through = context) => {
    const upload = {
      federation: toBase58(address),
      round: round.toString(),
      envelope: message,
      signature,
    };
    const body = { declaredLength: payload.length, open: () => piecesOf(payload) };
    const { update } = await submitUpdate(through, upload, body, async () => {});
    return update.receipt;
  };
}

const PARAMETERS = 130;

async function* piecesOf(bytes: Uint8Array) {
  yield bytes;
}

function memberOf(name: string, place: number): TestMember {
  const seedOf = (use: string) => sha256(Buffer.from(`${use} ${place} of ${name}`));
  return {
    owner: Keypair.fromSeed(seedOf("owner")),
    updateKey: Keypair.fromSeed(seedOf("update key")),
    address: seedOf("address"),
  };
}

function configurationOf(questionnaire: string, model: Int32Array): FederationConfiguration {
  return {
    version: 1,
    name: "bench",
    questionnaire,
    predictor: { name: "tilt" },
    training: {},
    initialModel: toHex(sha256(vectorToBytes(model))),
    parameterCount: model.length,
    strategy: { name: "fedavgm", momentum: 30_000 },
    aggregator: { name: "mean" },
    codecs: ["int32", "int8"],
    screening: { maxNorm: 0 },
    contribution: { name: "data-size", cap: 1000 },
    heldOut: null,
    limits: { maxUpdates: 64, maxWeight: 1000, maxPayloadBytes: model.length * 4 + 1024 },
    rounds: { quorum: 3, minimum: 1, deadlineSeconds: 600, graceSeconds: 600, total: 0 },
    rewardPerRound: "1000",
  };
}
