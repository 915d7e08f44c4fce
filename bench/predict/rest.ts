import { canonicalJsonBytes, sha256, toBase58, toHex } from "@plenary/protocol";
import type { Dataset } from "@plenary/sdk";
import type { AskedGroup, Predictor } from "@plenary/training";
import { createLog } from "../../services/aggregator/processes/service.ts";
import { trainingEvaluator } from "../../services/aggregator/rounds/lifecycle/evaluator.ts";
import { createApplication } from "../../services/aggregator/routes/application.ts";
import { listenForEvents } from "../../services/aggregator/store/event-signal.ts";
import { foundOn } from "../../services/aggregator/testing/bench/bench-federation.ts";
import { openWorkbench } from "../../services/aggregator/testing/bench/workbench.ts";

/** Groups of one request, which has a limit of bytes. */
const GROUPS_AT_ONCE = 200;
const ENOUGH = 1_000_000;

/** Asks a service with one federation on a data set. */
export interface PredictingService {
  /** Sends the groups in as few requests as fit, or in one request each. */
  ask(groups: readonly AskedGroup[], form: "batched" | "one by one"): Promise<void>;
  close(): Promise<void>;
}

/** The service in this process, on a database of its own; requests go through its HTTP port. */
export async function startPredicting(
  dataset: Dataset,
  predictor: Predictor,
  heldOut: readonly string[],
): Promise<PredictingService> {
  const bench = await openWorkbench();
  const answers = dataset.answersOf(heldOut);
  const [questionnaire, answersBytes] = [dataset.questionnaire, answers].map(canonicalJsonBytes);
  const federation = await foundOn(bench, "predictions", (defaults) => defaults, {
    predictor,
    heldOut: answers,
    questionnaireHash: toHex(sha256(questionnaire!)),
    heldOutHash: toHex(sha256(answersBytes!)),
    blobs: [questionnaire!, answersBytes!, dataset.embeddingBytes],
  });
  const { context } = bench;
  const app = await createApplication({
    context,
    evaluator: trainingEvaluator(context.blobs),
    events: listenForEvents(context.database, () => {}),
    queue: { name: "queue", check: async () => {} },
    logger: createLog("bench", "silent"),
    limits: {
      requestsPerMinute: ENOUGH,
      signedRequestsPerMinute: ENOUGH,
      uploadsPerMinute: ENOUGH,
      predictionsPerMinute: ENOUGH,
    },
    connectionsPerAddress: 10,
    maxBlobBytes: ENOUGH,
  });
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  const url = `${origin}/v1/federations/${toBase58(federation.address)}/predict`;
  return {
    async ask(groups, form) {
      const size = form === "batched" ? GROUPS_AT_ONCE : 1;
      for (let from = 0; from < groups.length; from += size)
        await send(url, groups.slice(from, from + size));
    },
    async close() {
      await app.close();
      await bench.close();
    },
  };
}

/** Groups of one request are asked the same questions. */
async function send(url: string, groups: readonly AskedGroup[]): Promise<void> {
  const body = {
    groups: groups.map(({ context }, index) => ({ id: String(index), answers: context })),
    questions: groups[0]!.questions,
  };
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`The service refused: ${text}`);
}
