import { auditReportStore } from "./audit-reports.ts";
import { readerStore } from "./blob-references.ts";
import type { Queries } from "./database.ts";
import { disputeStore } from "./disputes.ts";
import { dueStore } from "./due.ts";
import { eventStore } from "./events.ts";
import { federationStore } from "./federations.ts";
import { memberStore } from "./members.ts";
import { nonceStore } from "./nonces.ts";
import { rewardStore } from "./rewards.ts";
import { roundStore } from "./rounds.ts";
import { transactionStore } from "./transactions.ts";
import { updateStore } from "./updates.ts";

export interface Store {
  readonly auditReports: ReturnType<typeof auditReportStore>;
  readonly disputes: ReturnType<typeof disputeStore>;
  readonly due: ReturnType<typeof dueStore>;
  readonly events: ReturnType<typeof eventStore>;
  readonly federations: ReturnType<typeof federationStore>;
  readonly members: ReturnType<typeof memberStore>;
  readonly nonces: ReturnType<typeof nonceStore>;
  readonly readers: ReturnType<typeof readerStore>;
  readonly rewards: ReturnType<typeof rewardStore>;
  readonly rounds: ReturnType<typeof roundStore>;
  readonly transactions: ReturnType<typeof transactionStore>;
  readonly updates: ReturnType<typeof updateStore>;
}

/** All repositories on one connection: the pool, or one transaction. */
export function storeOn(queries: Queries): Store {
  return {
    auditReports: auditReportStore(queries),
    disputes: disputeStore(queries),
    due: dueStore(queries),
    events: eventStore(queries),
    federations: federationStore(queries),
    members: memberStore(queries),
    nonces: nonceStore(queries),
    readers: readerStore(queries),
    rewards: rewardStore(queries),
    rounds: roundStore(queries),
    transactions: transactionStore(queries),
    updates: updateStore(queries),
  };
}
