import { vectorRootFast } from "@plenary/algorithms";
import { readRound, roundAddress } from "@plenary/chain";
import {
  ENDPOINTS,
  equalBytes,
  fromHex,
  PlenaryError,
  toHex,
  vectorFromBytes,
} from "@plenary/protocol";
import { exportOnnx, exportSafetensors } from "@plenary/training";
import type { FederationContext } from "../access/index.ts";
import { readRoundView } from "../access/index.ts";
import { requireFederation } from "../chain-state/index.ts";

/** File formats of an exported model. */
export const MODEL_FORMATS = ["onnx", "safetensors"] as const;
export type ModelFormat = (typeof MODEL_FORMATS)[number];

type Context = Pick<FederationContext, "client" | "connection" | "program" | "address">;

/**
 * Reads the model after a committed round, by default the last one, in fixed point, checked against
 * its root on chain. Throws `not-found` if the round has no result, and `verification-failed` if
 * the service sends another model.
 */
export async function readModel(
  context: Context,
  round?: bigint,
  signal?: AbortSignal,
): Promise<{ readonly model: Int32Array; readonly root: Uint8Array }> {
  const { blob, root } =
    round === undefined
      ? await lastModel(context, signal)
      : await modelAfter(context, round, signal);
  const model = vectorFromBytes(await context.client.download(fromHex(blob, 32), { signal }));
  const actual = vectorRootFast(model);
  if (equalBytes(actual, root)) return { model, root };
  throw new PlenaryError(
    "verification-failed",
    "The service's model does not have the root that is on chain. Do not use it.",
    { expected: toHex(root), actual: toHex(actual) },
  );
}

/**
 * Encodes a model as a file: `onnx` runs in any ONNX runtime and predicts for one group,
 * `safetensors` holds the parameters.
 */
export function exportModel(
  { predictor }: Pick<FederationContext, "predictor">,
  model: Int32Array,
  format: ModelFormat,
): Uint8Array {
  return format === "onnx"
    ? exportOnnx({ predictor, model })
    : exportSafetensors({ predictor, model });
}

async function lastModel(context: Context, signal: AbortSignal | undefined) {
  const { client, connection, address } = context;
  const params = { federation: address.toBase58() };
  const view = await client.call(ENDPOINTS.federationRead, { params, signal });
  const { lastModelRoot } = await requireFederation({ connection, address });
  return { blob: view.modelBlob, root: lastModelRoot };
}

async function modelAfter(context: Context, number: bigint, signal: AbortSignal | undefined) {
  const round = await readRound(
    context.connection,
    roundAddress(context.program, context.address, number),
  );
  const view = await readRoundView(context, number.toString(), signal);
  const hasResult = round?.status === "committed" || round?.status === "final";
  if (round === null || !hasResult || view === null || view.nextBlob === null)
    throw new PlenaryError(
      "not-found",
      `Round ${number} has no model: it is ${round?.status ?? "not on chain"}.`,
      {
        round: number.toString(),
      },
    );
  return { blob: view.nextBlob, root: round.nextRoot };
}
