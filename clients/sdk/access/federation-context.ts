import { PlenaryError } from "@plenary/protocol";
import type { Remedy } from "../remedy.ts";
import {
  type FederationAccess,
  type OpenFederationOptions,
  openAccess,
} from "./federation-access.ts";
import { type FederationQuestions, readQuestions } from "./questionnaire.ts";
import { readFederationView } from "./round-reads.ts";

/**
 * Adds the newest questionnaire and what is made from it. Every operation except joining and
 * claiming works on it.
 */
export interface FederationContext extends FederationAccess, FederationQuestions {}

/**
 * Opens a federation as `openAccess` does, then reads its newest questionnaire and the embeddings
 * that it names. Also throws `verification-failed`; for a private federation, `invalid-input`
 * without a keypair and `not-found` with one that may not read it.
 */
export async function openContext(options: OpenFederationOptions): Promise<FederationContext> {
  const { signal, keypair } = options;
  const access = await openAccess(options);
  const { configuration } = access;
  if (configuration.visibility === "private" && keypair === undefined)
    throw new PlenaryError(
      "invalid-input",
      "This federation is private: give the keypair of a member or of its authority, because its readers sign.",
      {
        field: "keypair",
        federation: access.address.toBase58(),
        remedy: "give-keypair" satisfies Remedy,
      },
    );
  const view = await readFederationView(access, signal);
  return { ...access, ...(await readQuestions(access, view.questionnaire, signal)) };
}
