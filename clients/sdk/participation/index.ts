export { participate } from "./participate.ts";
export type { Participant, TrainOptions } from "./participation.ts";
export type { ParticipationEvent, TrainedRound } from "./participation-events.ts";
