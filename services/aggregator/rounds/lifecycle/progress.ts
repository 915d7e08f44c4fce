/** Whether a federation took a step, or waits for something that is not there yet. */
export type Progress = "stepped" | "waiting";
