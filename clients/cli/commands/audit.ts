import { memberAddress } from "@plenary/chain";
import { toBase58 } from "@plenary/protocol";
import {
  type AuditVerdict,
  auditMember,
  createPrivately,
  decodeAuditBundle,
  encodeAuditBundle,
  exportAudit,
  readBytes,
  readRoundDraw,
  reportRefusal,
  submitReport,
} from "@plenary/sdk";
import { EXIT } from "../exit-codes.ts";
import {
  configuredAnswers,
  configuredKeypair,
  configuredOwner,
  openConfigured,
  required,
  type Session,
} from "../session.ts";

/**
 * `plenary audit drawn ROUND`: the members that are audited and their auditors, computed from the
 * chain's draw.
 */
export async function auditDrawn(session: Session, round: bigint): Promise<void> {
  const federation = await openConfigured(session);
  const { drawn } = await readRoundDraw(federation, round, session.signal);
  const audits = drawn.map(({ member, auditor }) => ({
    member: toBase58(member),
    auditor: toBase58(auditor),
  }));
  const lines = audits.map(({ member, auditor }) => `${member} by ${auditor}`);
  session.output.say("drawn", lines, { round, audits });
}

/**
 * `plenary audit export FILE --round N`, for a drawn member. Ends with 0 and writes no file if the
 * member was not drawn.
 */
export async function auditExport(
  session: Session,
  file: string,
  { round }: { readonly round: bigint },
): Promise<void> {
  const owner = await configuredOwner(session);
  const state = required(session, "state");
  const federation = await openConfigured(session);
  const answers = await configuredAnswers(session, federation.questionnaire);
  const member = memberAddress(federation.program, federation.address, owner);
  const exported = await exportAudit(federation, {
    round,
    member,
    answers,
    state,
    signal: session.signal,
  });
  if (exported === null) {
    session.output.say("not-drawn", `round ${round} does not audit this member`, { round });
    return;
  }
  const { auditor, segments, bundle } = exported;
  // The bundle holds answers. It is for its owner only, and never replaces another file.
  await createPrivately(file, encodeAuditBundle(bundle));
  session.output.say(
    "exported",
    `${file} holds your answers and the checkpoints of segments ${segments.join(", ")}: give it to the auditor ${auditor}, and to no one else`,
    { round, file, auditor, segments },
  );
}

export interface AuditRunFlags {
  readonly engine?: "native" | "wasm";
  readonly dryRun?: boolean;
}

/** `plenary audit run BUNDLE`, for the drawn auditor. Ends with 5 if the audit fails. */
export async function auditRun(
  session: Session,
  file: string,
  flags: AuditRunFlags,
): Promise<number> {
  const auditor = await configuredKeypair(session);
  const federation = await openConfigured(session);
  const bundle = decodeAuditBundle(await readBytes(file, "the audit bundle"));
  const options = { engine: flags.engine, signal: session.signal };
  const verdict = await auditMember(federation, bundle, auditor, options);
  if (!flags.dryRun) await submitReport(federation, verdict, session.signal);
  say(session, verdict, !flags.dryRun);
  return verdict.finding.outcome === "passed" ? EXIT.done : EXIT.verification;
}

/**
 * `plenary audit refused MEMBER --round N`, for the drawn auditor of a member that showed nothing.
 */
export async function auditRefused(
  session: Session,
  member: string,
  { round }: { readonly round: bigint },
): Promise<void> {
  const auditor = await configuredKeypair(session);
  const federation = await openConfigured(session);
  const verdict = await reportRefusal(federation, round, member, auditor, session.signal);
  await submitReport(federation, verdict, session.signal);
  say(session, verdict, true);
}

function say(
  session: Session,
  { round, member, segments, finding }: AuditVerdict,
  reported: boolean,
): void {
  const { outcome, checkpoint, text } = finding;
  session.output.say("audited", `${member}, round ${round}: ${outcome}. ${text}`, {
    round,
    member,
    segments,
    outcome,
    checkpoint,
    text,
    reported,
  });
}
