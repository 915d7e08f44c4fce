import { join } from "node:path";
import { decodePipelineState, encodePipelineState } from "@plenary/algorithms";
import { fromBase64, fromHex, PlenaryError, toBase64, toHex } from "@plenary/protocol";
import { lockFolder, makeFolder, readIfThere, writeDurably } from "../files/index.ts";
import type { KeptTraining, MemberStore, PreparedUpdate } from "./member-store.ts";
import { decodeOptimizer, encodeOptimizer } from "./optimizer-file.ts";
import { type MemberIdentity, parseIdentity, type RoundRecord } from "./round-record.ts";
import { isCounted, isDecided, parseJson, StoredRounds } from "./stored-rounds.ts";

export type { KeptTraining, MemberStore, PreparedUpdate } from "./member-store.ts";
export type { MemberIdentity, Outcome, RoundRecord, StoredReceipt } from "./round-record.ts";
export { isDecided } from "./stored-rounds.ts";

/**
 * Opens a member's state folder, making it if it is not there. `seed` is taken when the folder is
 * made; random by default. Throws `conflict` when another process has the folder or it belongs to
 * another member, `file-unreadable` when it cannot be written.
 */
export async function openMemberStore(
  folder: string,
  identity: Omit<MemberIdentity, "version" | "seed">,
  seed: Uint8Array = crypto.getRandomValues(new Uint8Array(32)),
): Promise<MemberStore> {
  await makeFolder(join(folder, "rounds"));
  await makeFolder(join(folder, "blobs"));
  const unlock = await lockFolder(folder);
  try {
    const stored = await claimFolder(folder, { version: 1, ...identity, seed: toHex(seed) });
    return storeIn(new StoredRounds(folder), stored, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

/**
 * The record of a round in a member's state folder, or null. Does not take the folder: the member
 * may be at work.
 */
export async function readRoundRecord(folder: string, round: bigint): Promise<RoundRecord | null> {
  return new StoredRounds(folder).read(round);
}

/**
 * A round's record and training, or null. Does not take the folder: a member that waits for its
 * audit still has it, and records are replaced as one step.
 */
export async function readStoredRound(
  folder: string,
  round: bigint,
): Promise<{ readonly record: RoundRecord; readonly training: KeptTraining | undefined } | null> {
  const rounds = new StoredRounds(folder);
  const record = await rounds.read(round);
  return record === null ? null : { record, training: await readTraining(rounds, record) };
}

async function claimFolder(folder: string, wanted: MemberIdentity): Promise<MemberIdentity> {
  const path = join(folder, "member.json");
  const bytes = await readIfThere(path);
  if (bytes === null) {
    await writeDurably(path, `${JSON.stringify(wanted)}\n`);
    return wanted;
  }
  const stored = parseIdentity(parseJson(bytes, path));
  for (const field of ["genesisHash", "programId", "federation", "member"] as const)
    if (stored[field] !== wanted[field])
      throw new PlenaryError(
        "conflict",
        `The state folder ${folder} belongs to another ${field === "member" ? "member" : "federation"}: give each membership its own folder.`,
        { folder, field, stored: stored[field], wanted: wanted[field] },
      );
  return stored;
}

function storeIn(
  rounds: StoredRounds,
  identity: MemberIdentity,
  unlock: () => Promise<void>,
): MemberStore {
  const change = async (round: bigint, part: Partial<RoundRecord>): Promise<RoundRecord> => {
    const record = await rounds.read(round);
    if (record !== null) return rounds.write({ ...record, ...part });
    throw new PlenaryError("not-found", `This member has no update for round ${round}.`, {
      round: round.toString(),
    });
  };
  return {
    seed: fromHex(identity.seed, 32),
    record: (round) => rounds.read(round),
    latest: () => rounds.newest(() => true),
    lastCounted: () => rounds.newest(isCounted),
    onBase: (baseRoot) => rounds.newest((record) => record.baseRoot === baseRoot),
    prepare: (update) => prepare(rounds, update),
    acknowledge: (round, receipt) => change(round, { receipt }),
    settle: (round, outcome) => change(round, { outcome }),
    async voidAfter(baseRound) {
      for (const record of await rounds.after(baseRound))
        if (isDecided(record)) await rounds.write({ ...record, outcome: "void" });
    },
    payload: ({ payloadHash }) => rounds.readBlob(payloadHash),
    async optimizerState({ optimizer }) {
      const bytes = await rounds.readBlob(optimizer);
      return bytes === null ? undefined : decodeOptimizer(bytes);
    },
    async pipelineState({ pipeline }) {
      const bytes = await rounds.readBlob(pipeline);
      return bytes === null ? undefined : decodePipelineState(bytes);
    },
    training: (record) => readTraining(rounds, record),
    close: unlock,
  };
}

async function prepare(
  rounds: StoredRounds,
  { record, payload, optimizerState, pipelineState, training }: PreparedUpdate,
): Promise<RoundRecord> {
  refuseEquivocation(await rounds.read(BigInt(record.round)), record);
  // The record comes last: when it is there, so is what it names.
  const payloadHash = await rounds.keepBlob(payload);
  const optimizer =
    optimizerState === undefined ? null : await rounds.keepBlob(encodeOptimizer(optimizerState));
  const keepsState = pipelineState?.some((vectors) => vectors.length > 0) === true;
  const pipeline = keepsState ? await rounds.keepBlob(encodePipelineState(pipelineState)) : null;
  const checkpoints: string[] = [];
  for (const checkpoint of training?.checkpoints ?? [])
    checkpoints.push(await rounds.keepBlob(checkpoint));
  const written = await rounds.write({
    version: 1,
    ...record,
    ...(training && { training: { commitment: toBase64(training.commitment), checkpoints } }),
    payloadHash,
    optimizer,
    pipeline,
    receipt: null,
    outcome: null,
  });
  await rounds.clearOldBlobs();
  return written;
}

async function readTraining(
  rounds: StoredRounds,
  { training }: RoundRecord,
): Promise<KeptTraining | undefined> {
  if (training === undefined) return undefined;
  const checkpoints: Uint8Array[] = [];
  for (const hash of training.checkpoints) {
    const bytes = await rounds.readBlob(hash);
    if (bytes === null) return undefined;
    checkpoints.push(bytes);
  }
  return { commitment: fromBase64(training.commitment), checkpoints };
}

function refuseEquivocation(
  before: RoundRecord | null,
  next: Pick<RoundRecord, "round" | "sequence" | "envelope">,
): void {
  if (
    before === null ||
    before.envelope === next.envelope ||
    BigInt(next.sequence) > BigInt(before.sequence)
  )
    return;
  throw new PlenaryError(
    "equivocation",
    `Round ${next.round}: this member has signed another update with sequence ${before.sequence}. Signing again needs a higher one.`,
    { round: next.round, sequence: before.sequence },
  );
}
