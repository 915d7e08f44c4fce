import { type OmissionProof, parseOmissionProof } from "@plenary/algorithms";
import {
  checkEquivocation,
  decodeReceipt,
  fromBase64,
  parseEquivocation,
  toBase58,
} from "@plenary/protocol";
import {
  type ChainContext,
  checkOmissionProof,
  omissionOf,
  openChainContext,
  openVerifier,
  readReceipt,
  reportEquivocation,
  submitOmission,
} from "@plenary/sdk";
import type { Keypair } from "@solana/web3.js";
import { readJson, writeJson } from "../json-file.ts";
import { disputeFields, disputeLine } from "../output/index.ts";
import { configuredKeypair, keypairIfAny, required, type Session } from "../session.ts";
import { tokensOf } from "../tokens.ts";

export interface ProveOmissionFlags {
  readonly blobs?: string;
  readonly submit?: boolean;
}

/** `plenary prove-omission N FILE` */
export async function proveOmission(
  session: Session,
  round: bigint,
  file: string,
  { blobs, submit = false }: ProveOmissionFlags,
): Promise<void> {
  const { output, signal, settings } = session;
  const keypair = submit ? await configuredKeypair(session) : await keypairIfAny(session);
  const receipt = await readReceipt(required(session, "state"), round);
  const verifier = await openVerifier({
    ...settings,
    keypair,
    rpc: required(session, "rpc"),
    blobs,
    signal,
  });
  const proof = await omissionOf(verifier, receipt);
  await writeJson(file, proof);
  const text = await checkOmissionProof(verifier, proof);
  output.say("omission-proved", `${file}: ${text}`, { file, round, text });
  if (submit && keypair !== undefined) await proveOnChain(session, verifier, keypair, proof);
}

async function proveOnChain(
  { output, signal }: Session,
  onChain: ChainContext,
  challenger: Keypair,
  proof: OmissionProof,
): Promise<void> {
  const tokens = await tokensOf(onChain);
  await submitOmission(onChain, {
    challenger,
    proof,
    signal,
    onEvent: (event) =>
      output.say(event.type, disputeLine(event, tokens), disputeFields(event, tokens)),
  });
}

export interface CheckOmissionFlags {
  readonly submit?: boolean;
}

/**
 * `plenary check-omission FILE`. Chain and file are enough, even to prove the omission on chain.
 */
export async function checkOmission(
  session: Session,
  file: string,
  { submit = false }: CheckOmissionFlags,
): Promise<void> {
  const keypair = submit ? await configuredKeypair(session) : undefined;
  const proof = parseOmissionProof(await readJson(file, "the proof"));
  const { federation, round, programId } = decodeReceipt(fromBase64(proof.receipt));
  const onChain = await openChainContext({
    rpc: required(session, "rpc"),
    federation: toBase58(federation),
    program: session.settings.program ?? toBase58(programId),
  });
  const text = await checkOmissionProof(onChain, proof);
  session.output.say("omission-checked", text, { round, text });
  if (keypair !== undefined) await proveOnChain(session, onChain, keypair, proof);
}

/** `plenary report-equivocation FILE` */
export async function equivocationReport(session: Session, file: string): Promise<void> {
  const evidence = parseEquivocation(await readJson(file, "the proof"));
  const { federation, programId } = checkEquivocation(evidence);
  const reporter = await configuredKeypair(session);
  const onChain = await openChainContext({
    rpc: required(session, "rpc"),
    federation: toBase58(federation),
    program: session.settings.program ?? toBase58(programId),
  });
  const { member, round, sequence, transaction } = await reportEquivocation(
    onChain,
    reporter,
    evidence,
    session.signal,
  );
  session.output.say(
    "equivocation-reported",
    `${member.toBase58()} signed two updates ${sequence} for round ${round}: its stake is taken, half of it for you, in transaction ${transaction}`,
    { member: member.toBase58(), round, sequence, transaction },
  );
}
