import type {
  EvaluationView,
  FederationConfiguration,
  FederationEvent,
  FederationView,
  RoundState,
} from "@plenary/protocol";
import type { ColumnType, Generated, JSONColumnType } from "kysely";

/*
 * Rows as PostgreSQL returns them through the parsers of database.ts: bytea is Uint8Array; bigint
 * and numeric(20) are bigint. Times are milliseconds since 1970.
 */

type WithDefault<T> = ColumnType<T, T | undefined, T>;

export interface FederationsTable {
  address: Uint8Array;
  program_id: Uint8Array;
  genesis_hash: Uint8Array;
  authority: Uint8Array;
  aggregator: Uint8Array;
  reward_mint: Uint8Array;
  configuration: JSONColumnType<FederationConfiguration>;
  configuration_hash: Uint8Array;
  status: WithDefault<FederationView["status"]>;
  committed_rounds: WithDefault<bigint>;
  last_committed_round: WithDefault<bigint>;
  model_root: Uint8Array;
  model_blob: Uint8Array;
  state_root: Uint8Array;
  state_blob: Uint8Array;
  manifest_hash: Uint8Array | null;
  event_count: WithDefault<bigint>;
  registered_at: bigint;
  total_rounds: WithDefault<bigint | null>;
}

export interface MembersTable {
  federation: Uint8Array;
  address: Uint8Array;
  owner: Uint8Array;
  update_key: Uint8Array;
  previous_key: Uint8Array;
  key_since_round: bigint;
  payout: Uint8Array;
  joined_round: bigint;
  exit_round: bigint;
  claimed: bigint;
}

export interface RoundsTable {
  federation: Uint8Array;
  number: bigint;
  address: Uint8Array;
  state: RoundState;
  void_reason: string | null;
  base_root: Uint8Array;
  base_blob: Uint8Array;
  base_state_root: Uint8Array;
  base_state_blob: Uint8Array;
  previous_manifest: Uint8Array | null;
  questionnaire: bigint | null;
  base_round: bigint;
  slot_hash: Uint8Array | null;
  opened_at: bigint | null;
  deadline_at: bigint | null;
  commit_by: bigint | null;
  audit_slot_hash: Uint8Array | null;
  audit_drawn: Uint8Array | null;
  audits_until: bigint | null;
  audits_closed_at: bigint | null;
  closed_at: bigint | null;
  committed_at: bigint | null;
  challenge_ends_at: bigint | null;
  next_root: Uint8Array | null;
  next_blob: Uint8Array | null;
  next_state_root: Uint8Array | null;
  next_state_blob: Uint8Array | null;
  updates_root: Uint8Array | null;
  update_count: number | null;
  total_weight: number | null;
  rewards_root: Uint8Array | null;
  reward_count: number | null;
  cumulative_rewards: bigint | null;
  manifest_hash: Uint8Array | null;
  evaluation: ColumnType<EvaluationView | null, string | null, string | null>;
  choosing_score: number | null;
  created_at: bigint;
}

export interface QuestionnairesTable {
  federation: Uint8Array;
  number: bigint;
  hash: Uint8Array;
  message: Uint8Array;
  signature: Uint8Array;
  authority: Uint8Array;
  received_at: bigint;
}

export interface RewardsTable {
  federation: Uint8Array;
  round: bigint;
  member: Uint8Array;
  cumulative: bigint;
}

export type UpdateState = "received" | "counted" | "refused" | "superseded";

export interface UpdatesTable {
  id: Generated<bigint>;
  federation: Uint8Array;
  round: bigint;
  member: Uint8Array;
  sequence: bigint;
  envelope: Uint8Array;
  envelope_hash: Uint8Array;
  signature: Uint8Array;
  signing_key: Uint8Array;
  payload_hash: Uint8Array;
  payload_bytes: bigint;
  weight: number;
  state: UpdateState;
  reason: number | null;
  score: bigint | null;
  receipt: Uint8Array;
  receipt_signature: Uint8Array;
  received_at: bigint;
}

export interface EquivocationsTable {
  federation: Uint8Array;
  round: bigint;
  member: Uint8Array;
  sequence: bigint;
  envelope: Uint8Array;
  envelope_hash: Uint8Array;
  signature: Uint8Array;
  received_at: bigint;
}

export type TransactionKind = "open" | "audit-draw" | "commit" | "finalize" | "void";

export interface TransactionsTable {
  federation: Uint8Array;
  round: bigint;
  kind: TransactionKind;
  state: WithDefault<"pending" | "confirmed">;
  signature: string | null;
  attempts: WithDefault<number>;
  last_error: string | null;
  created_at: bigint;
  confirmed_at: bigint | null;
}

export interface AuditReportsTable {
  federation: Uint8Array;
  round: bigint;
  member: Uint8Array;
  report: Uint8Array;
  signature: Uint8Array;
  received_at: bigint;
}

export interface DisputesTable {
  address: Uint8Array;
  opened_at: bigint;
  federation: Uint8Array;
  round: bigint;
  challenger: Uint8Array;
  kind: "chunk" | "envelope" | "omission" | "shortfall" | "total";
  subject: bigint;
  state: WithDefault<"open" | "ended">;
  endable_at: bigint | null;
  demanded: string | null;
  answered: string | null;
  answers: WithDefault<number>;
  failed: string | null;
  last_error: string | null;
  failures: WithDefault<number>;
  deposit: bigint | null;
  demanded_until: bigint | null;
  verdict: "upheld" | "rejected" | "moot" | null;
  fault: string | null;
  ended_in: string | null;
}

export interface NoncesTable {
  key: Uint8Array;
  nonce: string;
  expires_at: bigint;
}

export interface BlobUploadsTable {
  hash: Uint8Array;
  key: Uint8Array;
}

export interface FederationBlobsTable {
  hash: Uint8Array;
  federation: Uint8Array;
}

export interface EventsTable {
  federation: Uint8Array;
  id: bigint;
  type: FederationEvent["type"];
  round: bigint | null;
  member: Uint8Array | null;
  at: bigint;
}

export interface Schema {
  federations: FederationsTable;
  members: MembersTable;
  rounds: RoundsTable;
  questionnaires: QuestionnairesTable;
  rewards: RewardsTable;
  updates: UpdatesTable;
  equivocations: EquivocationsTable;
  transactions: TransactionsTable;
  audit_reports: AuditReportsTable;
  disputes: DisputesTable;
  nonces: NoncesTable;
  events: EventsTable;
  blob_uploads: BlobUploadsTable;
  federation_blobs: FederationBlobsTable;
}
