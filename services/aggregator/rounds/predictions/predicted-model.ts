import { type FederationConfiguration, PlenaryError, toHex } from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { Context } from "../context.ts";
import { evaluatedConfiguration } from "../federations/questionnaire.ts";
import { FALL_MARGIN } from "../lifecycle/falling.ts";
import { findRound } from "../lookup.ts";

/** The model that predicts: whose it is, and why. */
export interface PredictedModel {
  readonly round: bigint;
  readonly why: string;
  readonly root: Uint8Array;
  readonly blob: Uint8Array;
  /** With the questionnaire of its round. */
  readonly configuration: FederationConfiguration;
}

/** The model after a round, by its number, "last" or "chosen". Throws `not-found`. */
export async function findPredictedModel(
  context: Context,
  federation: FederationRow,
  which: string,
): Promise<PredictedModel> {
  const chosen =
    which === "chosen"
      ? await context.store.rounds.chosen(federation.address, FALL_MARGIN)
      : undefined;
  if (chosen !== undefined)
    return modelAfter(context, federation, chosen.number, "the best on held-out groups");
  if (which !== "chosen" && which !== "last")
    return modelAfter(context, federation, BigInt(which), "as asked");
  const why = which === "last" ? "the last, as asked" : "the last: no round was evaluated";
  const { last_committed_round: last, model_root: root, model_blob: blob } = federation;
  if (last > 0n) return modelAfter(context, federation, last, why);
  return { round: last, why, root, blob, configuration: federation.configuration };
}

async function modelAfter(
  context: Context,
  federation: FederationRow,
  number: bigint,
  why: string,
): Promise<PredictedModel> {
  const round = await findRound(context, federation.address, number.toString());
  const { computed, state } = round;
  if (computed === null || (state !== "committed" && state !== "final"))
    throw new PlenaryError("not-found", `Round ${number} has no model: it is ${state}.`, {
      round: number.toString(),
      state,
    });
  return {
    round: number,
    why,
    root: computed.commitment.nextRoot,
    blob: computed.nextBlob,
    configuration: await evaluatedConfiguration(context, federation, round),
  };
}

/** What tells two models with their predictors apart. */
export function keyOf({ blob, configuration }: PredictedModel): string {
  return JSON.stringify([toHex(blob), configuration.questionnaire, configuration.predictor]);
}
