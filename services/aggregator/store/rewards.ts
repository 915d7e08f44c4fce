import type { Selectable } from "kysely";
import type { Queries } from "./database.ts";
import type { RoundKey } from "./round.ts";
import type { RewardsTable } from "./schema.ts";

export type RewardRow = Selectable<RewardsTable>;

export function rewardStore(queries: Queries) {
  return {
    /** Leaves of a round's rewards tree, ascending by member. */
    ofRound: ({ federation, number }: RoundKey): Promise<RewardRow[]> =>
      queries
        .selectFrom("rewards")
        .selectAll()
        .where("federation", "=", federation)
        .where("round", "=", number)
        .orderBy("member")
        .execute(),

    async insert(rows: readonly RewardRow[]): Promise<void> {
      if (rows.length === 0) return;
      await queries
        .insertInto("rewards")
        .values([...rows])
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
  };
}
