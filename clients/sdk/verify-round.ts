import { type RoundContext, type RoundResult, replayRound } from "@plenary/algorithms";
import { type Round, readMember, readRound, roundAddress, updateKeyAt } from "@plenary/chain";
import {
  canonicalJson,
  equalBytes,
  fromBase58,
  fromBase64,
  fromHex,
  PlenaryError,
  parseAnswers,
  parseManifest,
  type RewardLeaf,
  type RoundManifest,
  roundSeed,
  toHex,
  vectorFromBytes,
} from "@plenary/protocol";
import { openEngine, utility } from "@plenary/training";
import { PublicKey } from "@solana/web3.js";
import type { FederationContext } from "./open-federation.ts";

/** One value of a round: as the chain has it and as it was computed here. */
export interface Comparison {
  readonly field: string;
  readonly chain: string;
  readonly computed: string;
  readonly equal: boolean;
}

export interface RoundVerification {
  readonly round: bigint;
  /** Whether everything that the chain says about the round follows from its public bytes. */
  readonly valid: boolean;
  /** What differs first, in a sentence; null if nothing does. */
  readonly difference: string | null;
  readonly comparisons: readonly Comparison[];
  readonly counted: number;
  readonly refused: number;
  /** Updates whose signing key can no longer be read from the chain, because it was rotated twice or the account was closed. */
  readonly uncheckedKeys: number;
}

type Context = Pick<
  FederationContext,
  | "client"
  | "connection"
  | "program"
  | "address"
  | "genesisHash"
  | "configuration"
  | "configurationHash"
  | "predictor"
  | "questionnaire"
>;

/**
 * Computes a committed round anew and compares every value with the Round account: signatures against the members' keys on chain, updates
 * screened and summed, scores with the reproducible engine, rewards, roots, manifest. Trusts the chain and nothing that the service says.
 * Throws `not-found` if the round is not on chain or not committed, `configuration-mismatch` if it ran under another configuration.
 */
export async function verifyRound(context: Context, number: bigint): Promise<RoundVerification> {
  const round = await readCommitted(context, number);
  const manifest = await readManifest(context, round.manifestHash);
  const engine = await openEngine("wasm");
  try {
    const evaluate = await evaluator(context, engine);
    const keys = await checkSigningKeys(context, manifest, number);
    const replayed = await replayRound(
      {
        context: await roundContext(context, manifest, round),
        updates: manifest.updates.map(({ envelope, signature, signingKey }) => ({
          message: fromBase64(envelope),
          signature: fromBase64(signature),
          signingKey: fromBase58(signingKey),
        })),
        payload: (hash) => context.client.download(hash),
        failedAudits: auditFailures(manifest),
      },
      evaluate,
    );
    return verdict(round, manifest, replayed, keys);
  } catch (error) {
    if (!(error instanceof PlenaryError) || !REFUTATIONS.has(error.code)) throw error;
    return refuted(number, manifest, error.message);
  } finally {
    await engine.close();
  }
}

/** Errors with which a replay says that the round is wrong, not that it could not be computed. */
const REFUTATIONS = new Set(["verification-failed", "round-inconsistent"]);
/** Reason code of updates that an audit refused; audits are not replayed here. */
const AUDIT_FAILED = 5;

async function readCommitted(context: Context, number: bigint): Promise<Round> {
  const round = await readRound(context.connection, roundAddress(context.program, context.address, number));
  const name = `Round ${number}`;
  if (round === null)
    throw new PlenaryError(
      "not-found",
      `${name} is not on chain: it was not opened yet, or its account was closed.`,
      {
        round: number.toString(),
      },
    );
  if (round.status !== "committed" && round.status !== "final")
    throw new PlenaryError(
      "not-found",
      `${name} is ${round.status} on chain: there is no result to verify.`,
      {
        round: number.toString(),
        status: round.status,
      },
    );
  if (!equalBytes(round.configurationHash, context.configurationHash))
    throw new PlenaryError(
      "configuration-mismatch",
      `${name} ran under another configuration than today's.`,
      {
        expected: toHex(context.configurationHash),
        actual: toHex(round.configurationHash),
      },
    );
  return round;
}

/** The manifest with the hash that stands on chain. */
async function readManifest({ client }: Context, hash: Uint8Array): Promise<RoundManifest> {
  return parseManifest(JSON.parse(new TextDecoder().decode(await client.download(hash))));
}

