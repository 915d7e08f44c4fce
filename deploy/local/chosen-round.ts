import { ENDPOINTS } from "@plenary/protocol";
import type { ServiceClient } from "@plenary/sdk";
import { measureTrainingMean } from "@plenary/training";
import type { RunPlan } from "./plan-federation.ts";
import type { Report } from "./report.ts";

/**
 * The round that the service has chosen, with what the unseen groups say of it that did not choose,
 * and the group mean, which only this machine can measure: it has all members' answers.
 */
export async function readChosen(
  service: ServiceClient,
  federation: string,
  { questionnaire, training, unseen }: RunPlan,
): Promise<Pick<Report, "chosen" | "fallingRounds">> {
  const view = await service.call(ENDPOINTS.federationRead, { params: { federation } });
  const { chosenRound, fallingRounds } = view;
  if (chosenRound === null) return { chosen: null, fallingRounds };
  const params = { federation, round: chosenRound };
  const { evaluation } = await service.call(ENDPOINTS.roundRead, { params });
  const reporting = evaluation?.halves?.reporting;
  if (reporting === undefined || reporting.trained === null) return { chosen: null, fallingRounds };
  const groups = unseen.groups.filter(({ id }) => reporting.groups.includes(id));
  const groupMean = measureTrainingMean(questionnaire, training, { ...unseen, groups });
  const chosen = {
    round: Number(chosenRound),
    groups: reporting.groups,
    scores: reporting.trained,
    groupMean,
  };
  return { chosen, fallingRounds };
}
