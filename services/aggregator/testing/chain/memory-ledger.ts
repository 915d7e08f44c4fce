import type { RoundCommitment } from "@plenary/protocol";
import { drawnHash, PlenaryError, sha256, toBase58, toHex } from "@plenary/protocol";
import { Keypair } from "@solana/web3.js";
import type {
  Ledger,
  LedgerAnswer,
  LedgerDispute,
  LedgerEnding,
  LedgerFederation,
  LedgerMember,
  LedgerRound,
  OnSigned,
} from "../../chain/ledger.ts";
import { isLost, MemoryDisputes, verdictOf } from "./memory-disputes.ts";

type Standing = { -readonly [Field in keyof LedgerFederation]: LedgerFederation[Field] };
interface Account {
  round: LedgerRound;
  readonly baseState: Uint8Array;
  commitment: RoundCommitment | undefined;
}

/**
 * A chain in memory, with the program's rules as far as the service meets them: which steps are
 * allowed when, what a void round drops, and what a lost transaction leaves. The contract suite in
 * chain/ledger.test.ts holds it against the real chain. Its clock stands still until a test moves
 * it.
 */
export class MemoryLedger implements Ledger {
  readonly programId = new Uint8Array(32).fill(1);
  readonly aggregator: Uint8Array;
  /** Milliseconds since 1970. */
  time = 1_800_000_000_000;
  challengeWindow = 0;
  grace = 600;
  /**
   * Is given the kind of each transaction before it takes effect. It may throw; if it is false, the
   * transaction is forgotten.
   */
  accepts: (kind: string) => boolean = () => true;
  /** Transactions that took effect, in order, each as "kind number". */
  readonly effects: string[] = [];
  /** What disputes were given, in order. */
  readonly answers: LedgerAnswer[] = [];
  readonly #federations = new Map<string, Standing>();
  readonly #members = new Map<string, LedgerMember[]>();
  readonly #rounds = new Map<string, Account>();
  readonly #disputes = new MemoryDisputes();
  #signatures = 0;

  constructor(aggregator: Keypair) {
    this.aggregator = aggregator.publicKey.toBytes();
  }

