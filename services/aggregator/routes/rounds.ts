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
import { submitUpdate, type UploadBody } from "../rounds/updates/submit.ts";
import { listRounds } from "../rounds/views/round-list.ts";
import { viewRound } from "../rounds/views/view-round.ts";
import { viewEquivocation, viewReceipt, viewUpdate } from "../rounds/views/view-update.ts";
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
      const upload = {
        federation: params.federation,
        round: params.round,
        envelope: readHeader(request, ENVELOPE_HEADER, ENVELOPE_LENGTH, "malformed-envelope"),
        signature: readHeader(request, SIGNATURE_HEADER, SIGNATURE_LENGTH, "signature-invalid"),
      };
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
      if (row !== undefined)
        return { update: viewUpdate(round, row), receipt: viewReceipt(federation, row) };
      throw new PlenaryError(
        "not-found",
        `${params.member} has no update in round ${round.number}.`,
        {
          member: params.member,
          round: round.number.toString(),
        },
      );
    },
    manifestRead: async (call) => {
      const { reply } = call;
      const { round } = await lookUp(call);
      if (round.computed === null || round.state === "void")
        throw new PlenaryError(
          "not-found",
          `Round ${round.number} has no manifest: it is ${round.state}.`,
          {
            round: round.number.toString(),
            state: round.state,
          },
        );
      return sendJsonBytes(reply, await blobs.read(round.computed.commitment.manifestHash));
    },
    equivocationList: async (call) => {
      const { round } = await lookUp(call);
      return { equivocations: (await store.updates.equivocations(round)).map(viewEquivocation) };
    },
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
