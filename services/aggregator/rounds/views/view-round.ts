import { type RoundView, toBase58, toHex } from "@plenary/protocol";
import type { DisputeRow } from "../../store/disputes.ts";
import type { FederationRow } from "../../store/federations.ts";
import type { QuestionnaireRow } from "../../store/questionnaires.ts";
import type { Round } from "../../store/rounds.ts";
import type { TransactionRow } from "../../store/transactions.ts";
import type { UpdateCounts } from "../../store/updates.ts";
import type { Context } from "../context.ts";
import { questionnaireOf, signedVersion } from "../federations/questionnaire.ts";
import { isFiniteEvaluation } from "../lifecycle/evaluator.ts";
import { viewDispute } from "./view-dispute.ts";

/** Rounds of one federation. Takes the same few queries for any number of rounds. */
export async function viewRounds(
  { store }: Context,
  federation: FederationRow,
  rounds: readonly Round[],
): Promise<RoundView[]> {
  if (rounds.length === 0) return [];
  const { address } = federation;
  const numbers = rounds.map(({ number }) => number);
  const [counts, transactions, disputes, versions] = await Promise.all([
    store.updates.countsOfRounds(address, numbers),
    store.transactions.ofRounds(address, numbers),
    store.disputes.ofRounds(address, numbers),
    store.questionnaires.ofFederation(address),
  ]);
  const transactionsOf = Map.groupBy(transactions, ({ round }) => round);
  const disputesOf = Map.groupBy(disputes, ({ round }) => round);
  return rounds.map((round) => {
    const { number } = round;
    return roundView(federation, round, {
      counts: counts.get(number) ?? { received: 0, counted: 0, refused: 0 },
      transactions: transactionsOf.get(number) ?? [],
      disputes: disputesOf.get(number) ?? [],
      version: versions.find((row) => row.number === round.questionnaire),
    });
  });
}

export async function viewRound(
  context: Context,
  federation: FederationRow,
  round: Round,
): Promise<RoundView> {
  const { store } = context;
  const { address } = federation;
  const [counts, transactions, disputes, version] = await Promise.all([
    store.updates.counts(round),
    store.transactions.ofRounds(address, [round.number]),
    store.disputes.ofRounds(address, [round.number]),
    questionnaireOf(context, round),
  ]);
  return roundView(federation, round, { counts, transactions, disputes, version });
}

/** What other tables say about a round. */
interface AroundRound {
  readonly counts: UpdateCounts;
  readonly transactions: readonly TransactionRow[];
  readonly disputes: readonly DisputeRow[];
  readonly version: QuestionnaireRow | undefined;
}

function roundView(
  { configuration }: FederationRow,
  round: Round,
  { counts, transactions, disputes, version }: AroundRound,
): RoundView {
  const { base, opened, closedAt, computed, committed, evaluation } = round;
  const signature = (kind: TransactionRow["kind"]) =>
    transactions.find((row) => row.kind === kind)?.signature ?? null;
  const hexOrNull = (bytes: Uint8Array | undefined) => (bytes === undefined ? null : toHex(bytes));
  return {
    federation: toBase58(round.federation),
    number: round.number.toString(),
    address: toBase58(round.address),
    state: round.state,
    voidReason: round.voidReason,
    ...(version !== undefined && { questionnaire: signedVersion(version) }),
    baseRoot: toHex(base.root),
    baseBlob: toHex(base.blob),
    nextRoot: hexOrNull(computed?.commitment.nextRoot),
    nextBlob: hexOrNull(computed?.nextBlob),
    updatesRoot: hexOrNull(computed?.commitment.updatesRoot),
    rewardsRoot: hexOrNull(computed?.commitment.rewardsRoot),
    manifest: hexOrNull(computed?.commitment.manifestHash),
    ...counts,
    quorum: configuration.rounds.quorum,
    openedAt: opened?.openedAt ?? null,
    deadlineAt: opened?.deadlineAt ?? null,
    closedAt,
    committedAt: committed?.committedAt ?? null,
    // Evaluations of older services may hold numbers that JSON cannot express.
    evaluation: evaluation !== null && isFiniteEvaluation(evaluation) ? evaluation : null,
    transactions: {
      open: signature("open"),
      commit: signature("commit"),
      finalize: signature("finalize"),
      void: signature("void"),
    },
    disputes: disputes.map(viewDispute),
  };
}
