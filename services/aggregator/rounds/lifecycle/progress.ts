/** Whether a federation took a step, or waits: for the chain, for updates, for audits. */
export type Progress = "stepped" | "waiting";
