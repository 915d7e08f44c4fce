import { PlenaryError } from "@plenary/protocol";
import type { FastifyRequest } from "fastify";
import type { Context } from "../rounds/context.ts";
import { findFederation } from "../rounds/lookup.ts";
import { predictFor } from "../rounds/predictions/predict.ts";
import type { PredictionFormat, PredictionPool } from "../rounds/predictions/prediction-pool.ts";
import type { Gate, Handlers } from "./mount.ts";
import type { ReaderAccess } from "./reader-access.ts";
import type { SignedRequests } from "./signed.ts";

/** Decides whether a caller may ask, before the answers in its request are read. */
export function predictionGate(
  context: Context,
  { limits }: SignedRequests,
  { admit }: ReaderAccess,
): Gate {
  return async (request, reply) => {
    reply.header("cache-control", "no-store");
    await limits.prediction(request);
    const { federation = "" } = request.params as { readonly federation?: string };
    await admit(request, reply, await findFederation(context, federation));
  };
}

export function predictionHandlers(
  context: Context,
  pool: PredictionPool,
): Pick<Handlers, "predictionCreate"> {
  return {
    predictionCreate: async ({ params, body, request, reply }) => {
      const format = formatOf(request);
      const federation = await findFederation(context, params.federation);
      const bytes = await predictFor(context, pool, federation, body, format);
      const type = format === "csv" ? "text/csv" : "application/json";
      reply.type(`${type}; charset=utf-8`).send(bytes);
      return reply as never;
    },
  };
}

/** CSV where a client names it and not JSON. Throws `invalid-input` if it takes neither. */
function formatOf({ headers }: FastifyRequest): PredictionFormat {
  const accepted = headers.accept ?? "*/*";
  if (/application\/(json|\*)|\*\/\*/.test(accepted)) return "json";
  if (/text\/(csv|\*)/.test(accepted)) return "csv";
  throw new PlenaryError(
    "invalid-input",
    "Predictions come as application/json or text/csv: name one in the header accept.",
    { field: "accept" },
  );
}
