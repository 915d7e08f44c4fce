import type { FederationConfiguration, SignedQuestionnaireVersion } from "@plenary/protocol";
import { toBase58, toBase64, toHex } from "@plenary/protocol";
import type { FederationRow } from "../../store/federations.ts";
import type { QuestionnaireRow } from "../../store/questionnaires.ts";
import type { Round } from "../../store/rounds.ts";
import type { Context } from "../context.ts";

/** A stored version in the form in which rounds and manifests carry it. */
export function signedVersion(row: QuestionnaireRow): SignedQuestionnaireVersion {
  return {
    message: toBase64(row.message),
    signature: toBase64(row.signature),
    authority: toBase58(row.authority),
  };
}

/** The version that a round is trained on; undefined where it is the configuration's. */
export async function questionnaireOf(
  { store }: Pick<Context, "store">,
  { federation, questionnaire }: Pick<Round, "federation" | "questionnaire">,
): Promise<QuestionnaireRow | undefined> {
  return questionnaire === null ? undefined : store.questionnaires.find(federation, questionnaire);
}

/** The configuration as an evaluator takes it: with the round's questionnaire. */
export async function evaluatedConfiguration(
  context: Pick<Context, "store">,
  { configuration }: Pick<FederationRow, "configuration">,
  round: Pick<Round, "federation" | "questionnaire">,
): Promise<FederationConfiguration> {
  return withQuestionnaire(configuration, await questionnaireOf(context, round));
}

export function withQuestionnaire(
  configuration: FederationConfiguration,
  version: Pick<QuestionnaireRow, "hash"> | undefined,
): FederationConfiguration {
  return version === undefined
    ? configuration
    : { ...configuration, questionnaire: toHex(version.hash) };
}
