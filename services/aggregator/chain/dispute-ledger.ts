import {
  type Dispute,
  type DisputeEnding,
  disputeAnswer,
  disputeEnvelope,
  disputeResolve,
  isProgramError,
  listDisputes,
  missingPiece,
  readDisputeEnding,
  readEndedDisputes,
  readFederation,
  readTokenProgram,
  roundAddress,
  tokenAccountAddress,
} from "@plenary/chain";
import { PlenaryError } from "@plenary/protocol";
import { type Connection, PublicKey, type TransactionInstruction } from "@solana/web3.js";
import type { Ledger, LedgerAnswer, LedgerDispute, LedgerEnding } from "./ledger.ts";

type DisputeLedger = Pick<
  Ledger,
  "disputes" | "disputeEnding" | "endedDisputes" | "answerDispute" | "resolveDispute"
>;

/**
 * The part of the ledger that is about disputes. `send` signs as the aggregator, waits for the
 * confirmation and resolves with the signature.
 */
export function disputeLedger(
  connection: Connection,
  program: PublicKey,
  send: (instructions: TransactionInstruction[]) => Promise<string>,
): DisputeLedger {
  return {
    disputes: async (federation) =>
      (await listDisputes(connection, program, new PublicKey(federation))).map(disputeOf),
    async disputeEnding(dispute, openedAt) {
      const opened = BigInt(openedAt / 1_000);
      const ending = await readDisputeEnding(connection, program, new PublicKey(dispute), opened);
      return ending && endingOf(ending);
    },
    async endedDisputes(federation, number) {
      const round = roundAddress(program, new PublicKey(federation), number);
      const found = await readEndedDisputes(connection, program, round);
      return found.map(({ address, challenger, openedAt, ending, ...dispute }) => ({
        ...dispute,
        address: address.toBytes(),
        challenger: challenger.toBytes(),
        openedAt: Number(openedAt) * 1_000,
        ending: endingOf(ending),
      }));
    },
    answerDispute: (federation, number, dispute, answer) =>
      send(answerInstructions(program, { federation, number, dispute }, answer)),
    async resolveDispute(federation, number, dispute, pay) {
      const address = new PublicKey(federation);
      const found = await readFederation(connection, address);
      if (found === null)
        throw new PlenaryError(
          "chain-unavailable",
          "The Solana node does not show the federation.",
        );
      const tokenProgram = await readTokenProgram(connection, found.rewardMint);
      const challenger = new PublicKey(dispute.challenger);
      const resolve = (challengerTokens?: PublicKey) =>
        disputeResolve(program, {
          federation: address,
          rewardMint: found.rewardMint,
          tokenProgram,
          number,
          dispute: new PublicKey(dispute.address),
          challenger,
          challengerTokens,
        });
      // Leaves out the challenger's token account where the challenger loses: by closing the
      // account or giving it away, the challenger could delay the end.
      if (await unlessPaid(() => send(resolve()))) return true;
      const tokens = tokenAccountAddress(found.rewardMint, challenger, tokenProgram);
      if (!pay || (await connection.getAccountInfo(tokens, "confirmed")) === null) return false;
      await send(resolve(tokens));
      return true;
    },
  };
}

function answerInstructions(
  program: PublicKey,
  at: { readonly federation: Uint8Array; readonly number: bigint; readonly dispute: Uint8Array },
  answer: LedgerAnswer,
): TransactionInstruction[] {
  const dispute = new PublicKey(at.dispute);
  switch (answer.kind) {
    case "update-leaf": {
      const { leaf, path } = answer;
      return disputeAnswer(program, { dispute, answer: { leaf: { tree: "updates", leaf }, path } });
    }
    case "reward-leaf": {
      const { leaf, path } = answer;
      return disputeAnswer(program, { dispute, answer: { leaf: { tree: "rewards", leaf }, path } });
    }
    case "chunk":
      return disputeAnswer(program, { dispute, answer: { chunk: answer } });
    case "envelope": {
      const { leaf, message, signature, signingKey } = answer;
      return disputeEnvelope(program, {
        federation: new PublicKey(at.federation),
        number: at.number,
        dispute,
        leaf,
        envelope: { message, signature, key: signingKey },
      });
    }
  }
}

function endingOf({ verdict, fault, transaction }: DisputeEnding): LedgerEnding {
  return { verdict, fault: verdict === "upheld" ? fault : null, transaction };
}

/**
 * Whether the transaction was sent. False if the program wants an account into which the challenger
 * is paid.
 */
async function unlessPaid(send: () => Promise<unknown>): Promise<boolean> {
  try {
    await send();
    return true;
  } catch (error) {
    if (isProgramError(error, "ChallengerTokensMissing")) return false;
    throw error;
  }
}

function disputeOf(dispute: Dispute): LedgerDispute {
  const { kind, index, nextLeaf, targetHash, decided, demandDeadline } = dispute;
  return {
    address: dispute.address.toBytes(),
    round: dispute.round.toBytes(),
    challenger: dispute.challenger.toBytes(),
    kind,
    index,
    nextLeaf,
    missing: missingPiece(dispute),
    targetHash,
    provenRight: decided === null ? null : decided === "upheld" ? "challenger" : "aggregator",
    demandedUntil: demandDeadline === 0n ? null : Number(demandDeadline) * 1_000,
    deposit: dispute.deposit,
    openedAt: Number(dispute.openedAt) * 1_000,
    expiresAt: Number(dispute.expiresAt) * 1_000,
  };
}
