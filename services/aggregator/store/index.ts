import { auditReportStore } from "./audit-reports.ts";
import { blobReferenceStore } from "./blob-references.ts";
import type { Queries } from "./database.ts";
import { disputeStore } from "./disputes.ts";
import { eventStore } from "./events.ts";
import { federationStore } from "./federations.ts";
import { hintStore } from "./hints.ts";
import { memberStore } from "./members.ts";
import { nonceStore } from "./nonces.ts";
import { questionnaireStore } from "./questionnaires.ts";
import { rewardStore } from "./rewards.ts";
import { roundStore } from "./rounds.ts";
import { transactionStore } from "./transactions.ts";
import { updateStore } from "./updates.ts";

export interface Store {
  readonly auditReports: ReturnType<typeof auditReportStore>;
  readonly blobReferences: ReturnType<typeof blobReferenceStore>;
  readonly disputes: ReturnType<typeof disputeStore>;
  readonly events: ReturnType<typeof eventStore>;
  readonly federations: ReturnType<typeof federationStore>;
  readonly hints: ReturnType<typeof hintStore>;
  readonly members: ReturnType<typeof memberStore>;
  readonly nonces: ReturnType<typeof nonceStore>;
  readonly questionnaires: ReturnType<typeof questionnaireStore>;
  readonly rewards: ReturnType<typeof rewardStore>;
  readonly rounds: ReturnType<typeof roundStore>;
  readonly transactions: ReturnType<typeof transactionStore>;
  readonly updates: ReturnType<typeof updateStore>;
}

/** All repositories on one connection: the pool, or one transaction. */
export function storeOn(queries: Queries): Store {
  return {
    auditReports: auditReportStore(queries),
    blobReferences: blobReferenceStore(queries),
    disputes: disputeStore(queries),
    events: eventStore(queries),
    federations: federationStore(queries),
    hints: hintStore(queries),
    members: memberStore(queries),
    nonces: nonceStore(queries),
    questionnaires: questionnaireStore(queries),
    rewards: rewardStore(queries),
    rounds: roundStore(queries),
    transactions: transactionStore(queries),
    updates: updateStore(queries),
  };
}
