import { createAlgorithms, initialState, rulesProblem, vectorRootFast } from "@plenary/algorithms";
import {
  configurationHash,
  equalBytes,
  type FederationConfiguration,
  fromBase58,
  fromHex,
  PlenaryError,
  toBase58,
  toHex,
  vectorToBytes,
} from "@plenary/protocol";
import { checkRegistrable } from "@plenary/training";
import type { LedgerFederation } from "../../chain/ledger.ts";
import type { FederationRow } from "../../store/federations.ts";
import { checkAuthority, requireAuthority } from "../access/authority.ts";
import { syncMembers } from "../access/members.ts";
import { mayReadBlob } from "../access/readers.ts";
import { type Context, inTransaction } from "../context.ts";
import { type Evaluator, runsPredictor } from "../lifecycle/evaluator.ts";
import { findFederation } from "../lookup.ts";
import { ModelCache } from "../models/model-cache.ts";
import { configurationBlobs, type NamedBlob } from "./configuration-blobs.ts";

/**
 * Starts to aggregate a federation that names this service as its aggregator on chain. `requester`
 * has signed the request. Registering again changes nothing. Throws `not-found`, `not-authority`,
 * `configuration-mismatch` or `invalid-input`, saying what does not fit.
 */
export async function registerFederation(
  context: Context,
  evaluator: Evaluator,
  requester: Uint8Array,
  address: string,
  configuration: FederationConfiguration,
): Promise<FederationRow> {
  const federation = fromBase58(address);
  const onChain = await context.ledger.federation(federation);
  if (onChain === undefined) throw notOnChain(address);
  checkAuthority(requester, onChain.authority);
  checkRegistrable(configuration, context.registries);
  checkAgainstChain(context, configuration, onChain);
  if ((await context.store.federations.find(federation)) !== undefined)
    return findFederation(context, address);
  const { strategy } = createAlgorithms(configuration, context.registries);
  checkRules(context, configuration, onChain);
  const named = await readableBlobs(context, requester, configuration);
  await checkModel(context, configuration, onChain);
  const state = initialState(strategy, configuration.parameterCount);
  // Checked now, so that no round fails later because of a blob that does not fit.
  if (runsPredictor(configuration)) await evaluator.check(configuration);
  if (!equalBytes(vectorRootFast(state), onChain.lastStateRoot)) throw alreadyRunning(address);
  const stateBlob = await context.blobs.write(vectorToBytes(state));
  await insertFederation(context, federation, configuration, onChain, { named, stateBlob });
  await syncMembers(context, federation);
  await context.scheduler.advance(federation);
  return findFederation(context, address);
}

function notOnChain(address: string): PlenaryError {
  return new PlenaryError(
    "not-found",
    `There is no federation ${address} on this chain: create it first.`,
    { federation: address },
  );
}

/** Writes a federation down, unless another request has just done so. */
async function insertFederation(
  context: Context,
  address: Uint8Array,
  configuration: FederationConfiguration,
  onChain: LedgerFederation,
  { named, stateBlob }: { readonly named: readonly Uint8Array[]; readonly stateBlob: Uint8Array },
): Promise<void> {
  await inTransaction(context, async (store) => {
    const inserted = await store.federations.insert({
      address,
      program_id: context.ledger.programId,
      genesis_hash: await context.ledger.genesisHash(),
      authority: onChain.authority,
      aggregator: onChain.aggregator,
      reward_mint: onChain.rewardMint,
      configuration,
      configuration_hash: onChain.configurationHash,
      model_root: onChain.lastModelRoot,
      model_blob: fromHex(configuration.initialModel, 32),
      state_root: onChain.lastStateRoot,
      state_blob: stateBlob,
      registered_at: BigInt(context.clock.now()),
    });
    if (!inserted) return;
    await store.blobReferences.refer(address, [...named, onChain.configurationHash, stateBlob]);
    const at = context.clock.now();
    await store.events.append({ federation: address, type: "federation-changed", at });
  });
}

/**
 * Stops or resumes the opening of rounds. `requester` has signed the request. Throws `not-found` or
 * `not-authority`.
 */
