import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { after, before, describe, test } from "node:test";
import {
  ErrorBody,
  type FederationConfiguration,
  isErrorCode,
  PredictionResponse,
  parserOf,
  toBase58,
  toBase64,
} from "@plenary/protocol";
import { openEngine, predict } from "@plenary/training";
import fc from "fast-check";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { trainingEvaluator } from "../rounds/lifecycle/evaluator.ts";
import { listenForEvents } from "../store/event-signal.ts";
import { testSurvey } from "../testing/actors/survey.ts";
import { type BenchFederation, foundOn } from "../testing/bench/bench-federation.ts";
import { openWorkbench, type Workbench } from "../testing/bench/workbench.ts";
import { createApplication } from "./application.ts";

const SURVEY = testSurvey();
const FUZZ_RUNS = 120;
const PREDICTIONS_PER_MINUTE = 400;
/** Texts that no log may hold. */
const SECRET = "secret-group-of-the-request";
const parseResponse = parserOf(PredictionResponse, "Predictions");
const parseError = parserOf(ErrorBody, "Error");

const answers = SURVEY.heldOut.groups[0]!.answers.slice(0, 3);
const BODY = { groups: [{ id: SECRET, answers }] };

describe("predictions over REST", () => {
  let bench: Workbench;
  let app: FastifyInstance;
  let open: BenchFederation;
  let closed: BenchFederation;
  const log: string[] = [];

  before(async () => {
    bench = await openWorkbench();
    open = await founded("open", undefined);
    closed = await founded("closed", "private");
    const { context } = bench;
    const stream = new Writable({
      write(chunk, _encoding, done) {
        log.push(String(chunk));
        done();
      },
    });
    app = await createApplication({
      context,
      evaluator: trainingEvaluator(context.blobs),
      events: listenForEvents(context.database, () => {}),
      queue: { name: "queue", check: async () => {} },
      logger: pino({ level: "trace" }, stream),
      limits: {
        requestsPerMinute: 100_000,
        signedRequestsPerMinute: 1_000,
        uploadsPerMinute: 1_000,
        predictionsPerMinute: PREDICTIONS_PER_MINUTE,
      },
      connectionsPerAddress: 100,
      maxBlobBytes: 1_000,
    });
    await app.ready();
  });
  after(async () => {
    await app.close();
    await bench.close();
  });

  /** A federation after one evaluated round. */
  async function founded(name: string, visibility: "private" | undefined) {
    const change = (defaults: FederationConfiguration) => ({
      ...defaults,
      ...(visibility && { visibility }),
      rounds: { ...defaults.rounds, total: 1 },
    });
    const federation = await foundOn(bench, name, change, SURVEY);
    const work = async () => {
      const worker = bench.worker();
      for (let job = bench.asked.shift(); job !== undefined; job = bench.asked.shift())
        await bench.run(worker, job);
    };
    await work();
    for (const place of [0, 1, 2]) await federation.upload(1n, await federation.update(1n, place));
    await work();
    return federation;
  }

  async function ask(body: unknown, headers: Record<string, string> = {}, federation = open) {
    return app.inject({
      method: "POST",
      url: `/v1/federations/${toBase58(federation.address)}/predict`,
      headers: { "content-type": "application/json", ...headers },
      payload: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  const codeOf = (payload: string) => parseError(JSON.parse(payload)).error.code;

  test("the answer has the chosen round's shares, as the SDK predicts them, with intervals", async () => {
    const response = await ask(BODY);
    assert.equal(response.statusCode, 200, response.payload);
    assert.equal(response.headers["cache-control"], "no-store");
    const answer = parseResponse(JSON.parse(response.payload));
    assert.deepEqual([answer.round, answer.why], ["1", "the best on held-out groups"]);
    const round = await bench.context.store.rounds.find({ federation: open.address, number: 1n });
    const model = await bench.worker().tools.models.load(round!.computed!.nextBlob);
    const engine = await openEngine("wasm");
    const questions = ["q3", "q4", "q5", "q6", "q7"];
    const { predictor } = SURVEY;
    const expected = await predict({ predictor, model, context: answers, questions, engine });
    await engine.close();
    const [group] = answer.groups;
    assert.deepEqual(
      group?.predictions.map(({ question }) => question),
      questions,
    );
    group?.predictions.forEach(({ shares, low, high }, index) => {
      shares.forEach((share, option) => {
        assert.ok(Math.abs(share - expected[index]!.shares[option]!) < 1e-5);
        assert.ok(low !== null && high !== null && low[option]! <= share && share <= high[option]!);
      });
    });
    assert.ok(answer.intervals.some(({ questions: kind }) => kind === "known"));
    for (const { coverage, groups } of answer.intervals)
      assert.ok(coverage >= 0 && coverage <= 1 && groups === 1);
  });

  test("CSV on request; a new question by its embeddings; the last round; another level", async () => {
    const embeddings = toBase64(
      new Uint8Array(Float32Array.from({ length: 2 * 4 }, (_, i) => Math.sin(i)).buffer),
    );
    const body = { ...BODY, newQuestions: [{ options: 2, embeddings }], round: "last", level: 0.5 };
    const csv = await ask(body, { accept: "text/csv" });
    assert.match(csv.headers["content-type"]?.toString() ?? "", /^text\/csv/);
    const lines = csv.payload.trimEnd().split("\r\n");
    assert.equal(lines.length, 3);
    assert.match(lines[1] ?? "", new RegExp(`^${SECRET},new 0,new,0,0\\.\\d+,`));
    const short = { ...body, newQuestions: [{ options: 3, embeddings }] };
    assert.equal(codeOf((await ask(short)).payload), "invalid-input");
    assert.equal((await ask({ ...BODY, round: "7" })).statusCode, 404);
  });

  test("a private federation predicts for its readers only", async () => {
    const refused = await ask(BODY, {}, closed);
    assert.equal(refused.statusCode, 401);
    assert.equal(codeOf(refused.payload), "signature-invalid");
  });

  test("what is wrong is named: questions, counts, sizes and forms", async () => {
    const wrong: readonly (readonly [unknown, string])[] = [
      [{ groups: [] }, "invalid-input"],
      [{ groups: [{ id: "g", answers: [] }] }, "invalid-input"],
      [
        { groups: [{ id: "g", answers: [{ question: "nosuch", counts: [1, 2] }] }] },
        "answers-invalid",
      ],
      [{ groups: [{ id: "g", answers: [{ question: "q1", counts: [1, 2] }] }] }, "answers-invalid"],
      [
        { groups: [{ id: "g", answers: [{ question: "q1", counts: [0, 0, 0] }] }] },
        "answers-invalid",
      ],
      [{ ...BODY, questions: ["nosuch"] }, "invalid-input"],
      [{ ...BODY, level: 1 }, "invalid-input"],
      [{ ...BODY, groups: [...BODY.groups, ...BODY.groups] }, "answers-invalid"],
      [{ ...BODY, questions: new Array(1_001).fill("q5") }, "invalid-input"],
      ["{", "invalid-input"],
      ['{"groups":[],"__proto__":{}}', "invalid-input"],
      ['{"groups":[],"\\u005f_proto__":{}}', "invalid-input"],
    ];
    for (const [body, code] of wrong) {
      const { statusCode, payload } = await ask(body);
      assert.equal(codeOf(payload), code, `${JSON.stringify(body).slice(0, 100)}: ${payload}`);
      assert.ok(statusCode < 500);
    }
    const many = Array.from({ length: 60 }, (_, i) => ({ id: `g${i}`, answers }));
    const large = await ask({ groups: many, questions: new Array(200).fill("q5") });
    assert.equal(codeOf(large.payload), "payload-too-large", large.payload);
    assert.equal((await ask(BODY, { accept: "image/png" })).statusCode, 400);
  });

  test("any JSON gets an answer or a refusal with a code, never a failure", async () => {
    const ids = fc.constantFrom("q0", "q1", "q7", "new 0", "");
    const body = fc.record(
      {
        groups: fc.array(
          fc.record({
            id: fc.constantFrom("a", "b", SECRET),
            answers: fc.array(
              fc.record({
                question: ids,
                counts: fc.array(fc.constantFrom(0, 1, 5, 2 ** 31 - 1, -1, 0.5), { maxLength: 4 }),
              }),
              { maxLength: 3 },
            ),
          }),
          { maxLength: 3 },
        ),
        questions: fc.array(ids, { maxLength: 3 }),
        newQuestions: fc.array(
          fc.record({
            options: fc.integer({ min: 0, max: 4 }),
            embeddings: fc.uint8Array({ maxLength: 64 }).map(toBase64),
          }),
          { maxLength: 2 },
        ),
        round: fc.constantFrom("chosen", "last", "1", "0", "2", "x"),
        level: fc.constantFrom(0.5, 0.9, 0.999, 1, 0),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(body, fc.jsonValue()), async (value) => {
        const { statusCode, payload } = await ask(value);
        if (statusCode === 200) parseResponse(JSON.parse(payload));
        else assert.ok(statusCode < 500 && isErrorCode(codeOf(payload)), payload);
      }),
      { numRuns: FUZZ_RUNS },
    );
  });

  test("no log line quotes a request, and there is a limit for each address", async () => {
    let limited = "";
    for (let request = 0; request <= PREDICTIONS_PER_MINUTE && limited === ""; request += 1) {
      const { statusCode, payload } = await ask({ groups: [] });
      if (statusCode === 429) limited = codeOf(payload);
    }
    assert.equal(limited, "rate-limited");
    const lines = log.join("");
    assert.match(lines, /request refused/);
    for (const text of [SECRET, "nosuch", '"q1"', "counts"]) assert.ok(!lines.includes(text), text);
  });
});
