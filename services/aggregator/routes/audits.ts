import { AUDIT_REPORT_LENGTH, fromBase64, PlenaryError, SIGNATURE_LENGTH } from "@plenary/protocol";
import type { Context } from "../rounds/context.ts";
import { acceptAuditReport } from "../rounds/lifecycle/audit-report.ts";
import { findFederation, findRound } from "../rounds/lookup.ts";
import { viewAudits } from "../rounds/views/view-audits.ts";
import type { Handlers } from "./mount.ts";
import type { ReaderAccess } from "./reader-access.ts";

type AuditHandlers = Pick<Handlers, "auditList" | "auditReportSubmit">;

export function auditHandlers(context: Context, { admit }: ReaderAccess): AuditHandlers {
  return {
    auditList: async ({ params, request, reply }) => {
      const federation = await findFederation(context, params.federation);
      await admit(request, reply, federation);
      return viewAudits(
        context,
        federation,
        await findRound(context, federation.address, params.round),
      );
    },
    auditReportSubmit: async ({ params, body }) => {
      const federation = await findFederation(context, params.federation);
      const round = await findRound(context, federation.address, params.round);
      const message = bytesOf(body.report, AUDIT_REPORT_LENGTH, "report");
      const signature = bytesOf(body.signature, SIGNATURE_LENGTH, "signature");
      await acceptAuditReport(context, federation, round, { message, signature });
      return viewAudits(context, federation, round);
    },
  };
}

function bytesOf(text: string, length: number, field: string): Uint8Array {
  try {
    return fromBase64(text, length);
  } catch (cause) {
    const message = `The ${field} must be ${length} bytes in base64.`;
    throw new PlenaryError("malformed-envelope", message, { field }, { cause });
  }
}
