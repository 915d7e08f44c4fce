/**
 * A process that trains until SIGTERM, and then ends as it is told.
 * usage: training-loop.ts exit|throw|abort              prints "training" after its first step
 */
import { loadSurvey } from "../fixtures/survey.ts";
import {
  createPredictor,
  DEFAULT_PREDICTOR,
  DEFAULT_TRAINING,
  openTrainingWorker,
  TrainingError,
} from "../index.ts";

const [way = ""] = process.argv.slice(2);
const { questionnaire, embeddings, answersOf } = await loadSurvey();
const predictor = createPredictor(DEFAULT_PREDICTOR.tilt, questionnaire, embeddings);
const controller = new AbortController();

process.on("SIGTERM", () => {
  if (way === "exit") process.exit();
  if (way === "throw") throw new Error("nobody handles this");
  controller.abort();
});

const worker = openTrainingWorker(predictor, "native");
try {
  await worker.train({
    training: { ...DEFAULT_TRAINING.tilt, localSteps: 1_000_000 },
    base: predictor.initialParameters(1),
    answers: answersOf([0, 5]),
    round: 1,
    seed: 9,
    signal: controller.signal,
    onProgress: ({ step }) => {
      if (step === 1) process.stdout.write("training\n");
    },
  });
} catch (error) {
  if (!(error instanceof TrainingError) || error.code !== "aborted") throw error;
}
await worker.close();
