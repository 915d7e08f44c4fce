import {
  type CommittedRound,
  createAlgorithms,
  type Finding,
  findUnsignedLeaf,
  findUnsoundLeaves,
  type PublicBlob,
  type PublishedUpdate,
  publishedUpdates,
  REPLAY_ONLY,
  type RoundContext,
  rulesProblem,
  vectorRootFast,
} from "@plenary/algorithms";
import { type Round, readRound, roundAddress } from "@plenary/chain";
import {
  equalBytes,
  type FederationConfiguration,
  fromBase58,
  fromHex,
  PlenaryError,
  parseManifest,
  type RewardLeaf,
  type RoundManifest,
  roundSeed,
  toHex,
  vectorFromBytes,
} from "@plenary/protocol";
import type { ChainContext } from "../access/index.ts";
import { published, Refuted } from "./refuted.ts";
import { checkRoundQuestionnaire } from "./round-questionnaire.ts";
import { checkSigningKeys } from "./signing-keys.ts";
import type { Verifier } from "./verifier.ts";

/** A committed round with everything public that its replay needs, except the payloads. */
export interface PublishedRound {
  readonly round: Round;
  readonly manifest: RoundManifest;
  readonly context: RoundContext;
  readonly updates: readonly PublishedUpdate[];
  readonly uncheckedKeys: number;
}

/**
 * Reads a Round account that has a result. Throws `not-found` if the round is not on chain or has
 * no result.
 */
export async function readCommitted(verifier: ChainContext, number: bigint): Promise<Round> {
  const { connection, program, address } = verifier;
  const round = await readRound(connection, roundAddress(program, address, number));
  const context = { round: number.toString(), status: round?.status ?? "absent" };
  if (round === null)
    throw new PlenaryError(
      "not-found",
      `Round ${number} is not on chain: it was not opened yet, or its account was closed.`,
      context,
    );
  if (round.status !== "committed" && round.status !== "final")
    throw new PlenaryError(
      "not-found",
      `Round ${number} is ${round.status} on chain: there is no result to verify.`,
      context,
    );
  return round;
}

/**
 * Downloads and checks what the manifest names, in the order in which it is used. Throws Refuted at
 * the first fault.
 */
export async function readPublishedRound(
  verifier: Verifier,
  round: Round,
  signal?: AbortSignal,
): Promise<PublishedRound> {
  const manifest = await readManifest(verifier, round.manifestHash, signal);
  const configuration = await readConfiguration(verifier, round.configurationHash, signal);
  const wrongRules = rulesProblem(round.rules, configuration, verifier.registries);
  if (wrongRules !== null)
    throw new Refuted({ kind: "not-provable", why: REPLAY_ONLY, text: wrongRules });
  const updates = updatesOf(manifest);
  refuteIf(
    findUnsoundLeaves(
      updates.map(({ leaf }) => leaf),
      round,
      round.maxWeight,
    ),
  );
  const input = { round, manifest, configuration };
  const { isKeyUnchecked, ...context } = await roundContext(verifier, input, signal);
  refuteIf(findUnsignedLeaf(updates, context, round.baseRoot, verifier.registries));
  const keys = await checkSigningKeys(verifier, updates, round);
  const uncheckedKeys = keys + (isKeyUnchecked ? 1 : 0);
  return { round, manifest, context, updates, uncheckedKeys };
}

/** A finding about bytes that the dispute of any chunk demands. */
export function withheld(blob: PublicBlob, text: string, chunk = 0): Finding {
  return { kind: "withheld", blob, chunk, text };
}

/** A finding about bytes that no dispute demands. */
function missing(text: string): Finding {
  return { kind: "not-provable", why: "No dispute demands these bytes.", text };
}

/**
 * Reads a blob that the configuration names: the questionnaire, its embeddings, held-out answers.
 */
export function readNamed(
  { blobs }: Verifier,
  what: string,
  hash: Uint8Array,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  return published(blobs, hash, missing(`${what} (${toHex(hash)}) is missing (withheld)`), signal);
}

/** Reads the manifest whose hash is on chain. Throws Refuted if it is withheld. */
export async function readManifest(
  { blobs }: Pick<Verifier, "blobs">,
  hash: Uint8Array,
  signal?: AbortSignal,
): Promise<RoundManifest> {
  const absent = withheld("manifest", `the manifest ${toHex(hash)} is missing (withheld)`);
  const bytes = await published(blobs, hash, absent, signal);
  return parsed(bytes, parseManifest, (problem) =>
    withheld(
      "manifest",
      `what is committed as the manifest, ${toHex(hash)}, is malformed: ${problem}`,
    ),
  );
}

/** Reads the configuration that the round ran under. It may differ from today's. */
export async function readConfiguration(
  verifier: Verifier,
  hash: Uint8Array,
  signal?: AbortSignal,
): Promise<FederationConfiguration> {
  const bytes = await readNamed(verifier, "the configuration of the round", hash, signal);
  return parsed(
    bytes,
    (value) => createAlgorithms(value, verifier.registries).configuration,
    (problem) => missing(`the configuration ${toHex(hash)} of the round is malformed: ${problem}`),
  );
}

