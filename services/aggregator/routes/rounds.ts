import {
  ENVELOPE_HEADER,
  ENVELOPE_LENGTH,
  fromBase58,
  fromBase64,
  PlenaryError,
  SIGNATURE_HEADER,
  SIGNATURE_LENGTH,
  toBase58,
} from "@plenary/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Context } from "../rounds/context.ts";
import { findFederation, findRound } from "../rounds/lookup.ts";
import type { Upload } from "../rounds/updates/admit.ts";
import { submitUpdate, type UploadBody } from "../rounds/updates/submit.ts";
import { listRounds } from "../rounds/views/round-list.ts";
import { viewRound } from "../rounds/views/view-round.ts";
import { viewEquivocation, viewReceipt, viewUpdate } from "../rounds/views/view-update.ts";
import type { Round } from "../store/rounds.ts";
import { streamOf } from "./bodies.ts";
import type { Handlers } from "./mount.ts";
import type { ReaderAccess } from "./reader-access.ts";
import type { SignedRequests } from "./signed.ts";

type RoundHandlers = Pick<
  Handlers,
  | "roundList"
  | "roundRead"
  | "updateSubmit"
  | "updateList"
  | "updateRead"
  | "manifestRead"
  | "equivocationList"
>;

const DEFAULT_LIMIT = 50;

interface RoundCall {
  readonly params: { readonly federation: string; readonly round: string };
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export function roundHandlers(
  context: Context,
  { limits }: SignedRequests,
  { admit }: ReaderAccess,
): RoundHandlers {
  const { store, blobs } = context;
  const lookUp = async ({ params, request, reply }: RoundCall) => {
    const federation = await findFederation(context, params.federation);
    await admit(request, reply, federation);
    return { federation, round: await findRound(context, federation.address, params.round) };
  };
  return {
    roundList: async ({ params, query, request, reply }) => {
      const federation = await findFederation(context, params.federation);
      await admit(request, reply, federation);
      const before = query.before === undefined ? undefined : BigInt(query.before);
      const limit = query.limit ?? DEFAULT_LIMIT;
      return { rounds: await listRounds(context, federation, before, limit) };
    },
    roundRead: async (call) => {
      const { federation, round } = await lookUp(call);
      return viewRound(context, federation, round);
    },
    updateSubmit: async ({ params, request }) => {
      const upload = uploadOf(params, request);
      const limit = (member: Uint8Array) => limits.upload(request, toBase58(member));
      const submitted = await submitUpdate(context, upload, uploadBodyOf(request), limit);
      return viewReceipt(submitted.federation, submitted.update);
    },
    updateList: async (call) => {
      const { round } = await lookUp(call);
      const rows = await store.updates.all(round);
      return { updates: rows.map((row) => viewUpdate(round, row)) };
    },
    updateRead: async (call) => {
      const { params } = call;
      const { federation, round } = await lookUp(call);
      const row = await store.updates.standingOf(round, fromBase58(params.member));
      if (row === undefined) throw noUpdate(params.member, round);
      return { update: viewUpdate(round, row), receipt: viewReceipt(federation, row) };
    },
    manifestRead: async (call) => {
      const { reply } = call;
      const { round } = await lookUp(call);
      if (round.computed === null || round.state === "void") throw noManifest(round);
      return sendJsonBytes(reply, await blobs.read(round.computed.commitment.manifestHash));
    },
    equivocationList: async (call) => {
      const { round } = await lookUp(call);
      return { equivocations: (await store.updates.equivocations(round)).map(viewEquivocation) };
    },
  };
}

function noUpdate(member: string, { number }: Round): PlenaryError {
  return new PlenaryError("not-found", `${member} has no update in round ${number}.`, {
    member,
    round: number.toString(),
  });
}

function noManifest({ number, state }: Round): PlenaryError {
  return new PlenaryError("not-found", `Round ${number} has no manifest: it is ${state}.`, {
    round: number.toString(),
    state,
  });
}

function uploadOf({ federation, round }: RoundCall["params"], request: FastifyRequest): Upload {
  return {
    federation,
    round,
    envelope: readHeader(request, ENVELOPE_HEADER, ENVELOPE_LENGTH, "malformed-envelope"),
    signature: readHeader(request, SIGNATURE_HEADER, SIGNATURE_LENGTH, "signature-invalid"),
  };
}

function uploadBodyOf(request: FastifyRequest): UploadBody {
  const declared = request.headers["content-length"];
  return {
    declaredLength: declared === undefined ? undefined : Number(declared),
    open: () => streamOf(request),
  };
}

function readHeader(
  request: FastifyRequest,
  name: string,
  length: number,
  code: "malformed-envelope" | "signature-invalid",
): Uint8Array {
  const text = request.headers[name];
  try {
    if (typeof text === "string") return fromBase64(text, length);
  } catch (cause) {
    throw missing(name, length, code, cause);
  }
  throw missing(name, length, code, undefined);
}

function missing(
  name: string,
  length: number,
  code: "malformed-envelope" | "signature-invalid",
  cause: unknown,
): PlenaryError {
  const message = `The header ${name} must hold ${length} bytes in base64.`;
  return new PlenaryError(code, message, { field: name }, { cause });
}

/** A manifest is sent as the bytes that were hashed. */
function sendJsonBytes(reply: FastifyReply, bytes: Uint8Array): never {
  reply.type("application/json; charset=utf-8").send(bytes);
  return reply as never;
}
