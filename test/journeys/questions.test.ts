/** A question is added to a federation that runs: members adopt it, and every round verifies. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import {
  type AnswerSet,
  decodeEmbeddings,
  ENDPOINTS,
  encodeEmbeddings,
  encodeQuestionnaireVersion,
  hashJson,
  optionOffsets,
  sha256,
  signMessage,
  toBase64,
  toHex,
} from "@plenary/protocol";
import {
  addQuestions,
  type Dataset,
  listQuestions,
  loadDataset,
  openFederation,
  predictAnswers,
  publicKey,
  readModel,
  signerFor,
  suggestQuestions,
} from "@plenary/sdk";
import { DEFAULT_PREDICTOR, DEFAULT_TRAINING } from "@plenary/training";
import { Keypair } from "@solana/web3.js";
import { plenary } from "./command.ts";
import { foundFederation, startGround } from "./local-federation.ts";

test("a question is added by the authority, trained by its pilot, and verified like the rest", async (t) => {
  const ground = await startGround(t);
  const { stack, folder } = ground;
  const whole = await loadDataset("gss");
  const { dataset, late, rows } = withoutLast(whole);
  const [first = "", second = ""] = whole.split(7).training;
  const [unseen = ""] = whole.split(7).unseen;
  const heldOut = without(whole.answersOf([unseen]), late.id);
  const founded = await foundFederation(ground, { total: 4 }, 1, {
    dataset,
    heldOut,
    contribution: { name: "leave-one-out", heldOut: toHex(hashJson(heldOut)) },
    predictor: { ...DEFAULT_PREDICTOR.tilt, reserve: { questions: 2, options: 16 } },
    training: { ...DEFAULT_TRAINING.tilt, localSteps: 8 },
  });
  const { authority } = founded;
  const at = { service: stack.serviceUrl, rpc: stack.rpcUrl };
  const member = async (name: string, group: string) => {
    const keypair = Keypair.generate();
    await founded.equip(keypair.publicKey);
    const federation = await openFederation(at);
    const answers = without(whole.answersOf([group]), late.id);
    return {
      keypair,
      joined: await federation.join({ keypair, answers, state: join(folder, name) }),
    };
  };
  const [pilot, other] = [await member("pilot", first), await member("other", second)];
  const play = async (joined: typeof pilot.joined, rounds: number) => {
    for await (const { outcome } of joined.train({ rounds })) assert.equal(outcome, "counted");
  };
  await Promise.all([play(pilot.joined, 1), play(other.joined, 1)]);
  await pilot.joined.close();

  const before = await openFederation(at);
  assert.equal(before.questionnaireVersion, 1);
  const embedder = async () => rows;
  const adding = { questions: [{ ...late, pilots: 1 }], embedder, members: 2 };
  await assert.rejects(addQuestions(before, { ...adding, authority: Keypair.generate() }), {
    code: "not-authority",
  });
  const [known] = dataset.questionnaire.questions;
  const twin = { ...late, id: ` ${known!.id.toUpperCase()}\u00a0` };
  await assert.rejects(addQuestions(before, { ...adding, authority, questions: [twin] }), {
    code: "invalid-input",
    message: /looks like/,
  });
  const added = await addQuestions(before, { ...adding, authority });
  assert.deepEqual([added.version, added.questions.map(({ id }) => id)], [2, [late.id]]);
  await refusesForgeries(before, authority, added.questionnaire);

  // One member runs on with the answers that it has; the other begins again, with the new one.
  const opened = await openFederation(at);
  assert.equal(opened.questionnaireVersion, 2);
  const again = await opened.member({
    owner: pilot.keypair.publicKey,
    updateKeypairs: [pilot.keypair],
    answers: whole.answersOf([first]),
    state: join(folder, "pilot"),
  });
  await Promise.all([play(again, 3), play(other.joined, 3)]);
  for (const joined of [again, other.joined]) await joined.close();

  const versions = [];
  for (let round = 1n; round <= 4n; round += 1n) {
    const { valid, finding, uncheckedKeys } = await opened.verifyRound(round);
    assert.ok(valid, finding?.text);
    assert.equal(uncheckedKeys, 0);
    const params = { federation: opened.address.toBase58(), round: round.toString() };
    const view = await opened.client.call(ENDPOINTS.roundRead, { params });
    const manifest = await opened.client.call(ENDPOINTS.manifestRead, { params });
    assert.deepEqual(manifest.questionnaire, view.questionnaire);
    versions.push(view.questionnaire === undefined ? 1 : 2);
  }
  assert.deepEqual([versions[0], versions[2], versions[3]], [1, 2, 2]);

  const { model } = await readModel(opened, "last");
  const standing = listQuestions(opened, model).find(({ question }) => question === late.id);
  assert.ok(standing?.isAdded && standing.isTrained && standing.isYoung);
  assert.ok(Math.abs(standing.reach! - 0.5) < 0.1, String(standing.reach));
  const truth = whole
    .answersOf([first])
    .groups[0]!.answers.find(({ question }) => question === late.id)!;
  const total = truth.counts.reduce((a, b) => a + b, 0);
  const distance = (shares: readonly number[]) =>
    shares.reduce((sum, share, i) => sum + Math.abs(share - truth.counts[i]! / total), 0);
  const input = { model, answers: heldOut, questions: [late.id] };
  const [now] = (await predictAnswers(opened, input)).groups;
  const shares = now!.predictions[0]!.options.map(({ share }) => share);
  const { model: old } = await readModel(opened, 1n);
  const [then] = (await predictAnswers(opened, { ...input, model: old })).groups;
  const lent = then!.predictions[0]!.options.map(({ share }) => share);
  assert.ok(distance(shares) < 0.6 * distance(lent), `${distance(shares)} ${distance(lent)}`);

  const candidates = whole.answersOf([first, second, ...whole.split(7).training.slice(2, 6)]);
  const suggestion = await suggestQuestions(opened, { model, candidates, question: late.id });
  assert.ok(suggestion.asked.includes(first));
  assert.equal(new Set(suggestion.groups.map(({ group }) => group)).size, suggestion.groups.length);
  const urls = ["--service", stack.serviceUrl, "--rpc", stack.rpcUrl];
  const listed = await plenary(["questions", "list", "--added", ...urls]);
  assert.equal(listed.code, 0, listed.output);
  assert.match(listed.output, new RegExp(`${late.id}: young, added, answered by \\d+ %`));
});

type Opened = Awaited<ReturnType<typeof openFederation>>;

/** Versions that a stranger signs, that are for another federation, or that do not follow. */
async function refusesForgeries(
  federation: Opened,
  authority: Keypair,
  questionnaire: Uint8Array,
): Promise<void> {
  const { client, connection, program, address, genesisHash } = federation;
  const view = await client.call(ENDPOINTS.federationRead, {
    params: { federation: address.toBase58() },
  });
  const aggregator = publicKey(view.aggregator, "aggregator");
  const signer = await signerFor(authority, { connection, program, aggregator });
  const subject = { genesisHash, programId: program.toBytes(), federation: address.toBytes() };
  const follows = { number: 3, previous: questionnaire, questionnaire, embeddings: questionnaire };
  const stranger = Keypair.generate();
  const cases = [
    [{ ...subject, ...follows }, stranger, "not-authority"],
    [{ ...subject, ...follows, federation: program.toBytes() }, authority, "verification-failed"],
    [{ ...subject, ...follows, number: 5 }, authority, "configuration-mismatch"],
    [
      { ...subject, ...follows, previous: sha256(questionnaire) },
      authority,
      "configuration-mismatch",
    ],
    [{ ...subject, ...follows }, authority, "invalid-input"],
  ] as const;
  for (const [version, key, code] of cases) {
    const message = encodeQuestionnaireVersion(version);
    const body = {
      message: toBase64(message),
      signature: toBase64(signMessage(message, key.secretKey)),
      authority: key.publicKey.toBase58(),
    };
    const params = { federation: address.toBase58() };
    await assert.rejects(
      client.call(ENDPOINTS.questionnaireExtend, { params, body, signer }),
      { code },
      `${version.number} ${code}`,
    );
  }
}

/** A data set without its last question, which is added later with these rows of the embeddings. */
function withoutLast(whole: Dataset) {
  const { questions } = whole.questionnaire;
  const { family: _, ...late } = questions.at(-1)!;
  const { dimension } = whole.embeddings;
  const rows = optionOffsets(whole.questionnaire).at(-2)!;
  const matrix = whole.embeddings.matrix();
  const embeddingBytes = encodeEmbeddings(matrix.slice(0, rows * dimension), dimension);
  const questionnaire = {
    ...whole.questionnaire,
    questions: questions.slice(0, -1),
    embeddings: { ...whole.questionnaire.embeddings, blob: toHex(sha256(embeddingBytes)) },
  };
  const dataset = { questionnaire, embeddingBytes, embeddings: decodeEmbeddings(embeddingBytes) };
  return { dataset, late, rows: matrix.slice(rows * dimension) };
}

function without(answers: AnswerSet, id: string): AnswerSet {
  const groups = answers.groups.map((group) => ({
    ...group,
    answers: group.answers.filter(({ question }) => question !== id),
  }));
  return { version: 1, groups };
}