function parsed<T>(
  bytes: Uint8Array,
  parse: (value: unknown) => T,
  finding: (problem: string) => Finding,
): T {
  try {
    return parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (error) {
    if (error instanceof PlenaryError || error instanceof SyntaxError || error instanceof TypeError)
      throw new Refuted(finding(error.message));
    throw error;
  }
}

function updatesOf(manifest: RoundManifest): PublishedUpdate[] {
  try {
    return publishedUpdates(manifest);
  } catch (error) {
    if (!(error instanceof PlenaryError)) throw error;
    throw new Refuted(
      withheld("update leaves", `the manifest has a malformed envelope: ${error.message}`),
    );
  }
}

export function refuteIf(finding: Finding | null): void {
  if (finding !== null) throw new Refuted(finding);
}

interface ContextInput {
  readonly round: Round;
  readonly manifest: RoundManifest;
  readonly configuration: FederationConfiguration;
}

/**
 * Built from the chain's own values. Vectors and earlier rewards come from blobs whose roots are on
 * chain.
 */
async function roundContext(
  verifier: Verifier,
  { round, manifest, configuration }: ContextInput,
  signal?: AbortSignal,
): Promise<RoundContext & { readonly isKeyUnchecked: boolean }> {
  const previousManifest = await previousHash(verifier, round, manifest);
  const earlier =
    previousManifest === null ? null : await readEarlier(verifier, previousManifest, signal);
  const earned = earlier === null ? [] : rewardsOf(earlier);
  const named = { manifest, earlier, configuration };
  const { questionnaire } = manifest;
  return {
    ...(await checkRoundQuestionnaire(verifier, named, signal)),
    ...(questionnaire !== undefined && { questionnaire }),
    genesisHash: verifier.genesisHash,
    programId: verifier.program.toBytes(),
    federation: verifier.address.toBytes(),
    round: round.number,
    configuration,
    seed: roundSeed(round.baseRoot, round.number, round.slotHash),
    auditDraw: drawOf(configuration, round, manifest),
    previousManifest,
    base: await readVector(verifier, "base model", manifest.base.blob, round.baseRoot, signal),
    state: await readVector(
      verifier,
      "state before",
      manifest.stateBefore.blob,
      round.baseStateRoot,
      signal,
    ),
    earned,
  };
}

/**
 * Null if nothing is audited, and if audits were due and not drawn: the replay tells the two apart.
 */
function drawOf(
  { audits }: FederationConfiguration,
  { auditSlot, auditSlotHash }: Round,
  manifest: RoundManifest,
): RoundContext["auditDraw"] {
  if (audits === undefined || auditSlot === 0n || manifest.audits === undefined) return null;
  return { slotHash: fromHex(manifest.audits.slotHash, 32), drawn: auditSlotHash };
}

/**
 * Manifest hash of the round that this one builds on: from the chain, or from this round's manifest
 * if that account was closed.
 */
async function previousHash(
  { connection, program, address }: Verifier,
  round: CommittedRound & Pick<Round, "baseRound">,
  manifest: RoundManifest,
): Promise<Uint8Array | null> {
  if (round.baseRound === 0n) return null;
  const base = await readRound(connection, roundAddress(program, address, round.baseRound));
  if (base !== null) return base.manifestHash;
  if (manifest.previous !== null) return fromHex(manifest.previous, 32);
  throw new Refuted(missing("the manifest does not name the manifest of the round before it"));
}

async function readEarlier(
  { blobs }: Verifier,
  hash: Uint8Array,
  signal?: AbortSignal,
): Promise<RoundManifest> {
  const name = `the manifest ${toHex(hash)} of the round before`;
  const bytes = await published(blobs, hash, missing(`${name} is missing (withheld)`), signal);
  return parsed(bytes, parseManifest, (problem) => missing(`${name} is malformed: ${problem}`));
}

/** Reads a vector that the manifest names, if it has the root that is on chain. */
export async function readVector(
  { blobs }: Verifier,
  what: PublicBlob,
  blob: string,
  root: Uint8Array,
  signal?: AbortSignal,
): Promise<Int32Array> {
  const absent = withheld(what, `the blob ${blob} of the ${what} is missing (withheld)`);
  const bytes = await published(blobs, fromHex(blob, 32), absent, signal);
  const vector = bytes.length % 4 === 0 ? vectorFromBytes(bytes) : null;
  const actual = vector === null ? null : vectorRootFast(vector);
  if (vector !== null && actual !== null && equalBytes(actual, root)) return vector;
  throw new Refuted(
    withheld(
      what,
      `the ${what} is withheld: the blob ${blob} has the root ${actual === null ? "of no vector" : toHex(actual)}, committed is ${toHex(root)}`,
    ),
  );
}

/** Reads the payload of an update. Throws Refuted if it is withheld. */
export function readPayload(
  { blobs }: Verifier,
  updates: readonly PublishedUpdate[],
  hash: Uint8Array,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const index = updates.findIndex(({ leaf }) => equalBytes(leaf.payloadHash, hash));
  const text = `the blob ${toHex(hash)} of update ${index} is missing (withheld)`;
  return published(blobs, hash, withheld("payload", text), signal);
}

/** The leaves of the rewards tree that a manifest publishes. */
export function rewardsOf(manifest: RoundManifest): RewardLeaf[] {
  return manifest.rewards.map(({ member, cumulative }) => ({
    member: fromBase58(member),
    cumulative: BigInt(cumulative),
  }));
}
