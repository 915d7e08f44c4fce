import { toHex } from "@plenary/protocol";
import type { Selectable } from "kysely";
import type { Queries } from "./database.ts";
import type { MembersTable } from "./schema.ts";
import { updatesWithRounds } from "./updates.ts";

export type MemberRow = Selectable<MembersTable>;

/** A member's record in the rounds so far. */
export interface MemberRecord {
  readonly counted: number;
  readonly refused: number;
  /** Committed rounds in which it could take part and has no update. */
  readonly missed: number;
  /** Cumulative rewards as of the last committed round, and as of the last final one. */
  readonly earned: bigint;
  readonly final: bigint;
}

/** The record of a member before its first round. */
export const NO_RECORD: MemberRecord = {
  counted: 0,
  refused: 0,
  missed: 0,
  earned: 0n,
  final: 0n,
};

export function memberStore(queries: Queries) {
  return {
    ofFederation: (federation: Uint8Array): Promise<MemberRow[]> =>
      queries
        .selectFrom("members")
        .selectAll()
        .where("federation", "=", federation)
        .orderBy("address")
        .execute(),

    find: (federation: Uint8Array, address: Uint8Array): Promise<MemberRow | undefined> =>
      queries
        .selectFrom("members")
        .selectAll()
        .where("federation", "=", federation)
        .where("address", "=", address)
        .executeTakeFirst(),

    /** Members whose owner key or update-signing key this is. */
    ofKey: (federation: Uint8Array, key: Uint8Array): Promise<MemberRow[]> =>
      queries
        .selectFrom("members")
        .selectAll()
        .where("federation", "=", federation)
        .where((eb) => eb.or([eb("owner", "=", key), eb("update_key", "=", key)]))
        .execute(),

    async count(federation: Uint8Array): Promise<number> {
      const { count } = await queries
        .selectFrom("members")
        .select((eb) => eb.fn.countAll<bigint>().as("count"))
        .where("federation", "=", federation)
        .executeTakeFirstOrThrow();
      return Number(count);
    },

    /** Members that may take part in round `number`. */
    async countActive(federation: Uint8Array, number: bigint): Promise<number> {
      const { count } = await queries
        .selectFrom("members")
        .select((eb) => eb.fn.countAll<bigint>().as("count"))
        .where("federation", "=", federation)
        .where("joined_round", "<=", number)
        .where((eb) => eb.or([eb("exit_round", "=", 0n), eb("exit_round", ">", number)]))
        .executeTakeFirstOrThrow();
      return Number(count);
    },

    /** Updates the mirror to what was read from the chain. */
    async upsert(rows: readonly MemberRow[]): Promise<void> {
      if (rows.length === 0) return;
      await queries
        .insertInto("members")
        .values([...rows])
        .onConflict((conflict) =>
          conflict.columns(["federation", "address"]).doUpdateSet((eb) => ({
            owner: eb.ref("excluded.owner"),
            update_key: eb.ref("excluded.update_key"),
            previous_key: eb.ref("excluded.previous_key"),
            key_since_round: eb.ref("excluded.key_since_round"),
            payout: eb.ref("excluded.payout"),
            joined_round: eb.ref("excluded.joined_round"),
            exit_round: eb.ref("excluded.exit_round"),
            claimed: eb.ref("excluded.claimed"),
          })),
        )
        .execute();
    },

    /**
     * Records by the members' addresses in hexadecimal, of all members of a federation or of one.
     * Members without a record are left out. Void rounds do not count.
     */
    async records(federation: Uint8Array, member?: Uint8Array): Promise<Map<string, MemberRecord>> {
      const [updates, misses, rewards] = await Promise.all([
        updatesByMember(queries, federation, member),
        missedByMember(queries, federation, member),
        rewardsByMember(queries, federation, member),
      ]);
      const records = new Map<string, MemberRecord>();
      const add = (member: Uint8Array, part: Partial<MemberRecord>) =>
        records.set(toHex(member), { ...(records.get(toHex(member)) ?? NO_RECORD), ...part });
      for (const { member, counted, refused } of updates)
        add(member, { counted: Number(counted), refused: Number(refused) });
      for (const { member, missed } of misses) add(member, { missed: Number(missed) });
      for (const { member, earned, final } of rewards)
        add(member, { earned: earned ?? 0n, final: final ?? 0n });
      return records;
    },
  };
}

function updatesByMember(queries: Queries, federation: Uint8Array, member?: Uint8Array) {
  return updatesWithRounds(queries)
    .select((eb) => [
      "updates.member",
      eb.fn.countAll<bigint>().filterWhere("updates.state", "=", "counted").as("counted"),
      eb.fn.countAll<bigint>().filterWhere("updates.state", "=", "refused").as("refused"),
    ])
    .where("updates.federation", "=", federation)
    .where("rounds.state", "<>", "void")
    .$if(member !== undefined, (query) =>
      query.where("updates.member", "=", member ?? new Uint8Array()),
    )
    .groupBy("updates.member")
    .execute();
}

/** An update that is still screened when its round is committed was not received in time. */
function missedByMember(queries: Queries, federation: Uint8Array, member?: Uint8Array) {
  return queries
    .selectFrom("members")
    .innerJoin("rounds", (join) =>
      join
        .onRef("rounds.federation", "=", "members.federation")
        .onRef("rounds.number", ">=", "members.joined_round"),
    )
    .leftJoin("updates", (join) =>
      join
        .onRef("updates.federation", "=", "rounds.federation")
        .onRef("updates.round", "=", "rounds.number")
        .onRef("updates.member", "=", "members.address")
        .on("updates.state", "in", ["counted", "refused"]),
    )
    .select((eb) => ["members.address as member", eb.fn.countAll<bigint>().as("missed")])
    .where("members.federation", "=", federation)
    .where("rounds.state", "in", ["committed", "final"])
    .where((eb) =>
      eb.or([
        eb("members.exit_round", "=", 0n),
        eb("members.exit_round", ">", eb.ref("rounds.number")),
      ]),
    )
    .where("updates.id", "is", null)
    .$if(member !== undefined, (query) =>
      query.where("members.address", "=", member ?? new Uint8Array()),
    )
    .groupBy("members.address")
    .execute();
}

function rewardsByMember(queries: Queries, federation: Uint8Array, member?: Uint8Array) {
  return queries
    .selectFrom("rewards")
    .innerJoin("rounds", (join) =>
      join
        .onRef("rounds.federation", "=", "rewards.federation")
        .onRef("rounds.number", "=", "rewards.round"),
    )
    .select((eb) => [
      "rewards.member",
      eb.fn.max<bigint | null>("rewards.cumulative").as("earned"),
      eb.fn
        .max<bigint | null>("rewards.cumulative")
        .filterWhere("rounds.state", "=", "final")
        .as("final"),
    ])
    .where("rewards.federation", "=", federation)
    .where("rounds.state", "in", ["committed", "final"])
    .$if(member !== undefined, (query) =>
      query.where("rewards.member", "=", member ?? new Uint8Array()),
    )
    .groupBy("rewards.member")
    .execute();
}
