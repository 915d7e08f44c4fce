/** A thread of `sparse-data`: runs the cases that it is given, one after another. */
import { parentPort } from "node:worker_threads";
import { type Dataset, loadDataset } from "@plenary/sdk";
import { openEngine } from "@plenary/training";
import type { Case } from "./cases.ts";
import { federate } from "./federate.ts";

const port = parentPort!;
const engine = await openEngine("native");
const datasets = new Map<string, Promise<Dataset>>();
let last: Promise<void> = Promise.resolve();

port.on("message", (tried: Case | null) => {
  last = last.then(async () => {
    if (tried === null) {
      await engine.close();
      port.close();
      return;
    }
    const dataset = datasets.get(tried.dataset) ?? loadDataset(tried.dataset);
    datasets.set(tried.dataset, dataset);
    port.postMessage(await federate(tried, await dataset, engine));
  });
});
