import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import {
  canonicalJson,
  configurationHash,
  type FederationConfiguration,
  hashJson,
  PlenaryError,
  parseAnswers,
  parseConfiguration,
  parseQuestionnaire,
  toHex,
} from "./index.ts";

const configuration: FederationConfiguration = {
  version: 1,
  name: "Test",
  questionnaire: "00".repeat(32),
  predictor: { name: "tilt" },
  training: {},
  initialModel: "11".repeat(32),
  parameterCount: 100,
  strategy: { name: "fedavg" },
  aggregator: { name: "mean" },
  codecs: ["int8"],
  screening: { maxNorm: 0 },
  contribution: { name: "data-size", cap: 100 },
  heldOut: null,
  limits: { maxUpdates: 64, maxWeight: 100_000, maxPayloadBytes: 1_000_000 },
  rounds: { quorum: 4, minimum: 1, deadlineSeconds: 60, graceSeconds: 60, total: 0 },
  rewardPerRound: "1000",
};

const questionnaire = parseQuestionnaire({
  version: 1,
  name: "q",
  title: "",
  source: "",
  citation: "",
  licence: "",
  questions: [
    { id: "a", text: "A?", options: ["yes", "no"], family: "a" },
    { id: "b", text: "B?", options: ["1", "2", "3"], family: "b" },
  ],
  embeddings: { model: "m", dimension: 8, blob: "22".repeat(32) },
});

test("a configuration is accepted as it is, and a wrong field is named", () => {
  assert.deepEqual(parseConfiguration(configuration), configuration);
  const cases: [object, RegExp][] = [
    [{ version: 3 }, /version/],
    [{ parameterCount: 0 }, /parameterCount/],
    [{ rounds: { ...configuration.rounds, quorum: 1.5 } }, /rounds\.quorum/],
    [{ screening: { maxNorm: 0, median: 1 } }, /screening\.median is not a known field/],
    [{ rewardPerRound: "01" }, /rewardPerRound/],
    [{ unknown: 1 }, /unknown is not a known field/],
  ];
  for (const [change, message] of cases)
    assert.throws(() => parseConfiguration({ ...configuration, ...change }), message);
});

test("a configuration whose sums might not be exact is refused", () => {
  const limits = { ...configuration.limits, maxUpdates: 64, maxWeight: 2 ** 20 };
  assert.throws(() => parseConfiguration({ ...configuration, limits }), /2\^26/);
  const rounds = { ...configuration.rounds, quorum: 65 };
  assert.throws(
    () => parseConfiguration({ ...configuration, rounds }),
    /quorum <= limits.maxUpdates/,
  );
});

test("audits are checked, and leave the hash of a configuration without them as it was", () => {
  const audits = {
    auditors: ["11111111111111111111111111111112"],
    checkpointEvery: 4,
    membersPerRound: 2,
    segmentsPerMember: 3,
    mode: { name: "reproducible" },
    waitSeconds: 30,
  };
  assert.deepEqual(parseConfiguration({ ...configuration, audits }), { ...configuration, audits });
  const without = parseConfiguration(configuration);
  assert.ok(!canonicalJson(without).includes("audits"));
  const cases: [object, RegExp][] = [
    [{ waitSeconds: 60 }, /waitSeconds must be below rounds.graceSeconds/],
    [{ auditors: [] }, /audits\.auditors/],
    [{ auditors: ["1".repeat(44)] }, /32 bytes/],
    [{ mode: { name: "native" } }, /audits\.mode/],
    [{ mode: { name: "reproducible", tolerance: 0.1 } }, /audits\.mode/],
    [{ checkpointEvery: 0 }, /checkpointEvery/],
  ];
  for (const [change, message] of cases)
    assert.throws(
      () => parseConfiguration({ ...configuration, audits: { ...audits, ...change } }),
      message,
    );
});

test("arbitrary JSON is a configuration or is refused with a code", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.throws(() => parseConfiguration(value), PlenaryError);
    }),
  );
});

test("the hash of a configuration does not depend on the order of its fields", () => {
  const reversed = Object.fromEntries(
    Object.entries(configuration).reverse(),
  ) as FederationConfiguration;
  assert.equal(toHex(configurationHash(reversed)), toHex(configurationHash(configuration)));
  // The example of RFC 8785, appendix: keys in UTF-16 order, shortest numbers.
  assert.equal(
    canonicalJson({ b: 1e21, a: [0.1, -0, "€"], é: null }),
    '{"a":[0.1,0,"€"],"b":1e+21,"é":null}',
  );
  assert.throws(() => hashJson({ x: Number.NaN }), /canonical JSON/);
});

test("answers are checked against the questionnaire, and what is wrong is named", () => {
  const group = (answers: object[]) => ({ version: 1, groups: [{ id: "g", label: "G", answers }] });
  const good = group([{ question: "a", counts: [1, 2] }]);
  assert.deepEqual(parseAnswers(good, questionnaire), good);
  const cases: [unknown, RegExp][] = [
    [group([{ question: "z", counts: [1, 2] }]), /z, which is not in the questionnaire/],
    [group([{ question: "a", counts: [1, 2, 3] }]), /3 counts for a, which has 2/],
    [group([{ question: "a", counts: [0, 0] }]), /no respondents for a/],
    [
      group([
        { question: "a", counts: [1, 0] },
        { question: "a", counts: [1, 0] },
      ]),
      /a twice/,
    ],
    [group([{ question: "a", counts: [-1, 2] }]), /groups\.0\.answers\.0\.counts\.0/],
    [{ version: 1, groups: [...good.groups, ...good.groups] }, /Group g occurs twice/],
  ];
  for (const [value, message] of cases)
    assert.throws(() => parseAnswers(value, questionnaire), message);
});
