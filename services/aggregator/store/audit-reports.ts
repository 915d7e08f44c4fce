import type { Insertable, Selectable } from "kysely";
import type { Queries } from "./database.ts";
import type { RoundKey } from "./round.ts";
import type { AuditReportsTable } from "./schema.ts";

export type AuditReportRow = Selectable<AuditReportsTable>;

export function auditReportStore(queries: Queries) {
  return {
    /** Ascending by member. */
    ofRound: ({ federation, number }: RoundKey): Promise<AuditReportRow[]> =>
      queries
        .selectFrom("audit_reports")
        .selectAll()
        .where("federation", "=", federation)
        .where("round", "=", number)
        .orderBy("member")
        .execute(),

    /** False if there is a report about this member already. */
    async insert(row: Insertable<AuditReportsTable>): Promise<boolean> {
      const inserted = await queries
        .insertInto("audit_reports")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .returning("member")
        .executeTakeFirst();
      return inserted !== undefined;
    },
  };
}
