import {
  auditDraw,
  listFederations,
  listMembers,
  type Member,
  memberAddress,
  type Round,
  readAuditSlotHash,
  readFederation,
  readLamports,
  readMember,
  readRound,
  roundAddress,
  roundCommit,
  roundFinalize,
  roundOpen,
  roundVoid,
  sendTransaction,
  TransactionUnknown,
} from "@plenary/chain";
import { fromBase58, PlenaryError, toBase58 } from "@plenary/protocol";
import {
  Connection,
  Keypair,
  PublicKey,
  SYSVAR_CLOCK_PUBKEY,
  type TransactionInstruction,
} from "@solana/web3.js";
import { disputeLedger } from "./dispute-ledger.ts";
import type { Ledger, LedgerMember, LedgerRound, OnSigned } from "./ledger.ts";

const POLL_MILLISECONDS = 40;
/**
 * Offset of the Unix time in the Clock sysvar: slot, epoch start, epoch and leader schedule epoch
 * come first.
 */
const CLOCK_TIME_OFFSET = 32;

export interface SolanaSettings {
  readonly rpcUrl: string;
  readonly rpcWebSocketUrl: string | undefined;
  readonly programId: Uint8Array;
  readonly aggregatorKey: Uint8Array;
}

/**
 * The chain through its RPC, with `fetch` if one is given. The aggregator pays for its transactions
 * and for the rent of rounds.
 */
export function solanaLedger(settings: SolanaSettings, fetch?: typeof globalThis.fetch): Ledger {
  const { rpcWebSocketUrl } = settings;
  const connection = new Connection(settings.rpcUrl, {
    commitment: "confirmed",
    // The service's own fetch waits as the node asks.
    disableRetryOnRateLimit: true,
    ...(fetch === undefined ? {} : { fetch }),
    ...(rpcWebSocketUrl === undefined ? {} : { wsEndpoint: rpcWebSocketUrl }),
  });
  const program = new PublicKey(settings.programId);
  const aggregator = Keypair.fromSecretKey(settings.aggregatorKey);
  const send = (instructions: TransactionInstruction[], onSigned: OnSigned) =>
    sendTransaction(connection, instructions, [aggregator], {
      onSigned,
      pollInterval: POLL_MILLISECONDS,
    }).catch(asUnavailable);
  return {
    programId: settings.programId,
    aggregator: aggregator.publicKey.toBytes(),
    ...reader(connection, program, aggregator.publicKey),
    ...disputeLedger(connection, program, (instructions) => send(instructions, async () => {})),
    openRound: (federation, round, onSigned) => {
      const signer = { aggregator: aggregator.publicKey, payer: aggregator.publicKey };
      return send(
        roundOpen(program, { federation: new PublicKey(federation), ...signer, ...round }),
        onSigned,
      );
    },
    drawAudits: (federation, number, envelopesRoot, onSigned) => {
      const input = { federation: new PublicKey(federation), aggregator: aggregator.publicKey };
      return send(auditDraw(program, { ...input, number, envelopesRoot }), onSigned);
    },
    commitRound: (federation, number, result, onSigned) => {
      const input = {
        federation: new PublicKey(federation),
        aggregator: aggregator.publicKey,
        number,
        result,
      };
      return send(roundCommit(program, input), onSigned);
    },
    finalizeRound: (federation, number, onSigned) =>
      send(roundFinalize(program, { federation: new PublicKey(federation), number }), onSigned),
    voidRound: (federation, number, onSigned) =>
      send(roundVoid(program, { federation: new PublicKey(federation), number }), onSigned),
  };
}

/**
 * Before they send anything again, jobs ask the chain what the round's account shows. To them a
 * transaction of unknown fate therefore means that the chain does not answer for now.
 */
function asUnavailable(cause: unknown): never {
  if (!(cause instanceof TransactionUnknown)) throw cause;
  throw new PlenaryError("chain-unavailable", cause.message, cause.context, { cause });
}

type Reader = Omit<
  Ledger,
  | "programId"
  | "aggregator"
  | "openRound"
  | "drawAudits"
  | "commitRound"
  | "finalizeRound"
  | "voidRound"
  | keyof ReturnType<typeof disputeLedger>
>;