/** The context from the chain's own values; models and earlier rewards from blobs, whose roots the replay compares. */
async function roundContext(context: Context, manifest: RoundManifest, round: Round): Promise<RoundContext> {
  const { client, connection, program, address } = context;
  const previous =
    round.baseRound === 0n
      ? null
      : await readRound(connection, roundAddress(program, address, round.baseRound));
  const previousHash =
    round.baseRound === 0n ? null : (previous?.manifestHash ?? fromHex(manifest.previous ?? "", 32));
  const earned = previousHash === null ? [] : (await readManifest(context, previousHash)).rewards;
  return {
    genesisHash: context.genesisHash,
    programId: program.toBytes(),
    federation: address.toBytes(),
    round: round.number,
    configuration: context.configuration,
    seed: roundSeed(round.baseRoot, round.number, round.slotHash),
    previousManifest: previousHash,
    base: vectorFromBytes(await client.download(fromHex(manifest.base.blob, 32))),
    state: vectorFromBytes(await client.download(fromHex(manifest.stateBefore.blob, 32))),
    earned: earned.map(
      ({ member, cumulative }): RewardLeaf => ({
        member: fromBase58(member),
        cumulative: BigInt(cumulative),
      }),
    ),
  };
}

/** Utility of a model, with the engine whose bits are the same everywhere. */
async function evaluator(context: Context, engine: Awaited<ReturnType<typeof openEngine>>) {
  const { contribution } = context.configuration;
  const { heldOut: hash } = contribution;
  if (typeof hash !== "string") return () => Promise.resolve(0);
  const bytes = await context.client.download(fromHex(hash, 32));
  const heldOut = parseAnswers(JSON.parse(new TextDecoder().decode(bytes)), context.questionnaire);
  return (model: Int32Array) => utility({ predictor: context.predictor, model, heldOut, engine });
}

/**
 * Every update must be signed by the key that its member had on chain in that round. The account keeps the present key and the one before;
 * returns how many updates are signed by a key from before both, or by a member whose account is closed.
 */
async function checkSigningKeys(context: Context, manifest: RoundManifest, round: bigint): Promise<number> {
  let unchecked = 0;
  for (const { member, signingKey } of manifest.updates) {
    const account = await readMember(context.connection, new PublicKey(member));
    const expected = account === null ? null : updateKeyAt(account, round).toBase58();
    if (expected === signingKey) continue;
    if (account === null || round < account.keySinceRound) unchecked += 1;
    else
      throw new PlenaryError(
        "verification-failed",
        `The update of ${member} is signed by ${signingKey}; the member's key in round ${round} was ${expected}.`,
        { member, expected: expected ?? "", actual: signingKey },
      );
  }
  return unchecked;
}

function auditFailures(manifest: RoundManifest): Uint8Array[] {
  return manifest.updates
    .filter(({ reason }) => reason === AUDIT_FAILED)
    .map(({ member }) => fromBase58(member));
}

function verdict(
  round: Round,
  manifest: RoundManifest,
  replayed: RoundResult,
  uncheckedKeys: number,
): RoundVerification {
  const hash = (field: string, chain: Uint8Array, computed: Uint8Array): Comparison =>
    comparison(field, toHex(chain), toHex(computed));
  const { roots } = replayed;
  const comparisons = [
    hash("base model root", round.baseRoot, roots.base),
    hash("base state root", round.baseStateRoot, roots.stateBefore),
    hash("updates root", round.updatesRoot, roots.updates),
    comparison("update count", round.updateCount, replayed.leaves.length),
    comparison("total weight", round.totalWeight, replayed.totalWeight),
    hash("next model root", round.nextRoot, roots.next),
    hash("next state root", round.nextStateRoot, roots.stateAfter),
    hash("rewards root", round.rewardsRoot, roots.rewards),
    comparison("reward count", round.rewardCount, replayed.rewards.length),
    comparison("cumulative rewards", round.cumulativeRewards, replayed.cumulativeRewards),
    hash("manifest hash", round.manifestHash, replayed.manifestHash),
  ];
  const first = comparisons.find(({ equal }) => !equal);
  return {
    round: round.number,
    valid: first === undefined,
    difference: first === undefined ? null : describe(first, manifest, replayed),
    comparisons,
    counted: replayed.counted,
    refused: replayed.leaves.length - replayed.counted,
    uncheckedKeys,
  };
}

function comparison(
  field: string,
  chain: string | number | bigint,
  computed: string | number | bigint,
): Comparison {
  const [a, b] = [String(chain), String(computed)];
  return { field, chain: a, computed: b, equal: a === b };
}

/** Names the first field of the manifest that differs, where the manifest is all that does. */
function describe(
  { field, chain, computed }: Comparison,
  manifest: RoundManifest,
  replayed: RoundResult,
): string {
  const text = `The ${field} on chain is ${chain}; the public bytes give ${computed}.`;
  if (field !== "manifest hash") return text;
  const mine = new Map<string, unknown>(Object.entries(replayed.manifest));
  const other = Object.entries(manifest).find(
    ([key, value]) => canonicalJson(value) !== canonicalJson(mine.get(key)),
  );
  return other === undefined ? text : `${text} They differ in ${other[0]}.`;
}

function refuted(round: bigint, manifest: RoundManifest, difference: string): RoundVerification {
  const counted = manifest.updates.filter(({ reason }) => reason === 0).length;
  return {
    round,
    valid: false,
    difference,
    comparisons: [],
    counted,
    refused: manifest.updates.length - counted,
    uncheckedKeys: 0,
  };
}
