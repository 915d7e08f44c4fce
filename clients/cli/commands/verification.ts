import type { Finding, SignedReceipt } from "@plenary/algorithms";
import { PlenaryError } from "@plenary/protocol";
import {
  disputeFinding,
  type OwnUpdate,
  openVerifier,
  type RoundVerification,
  readReceipt,
  type Verifier,
  verifyRound,
} from "@plenary/sdk";
import { EXIT } from "../exit-codes.ts";
import { disputeFields, disputeLine, proveOmissionText, roundRulesLine } from "../output/index.ts";
import { configuredKeypair, keypairIfAny, required, type Session } from "../session.ts";
import { tokensOf } from "../tokens.ts";

export interface VerifyFlags {
  readonly blobs?: string;
  readonly dispute?: boolean;
}

/** `plenary verify N`. With a member's state folder it also looks for the member's own update. */
export async function verify(
  session: Session,
  number: bigint,
  { blobs, dispute = false }: VerifyFlags,
): Promise<number> {
  const { output, signal, settings } = session;
  // A keypair that cannot be read is found out before a long computation.
  const keypair = dispute ? await configuredKeypair(session) : await keypairIfAny(session);
  const verifier = await openVerifier({
    ...settings,
    keypair,
    rpc: required(session, "rpc"),
    blobs,
    signal,
  });
  const receipt =
    settings.state === undefined ? undefined : await receiptIfAny(settings.state, number);
  const verification = await verifyRound(verifier, number, {
    receipt,
    signal,
    onProgress: (progress) => output.verification(number, progress),
  });
  output.say("round-verified", linesOf(verification), { ...verification });
  const { provable, valid, ownUpdate } = verification;
  if (dispute && provable !== null) await prove(session, verifier, number, provable);
  return valid && ownUpdate?.standing !== "omitted" ? EXIT.done : EXIT.verification;
}

/** A state folder without a receipt for the round has nothing to compare. */
async function receiptIfAny(state: string, round: bigint): Promise<SignedReceipt | undefined> {
  try {
    return await readReceipt(state, round);
  } catch (error) {
    if (error instanceof PlenaryError && error.code === "not-found") return undefined;
    throw error;
  }
}

async function prove(
  session: Session,
  verifier: Verifier,
  round: bigint,
  proof: Finding,
): Promise<void> {
  const { output, signal } = session;
  const tokens = await tokensOf(verifier);
  await disputeFinding(verifier, {
    challenger: await configuredKeypair(session),
    round,
    proof,
    signal,
    onEvent: (event) =>
      output.say(event.type, disputeLine(event, tokens), disputeFields(event, tokens)),
  });
}

function linesOf({
  round,
  finding,
  provable,
  comparisons,
  counted,
  refused,
  uncheckedKeys,
  ownUpdate,
  rules,
}: RoundVerification): string[] {
  const lines = comparisons.map(
    ({ field, chain, computed, equal }) =>
      `${equal ? "equal    " : "DIFFERENT"}  ${field.padEnd(18)}  ${chain}${equal ? "" : ` on chain, ${computed} computed`}`,
  );
  lines.push(roundRulesLine(rules));
  if (uncheckedKeys > 0)
    lines.push(`${uncheckedKeys} signing keys are no longer on chain and were not checked`);
  if (finding === null)
    lines.push(`round ${round} is right: ${counted} updates counted, ${refused} refused`);
  else lines.push(`round ${round} is wrong: ${finding.text}`);
  if (ownUpdate !== null) lines.push(ownUpdateLine(round, ownUpdate));
  if (finding?.kind === "not-provable") lines.push(`no dispute proves this. ${finding.why}`);
  if (provable !== null && provable !== finding)
    lines.push(`and, provable on chain: ${provable.text}`);
  return lines;
}

function ownUpdateLine(round: bigint, { standing, index, reason }: OwnUpdate): string {
  switch (standing) {
    case "counted":
      return `your update is leaf ${index}, counted`;
    case "refused":
      return `your update is leaf ${index}, refused: ${reason}`;
    case "omitted":
      return `your update was left out. ${reason} ${proveOmissionText(round)}`;
  }
}