  found(
    address: Uint8Array,
    terms: Pick<
      LedgerFederation,
      "configurationHash" | "parameterCount" | "rules" | "lastModelRoot" | "lastStateRoot"
    >,
    members: readonly LedgerMember[],
  ): void {
    this.#members.set(toHex(address), [...members]);
    this.#federations.set(toHex(address), {
      ...terms,
      authority: Keypair.generate().publicKey.toBytes(),
      aggregator: this.aggregator,
      paused: false,
      rewardMint: new Uint8Array(32).fill(3),
      nextRound: 1n,
      openRound: 0n,
      finalRound: 0n,
      lastCommittedRound: 0n,
      pendingRounds: [],
    });
  }

  genesisHash = async () => new Uint8Array(32).fill(2);
  now = async () => this.time;
  lamports = async () => 10n ** 12n;
  roundAddress = (federation: Uint8Array, number: bigint) =>
    sha256(federation, Buffer.from(String(number)));
  memberAddress = (federation: Uint8Array, owner: Uint8Array) => sha256(federation, owner);
  federation = async (address: Uint8Array) => {
    const standing = this.#federations.get(toHex(address));
    return standing && { ...standing };
  };
  members = async (federation: Uint8Array) => this.#members.get(toHex(federation)) ?? [];
  member = async (federation: Uint8Array, address: Uint8Array) =>
    this.#members
      .get(toHex(federation))
      ?.find((member) => toHex(member.address) === toHex(address));
  round = async (federation: Uint8Array, number: bigint) => {
    const round = this.#rounds.get(nameOf(federation, number))?.round;
    const address = toHex(this.roundAddress(federation, number));
    const disputes = (await this.disputes(federation)).filter(
      (dispute) => toHex(dispute.round) === address,
    );
    return round && { ...round, openDisputes: disputes.length };
  };
  isAuthority = async () => false;

  openRound: Ledger["openRound"] = (
    federation,
    { number, baseRoot, baseStateRoot, collectSeconds },
    onSigned,
  ) =>
    this.#send("open", number, onSigned, () => {
      const standing = this.#standing(federation);
      require(standing.nextRound === number, "the next number");
      require(standing.openRound === 0n, "no open round");
      require(toHex(standing.lastModelRoot) === toHex(baseRoot), "the base root");
      require(toHex(standing.lastStateRoot) === toHex(baseStateRoot), "the base state root");
      standing.nextRound = number + 1n;
      standing.openRound = number;
      const deadlineAt = this.time + collectSeconds * 1_000;
      this.#rounds.set(nameOf(federation, number), {
        round: {
          status: "open",
          baseRound: standing.lastCommittedRound,
          baseRoot,
          slotHash: sha256(Buffer.from(`slot of ${number}`)),
          auditDrawn: undefined,
          openedAt: this.time,
          deadlineAt,
          commitBy: deadlineAt + this.grace * 1_000,
          committedAt: 0,
          challengeEndsAt: 0,
          manifestHash: new Uint8Array(32),
          openDisputes: 0,
        },
        baseState: baseStateRoot,
        commitment: undefined,
      });
    });

  drawAudits: Ledger["drawAudits"] = (federation, number, envelopes, onSigned) =>
    this.#send("audit-draw", number, onSigned, () => {
      const account = this.#account(federation, number);
      require(account.round.status === "open" &&
        account.round.auditDrawn === undefined, "an undrawn round");
      account.round = { ...account.round, auditDrawn: drawnHash(auditSlotOf(number), envelopes) };
    });

  auditSlotHash = async (_: Uint8Array, number: bigint) => auditSlotOf(number);

  commitRound: Ledger["commitRound"] = (federation, number, commitment, onSigned) =>
    this.#send("commit", number, onSigned, () => {
      const standing = this.#standing(federation);
      const account = this.#account(federation, number);
      require(standing.openRound === number && account.round.status === "open", "an open round");
      require(this.time <= account.round.commitBy, "time to commit");
      account.commitment = commitment;
      account.round = {
        ...account.round,
        status: "committed",
        committedAt: this.time,
        challengeEndsAt: this.time + this.challengeWindow * 1_000,
        manifestHash: commitment.manifestHash,
      };
      standing.openRound = 0n;
      standing.pendingRounds = [...standing.pendingRounds, number];
      standing.lastCommittedRound = number;
      standing.lastModelRoot = commitment.nextRoot;
      standing.lastStateRoot = commitment.nextStateRoot;
    });

  finalizeRound: Ledger["finalizeRound"] = (federation, number, onSigned) =>
    this.#send("finalize", number, onSigned, () => {
      const standing = this.#standing(federation);
      const account = this.#account(federation, number);
      require(account.round.status === "committed", "a committed round");
      require(standing.pendingRounds[0] === number, "the oldest pending round");
      require(this.time >= account.round.challengeEndsAt, "the window to be over");
      require(!this.#disputes.isAnyOpen(federation), "no open dispute");
      account.round = { ...account.round, status: "final" };
      standing.pendingRounds = standing.pendingRounds.slice(1);
      standing.finalRound = number;
    });

  /** What the authority does to get a round's rent back. */
  closeRound(federation: Uint8Array, number: bigint): void {
    const { round } = this.#account(federation, number);
    require(round.status === "final" &&
      number < this.#standing(federation).finalRound, "an obsolete round");
    this.#rounds.delete(nameOf(federation, number));
  }

  voidRound: Ledger["voidRound"] = (federation, number, onSigned) =>
    this.#send("void", number, onSigned, () => {
      const standing = this.#standing(federation);
      const { round } = this.#account(federation, number);
      const dropped = standing.openRound !== number && !standing.pendingRounds.includes(number);
      require(round.status === "open" ||
        round.status === "committed", "a round that is not settled");
      require(dropped ||
        (round.status === "open" && this.time > round.commitBy), "a late or dropped round");
      this.#drop(federation, number);
    });

  disputes: Ledger["disputes"] = (federation) => this.#disputes.ofFederation(federation);

  /** Gives what is demanded, if anything is: the account that is left demands nothing. */
  answerDispute: Ledger["answerDispute"] = (federation, number, address, answer) =>
    this.#send("answer", number, NOBODY, () => {
      this.#disputes.answer(federation, address, answer, this.time);
      this.answers.push(answer);
    });

  resolveDispute: Ledger["resolveDispute"] = async (federation, number, dispute, pay) => {
    if (!isLost(dispute, this.time) && !pay) return false;
    const transaction = await this.#send("resolve", number, NOBODY, () =>
      this.#disputes.remove(federation, dispute.address),
    );
    this.end(dispute, { ...verdictOf(dispute, this.time), transaction });
    return true;
  };

  disputeEnding: Ledger["disputeEnding"] = async (address, openedAt) =>
    this.#disputes.endingOf(address, openedAt);

  endedDisputes: Ledger["endedDisputes"] = async (federation, number) =>
    this.#disputes.endedOf(this.roundAddress(federation, number));

  /** What the chain shows of a dispute's end. */
  end(dispute: LedgerDispute, ending: LedgerEnding): void {
    this.#disputes.end(dispute, ending);
  }

  /** Sets what a challenger's dispute has come to. */
  dispute(federation: Uint8Array, dispute: LedgerDispute): void {
    this.#disputes.set(federation, dispute);
  }

  /** What an upheld challenge does. */
  overturn(federation: Uint8Array, number: bigint): void {
    this.#drop(federation, number);
  }

  #drop(federation: Uint8Array, number: bigint): void {
    const standing = this.#standing(federation);
    const account = this.#account(federation, number);
    account.round = { ...account.round, status: "void" };
    const place = standing.pendingRounds.indexOf(number);
    if (place >= 0) {
      standing.pendingRounds = standing.pendingRounds.slice(0, place);
      standing.lastCommittedRound = account.round.baseRound;
      standing.lastModelRoot = account.round.baseRoot;
      standing.lastStateRoot = account.baseState;
      standing.openRound = 0n;
    } else if (standing.openRound === number) standing.openRound = 0n;
  }

  async #send(
    kind: string,
    number: bigint,
    onSigned: OnSigned,
    effect: () => void,
  ): Promise<string> {
    const signature = toBase58(
      new Uint8Array(64).fill(++this.#signatures % 250, 32).fill(7, 0, 32),
    );
    await onSigned(signature);
    if (!this.accepts(kind)) return signature;
    effect();
    this.effects.push(`${kind} ${number}`);
    return signature;
  }

  #standing(federation: Uint8Array): Standing {
    const standing = this.#federations.get(toHex(federation));
    if (standing === undefined) throw refused("a federation that is on this chain");
    return standing;
  }

  #account(federation: Uint8Array, number: bigint): Account {
    const account = this.#rounds.get(nameOf(federation, number));
    if (account === undefined) throw refused(`round ${number} on this chain`);
    return account;
  }
}

function auditSlotOf(number: bigint): Uint8Array {
  return sha256(Buffer.from(`audit slot of ${number}`));
}

const NOBODY: OnSigned = async () => {};

function nameOf(federation: Uint8Array, number: bigint): string {
  return `${toHex(federation)}/${number}`;
}

function require(holds: boolean, what: string): void {
  if (!holds) throw refused(what);
}

function refused(what: string): PlenaryError {
  return new PlenaryError("transaction-failed", `The program refuses: it wants ${what}.`);
}