export async function setPaused(
  context: Context,
  requester: Uint8Array,
  address: string,
  paused: boolean,
): Promise<FederationRow> {
  const federation = await findFederation(context, address);
  await requireAuthority(context, federation, requester);
  const [from, to] = paused ? (["running", "paused"] as const) : (["paused", "running"] as const);
  if (federation.status === from)
    await inTransaction(context, async (store) => {
      await store.federations.setStatus(federation.address, to);
      await store.events.append({
        federation: federation.address,
        type: "federation-changed",
        at: context.clock.now(),
      });
    });
  if (!paused) await context.scheduler.advance(federation.address);
  return findFederation(context, address);
}

function checkAgainstChain(
  context: Context,
  configuration: FederationConfiguration,
  onChain: LedgerFederation,
): void {
  if (!equalBytes(onChain.aggregator, context.ledger.aggregator))
    throw new PlenaryError(
      "configuration-mismatch",
      `The federation names another aggregator than this service, which is ${toBase58(context.ledger.aggregator)}.`,
      { expected: toBase58(context.ledger.aggregator), actual: toBase58(onChain.aggregator) },
    );
  const hash = configurationHash(configuration);
  if (!equalBytes(hash, onChain.configurationHash))
    throw new PlenaryError(
      "configuration-mismatch",
      "This is not the configuration whose hash is on chain.",
      { expected: toHex(onChain.configurationHash), actual: toHex(hash) },
    );
  if (configuration.parameterCount !== onChain.parameterCount)
    throw new PlenaryError(
      "configuration-mismatch",
      `The configuration has ${configuration.parameterCount} parameters, but the federation on chain has ${onChain.parameterCount}.`,
      { expected: onChain.parameterCount, actual: configuration.parameterCount },
    );
}

/** Under other rules than its configuration's, an honest round would lose its dispute. */
function checkRules(
  { registries }: Context,
  configuration: FederationConfiguration,
  { rules }: LedgerFederation,
): void {
  const problem = rulesProblem(rules, configuration, registries);
  if (problem === null) return;
  throw new PlenaryError("configuration-mismatch", `Create the federation again: ${problem}.`, {
    field: "rules",
  });
}

async function checkModel(
  context: Context,
  configuration: FederationConfiguration,
  onChain: LedgerFederation,
): Promise<void> {
  const model = await new ModelCache(context.blobs).load(fromHex(configuration.initialModel, 32));
  if (
    model.length === configuration.parameterCount &&
    equalBytes(vectorRootFast(model), onChain.lastModelRoot)
  )
    return;
  if (onChain.lastCommittedRound > 0n) throw alreadyRunning(onChain.lastCommittedRound.toString());
  throw new PlenaryError(
    "configuration-mismatch",
    "The root of the first model is not the root on chain.",
    { expected: toHex(onChain.lastModelRoot), actual: toHex(vectorRootFast(model)) },
  );
}

/**
 * Everything that rounds will read. The service must have it, and the requester must be allowed to
 * read it: naming a blob of a private federation in a public one would open the blob to everybody.
 * Throws `not-found`.
 */
async function readableBlobs(
  context: Context,
  requester: Uint8Array,
  configuration: FederationConfiguration,
): Promise<Uint8Array[]> {
  await requireBlob(context, requester, {
    field: "questionnaire",
    hash: configuration.questionnaire,
  });
  const named = await configurationBlobs(context, configuration);
  for (const blob of named) await requireBlob(context, requester, blob);
  return named.map(({ hash }) => fromHex(hash, 32));
}

/** The service must have the blob, and the requester must be allowed to read it. */
export async function requireBlob(
  context: Context,
  requester: Uint8Array,
  { field, hash }: NamedBlob,
): Promise<void> {
  const name = fromHex(hash, 32);
  if (
    (await context.blobs.size(name)) !== undefined &&
    (await mayReadBlob(context, name, requester))
  )
    return;
  throw new PlenaryError(
    "not-found",
    `The authority has not uploaded the blob of ${field}: upload it first (PUT /v1/blobs/${hash}).`,
    { field, hash },
  );
}

function alreadyRunning(federation: string): PlenaryError {
  return new PlenaryError(
    "configuration-mismatch",
    "The federation has committed rounds that this service did not compute, so the service cannot continue it.",
    { federation },
  );
}
