import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import nacl from "tweetnacl";
import {
  appendEmbeddings,
  checkExtension,
  checkQuestionnaireVersion,
  decodeEmbeddings,
  decodeQuestionnaireVersion,
  encodeEmbeddings,
  encodeQuestionnaireVersion,
  PlenaryError,
  type Question,
  type Questionnaire,
  type QuestionnaireVersion,
  signMessage,
  toBase58,
  toBase64,
} from "./index.ts";

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const version: fc.Arbitrary<QuestionnaireVersion> = fc.record(
  {
    genesisHash: hash,
    programId: hash,
    federation: hash,
    number: fc.integer({ min: 2, max: 2 ** 32 - 1 }),
    previous: hash,
    questionnaire: hash,
    embeddings: hash,
  },
  { noNullPrototype: true },
);
const keys = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(3));

function signed(message: Uint8Array) {
  return {
    message: toBase64(message),
    signature: toBase64(signMessage(message, keys.secretKey)),
    authority: toBase58(keys.publicKey),
  };
}

test("any version survives signing; a change of a byte breaks the signature", () => {
  fc.assert(
    fc.property(version, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, place, flip) => {
      const message = encodeQuestionnaireVersion(value);
      assert.deepEqual(checkQuestionnaireVersion(signed(message), value), value);
      const altered = Uint8Array.from(message);
      altered[place % altered.length]! ^= flip;
      assert.throws(
        () => checkQuestionnaireVersion({ ...signed(message), message: toBase64(altered) }, value),
        { code: "verification-failed" },
      );
    }),
    { numRuns: 40 },
  );
});

test("a version is for one federation of one program on one chain, and has a number above 1", () => {
  const [value, other] = fc.sample(version, 2);
  for (const field of ["genesisHash", "programId", "federation"] as const) {
    const message = encodeQuestionnaireVersion({ ...value!, [field]: other![field] });
    assert.throws(() => checkQuestionnaireVersion(signed(message), value!), {
      code: "verification-failed",
      message: new RegExp(field),
    });
  }
  const first = encodeQuestionnaireVersion({ ...value!, number: 1 });
  assert.throws(() => checkQuestionnaireVersion(signed(first), value!), {
    code: "verification-failed",
  });
});

test("arbitrary bytes decode or are refused with a stated reason", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      try {
        decodeQuestionnaireVersion(bytes);
      } catch (error) {
        assert.ok(error instanceof PlenaryError && error.code === "malformed-envelope");
      }
    }),
  );
});

const DIMENSION = 3;

function question(id: string, options: readonly string[], rest: Partial<Question> = {}): Question {
  return { id, text: `What of ${id}?`, options: [...options], family: id, ...rest };
}

function embedded(questions: readonly Question[], embeddingBytes: Uint8Array) {
  const questionnaire: Questionnaire = {
    version: 1,
    name: "test",
    title: "",
    source: "",
    citation: "",
    licence: "",
    questions: [...questions],
    embeddings: { model: "m", dimension: DIMENSION, blob: "00".repeat(32) },
  };
  return { questionnaire, embeddings: decodeEmbeddings(embeddingBytes) };
}

const rows = (count: number, seed: number) =>
  Float32Array.from({ length: count * DIMENSION }, (_, i) => Math.sin(i * 1.3 + seed));
const FIRST = [question("a", ["yes", "no"]), question("b", ["low", "middle", "high"])];
const TABLE = encodeEmbeddings(rows(5, 0), DIMENSION);
const before = embedded(FIRST, TABLE);
const added = { members: 4, pilots: 1 };
const extendedBy = (...questions: Question[]) => {
  const options = questions.reduce((sum, { options }) => sum + options.length, 0);
  return embedded([...FIRST, ...questions], appendEmbeddings(TABLE, rows(options, 5)));
};

test("rows are added to an embeddings file behind the old ones, which keep their bits", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (old, more) => {
      const first = encodeEmbeddings(rows(old, 1), DIMENSION);
      const joined = decodeEmbeddings(appendEmbeddings(first, rows(more, 2)));
      const matrix = joined.matrix();
      assert.equal(joined.count, old + more);
      assert.deepEqual(matrix.slice(0, old * DIMENSION), decodeEmbeddings(first).matrix());
      const tail = decodeEmbeddings(encodeEmbeddings(rows(more, 2), DIMENSION)).matrix();
      assert.deepEqual(matrix.slice(old * DIMENSION), tail);
    }),
  );
});

test("a version may add questions, and nothing else", () => {
  const good = question("c", ["one", "two"], { added });
  checkExtension(before, extendedBy(good));
  const refused = (after: ReturnType<typeof embedded>, message: RegExp) =>
    assert.throws(() => checkExtension(before, after), { code: "invalid-input", message });
  refused(before, /adds no question/);
  refused(extendedBy(question("c", ["one", "two"])), /has no `added`/);
  refused(
    extendedBy({ ...good, added: { members: 2, pilots: 3 } }),
    /3 pilots, but only 2 members/,
  );
  refused(extendedBy({ ...good, id: "A" }), /has the id of question "a"/);
  refused(extendedBy({ ...good, id: "b\u200b" }), /has the id of question "b"/);
  refused(extendedBy({ ...FIRST[0]!, id: "c", added }), /has the text of question "a"/);
  refused(extendedBy({ ...good, options: ["one", "One "] }), /could not tell options/);
  refused(extendedBy({ ...good, text: "x\u001b[2J" }), /control character/);
  refused(extendedBy(good, { ...good, family: "d" }), /has the id of question "c"/);
  const changed = extendedBy(good);
  changed.questionnaire.questions[0] = question("a", ["yes", "never"]);
  refused(changed, /question "a" is changed/);
  const moved = extendedBy(good);
  moved.questionnaire.questions.reverse();
  refused(moved, /is changed or left out/);
  refused({ ...extendedBy(good), embeddings: before.embeddings }, /7 options of dimension 3/);
  const table = decodeEmbeddings(encodeEmbeddings(rows(7, 9), DIMENSION));
  refused({ ...extendedBy(good), embeddings: table }, /Row 0 of the embeddings/);
  const renamed = extendedBy(good);
  renamed.questionnaire.name = "other";
  refused(renamed, /name is not that of the version before/);
});