function reader(connection: Connection, program: PublicKey, aggregator: PublicKey): Reader {
  let genesisHash: Uint8Array | undefined;
  return {
    async genesisHash() {
      genesisHash ??= fromBase58(await asked(() => connection.getGenesisHash()));
      return genesisHash;
    },
    now: () => readClock(connection),
    lamports: () => readLamports(connection, aggregator),
    roundAddress: (federation, number) =>
      roundAddress(program, new PublicKey(federation), number).toBytes(),
    memberAddress: (federation, owner) =>
      memberAddress(program, new PublicKey(federation), new PublicKey(owner)).toBytes(),
    async federation(address) {
      const found = await readFederation(connection, new PublicKey(address));
      if (found === null) return undefined;
      return {
        ...found,
        authority: found.authority.toBytes(),
        aggregator: found.aggregator.toBytes(),
        rewardMint: found.rewardMint.toBytes(),
        pendingRounds: found.pending,
      };
    },
    members: async (federation) =>
      (await listMembers(connection, program, new PublicKey(federation))).map(memberOf),
    async member(federation, address) {
      const found = await readMember(connection, new PublicKey(address)).catch(undefinedIfOther);
      if (found === undefined || found === null) return undefined;
      return found.federation.equals(new PublicKey(federation)) ? memberOf(found) : undefined;
    },
    async round(federation, number) {
      const found = await readRound(
        connection,
        roundAddress(program, new PublicKey(federation), number),
      );
      return found === null ? undefined : roundOf(found);
    },
    async auditSlotHash(federation, number) {
      const round = roundAddress(program, new PublicKey(federation), number);
      const slotHash = await readAuditSlotHash(connection, program, round);
      if (slotHash !== null) return slotHash;
      throw new PlenaryError(
        "chain-unavailable",
        `The Solana node does not show the transaction that drew the audits of round ${number}.`,
        { round: round.toBase58() },
      );
    },
    async isAuthority(authority) {
      const federations = await listFederations(connection, program);
      return federations.some(
        (federation) =>
          federation.aggregator.equals(aggregator) &&
          federation.authority.toBase58() === toBase58(authority),
      );
    },
  };
}

async function readClock(connection: Connection): Promise<number> {
  const account = await asked(() => connection.getAccountInfo(SYSVAR_CLOCK_PUBKEY, "confirmed"));
  if (account === null || account.data.length < CLOCK_TIME_OFFSET + 8)
    throw new PlenaryError("chain-unavailable", "The Solana node does not show the Clock sysvar.");
  return milliseconds(account.data.readBigInt64LE(CLOCK_TIME_OFFSET));
}

function memberOf(member: Member): LedgerMember {
  return {
    address: member.address.toBytes(),
    owner: member.owner.toBytes(),
    updateKey: member.updateKey.toBytes(),
    previousKey: member.previousKey.toBytes(),
    keySinceRound: member.keySinceRound,
    payout: member.payout.toBytes(),
    joinedRound: member.joinedRound,
    exitRound: member.exitRound,
    claimed: member.claimedTotal,
  };
}

function roundOf(round: Round): LedgerRound {
  return {
    status: round.status,
    baseRound: round.baseRound,
    baseRoot: round.baseRoot,
    slotHash: round.slotHash,
    auditDrawn: round.auditSlot === 0n ? undefined : round.auditSlotHash,
    openedAt: milliseconds(round.openedAt),
    deadlineAt: milliseconds(round.deadline),
    commitBy: milliseconds(round.commitBy),
    committedAt: milliseconds(round.committedAt),
    challengeEndsAt: milliseconds(round.challengeEndsAt),
    manifestHash: round.manifestHash,
    openDisputes: round.openDisputes,
  };
}

function milliseconds(seconds: bigint): number {
  return Number(seconds) * 1_000;
}

/** An address may hold an account of another kind, which is not a member. */
function undefinedIfOther(error: unknown): undefined {
  if (error instanceof PlenaryError && error.code === "invalid-input") return undefined;
  throw error;
}

async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw new PlenaryError(
      "chain-unavailable",
      "The Solana node does not answer; check that it runs and that PLENARY_RPC_URL is right.",
      { reason: cause instanceof Error ? cause.message : String(cause) },
      { cause },
    );
  }
}
