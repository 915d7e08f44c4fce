import {
  type FederationConfiguration,
  fromHex,
  HexHash,
  parserOf,
  toBase58,
} from "@plenary/protocol";
import Type from "typebox";
import type { FederationRow } from "../../store/federations.ts";
import type { Context } from "../context.ts";

/** The part of a questionnaire that names another blob. */
const parse = parserOf(
  Type.Object({ embeddings: Type.Object({ blob: HexHash }) }),
  "Questionnaire",
);

export interface NamedBlob {
  /** The field of the configuration that names it. */
  readonly field: string;
  /** Lowercase hexadecimal. */
  readonly hash: string;
}

/**
 * Every blob that a configuration names, itself or by its questionnaire. Throws `not-found` if the
 * service does not have the questionnaire.
 */
export async function configurationBlobs(
  { blobs }: Pick<Context, "blobs">,
  configuration: FederationConfiguration,
): Promise<NamedBlob[]> {
  const { questionnaire, initialModel, heldOut, contribution } = configuration;
  const named = [
    { field: "questionnaire", hash: questionnaire },
    { field: "initialModel", hash: initialModel },
  ];
  if (heldOut !== null) named.push({ field: "heldOut", hash: heldOut });
  if (typeof contribution.heldOut === "string")
    named.push({ field: "contribution.heldOut", hash: contribution.heldOut });
  const embeddings = embeddingsOf(await blobs.read(fromHex(questionnaire, 32)));
  if (embeddings !== undefined) named.push({ field: "questionnaire.embeddings", hash: embeddings });
  return named;
}

/** A federation that runs no predictor needs no real questionnaire. */
function embeddingsOf(questionnaire: Uint8Array): string | undefined {
  try {
    return parse(JSON.parse(new TextDecoder().decode(questionnaire))).embeddings.blob;
  } catch {
    return undefined;
  }
}

/**
 * Writes down the references of federations that were registered by a version that did not keep
 * them.
 */
export async function recordOlderReferences(context: Context): Promise<void> {
  const { store, log } = context;
  for (const federation of await store.blobReferences.withoutReferences())
    try {
      await store.blobReferences.refer(federation.address, await referencesOf(context, federation));
    } catch (error) {
      log.warn(
        { err: error, federation: toBase58(federation.address) },
        "its blobs cannot be read by anybody",
      );
    }
}

/** Blobs that a federation refers to outside its rounds. */
async function referencesOf(context: Context, federation: FederationRow): Promise<Uint8Array[]> {
  const named = await configurationBlobs(context, federation.configuration);
  const hashes = named.map(({ hash }) => fromHex(hash, 32));
  return [...hashes, federation.configuration_hash, federation.state_blob];
}
