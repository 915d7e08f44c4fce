import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { PlenaryError } from "./errors.ts";
import { parserOf, U64String } from "./schema.ts";

const parse = parserOf(U64String, "Number");
const LARGEST = 2n ** 64n - 1n;

function isAccepted(text: string): boolean {
  try {
    return parse(text) === text;
  } catch {
    return false;
  }
}

test("a 64-bit integer's text is accepted exactly up to 2^64 - 1", () => {
  for (const value of [0n, 1n, 9n, 10n, 10n ** 19n - 1n, 10n ** 19n, LARGEST - 1n, LARGEST])
    assert.ok(isAccepted(value.toString()), value.toString());
  for (const text of [
    "",
    "-1",
    "+1",
    "01",
    "1e3",
    "0x1",
    " 1",
    "1\n",
    String(LARGEST + 1n),
    "9".repeat(20),
  ])
    assert.ok(!isAccepted(text), JSON.stringify(text));
  // Raises each digit of the largest number by one, with any digits behind it.
  const digits = LARGEST.toString();
  for (let place = 0; place < digits.length; place += 1) {
    const raised = Number(digits[place]) + 1;
    if (raised > 9) continue;
    for (const rest of ["0", "9"])
      assert.ok(!isAccepted(digits.slice(0, place) + raised + rest.repeat(19 - place)));
  }
});

test("every text of digits is judged by its value", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 20n - 1n }),
      fc.nat({ max: 20 }),
      (value, kept) => {
        // Half of the numbers share their first digits with the largest, where the pattern is
        // finest.
        const near = BigInt(
          LARGEST.toString().slice(0, kept) + value.toString().padStart(20, "0").slice(kept),
        );
        for (const one of [value, near]) assert.equal(isAccepted(one.toString()), one <= LARGEST);
      },
    ),
  );
});

const Shape = Type.Object({ name: Type.Literal("circle"), radius: Type.Number({ minimum: 0 }) });
const Square = Type.Object({
  name: Type.Literal("square"),
  side: Type.Integer(),
  filled: Type.Optional(Type.Literal("yes")),
});
const Drawing = Type.Object(
  {
    title: Type.String({ maxLength: 8 }),
    shapes: Type.Array(Type.Union([Shape, Square]), { maxItems: 3, uniqueItems: true }),
    note: Type.Optional(Type.Union([Type.Null(), Type.String()])),
    tags: Type.Optional(Type.Record(Type.String(), Type.Integer())),
    range: Type.Optional(Type.Tuple([Type.Number(), Type.Number()])),
    extra: Type.Optional(Type.Object({}, { additionalProperties: true })),
  },
  { additionalProperties: false },
);
const parseDrawing = parserOf(Drawing, "Drawing");
const circle = { name: "circle", radius: 1 };
const good = { title: "t", shapes: [circle] };

function problem(value: unknown): string {
  try {
    parseDrawing(value);
  } catch (error) {
    assert.ok(error instanceof PlenaryError);
    return error.message;
  }
  return "accepted";
}

test("the first wrong field is named, with what is wrong", () => {
  const cases: [unknown, string][] = [
    [7, "Drawing: it must be object."],
    [{ title: "t" }, "Drawing: shapes is missing."],
    [{ ...good, title: 3 }, "Drawing: title must be string."],
    [{ ...good, colour: "red" }, "Drawing: colour is not a known field."],
    [
      { ...good, shapes: [circle, { name: "circle", radius: "1" }] },
      "Drawing: shapes.1.radius must be number.",
    ],
    [
      { ...good, shapes: [{ name: "square", side: 0.5 }] },
      "Drawing: shapes.0.side must be integer.",
    ],
    [
      { ...good, shapes: [{ name: "line", side: 1 }] },
      'Drawing: shapes.0.name must be "circle" or "square", not "line".',
    ],
    [{ ...good, shapes: [circle, circle] }, "Drawing: shapes must not have duplicate items."],
    [{ ...good, shapes: Array(4).fill(0) }, "Drawing: shapes must have at most 3 entries, not 4."],
    [{ ...good, tags: { a: 1, b: "2" } }, "Drawing: tags.b must be integer."],
    [{ ...good, range: [1] }, "Drawing: range must have at least 2 entries, not 1."],
    [{ ...good, range: [1, "2"] }, "Drawing: range.1 must be number."],
    [{ ...good, note: 5 }, "Drawing: note must be null."],
    [{ ...good, note: [5] }, "Drawing: note must be null."],
  ];
  for (const [value, message] of cases) assert.equal(problem(value), message);
  const full = { ...good, note: null, tags: { a: 1 }, range: [0, 1], extra: { deep: [[1]] } };
  assert.equal(problem(full), "accepted");
});

test("any JSON is accepted if and only if the schema accepts it", () => {
  const compiled = Compile(Drawing);
  const field = fc.constantFrom("title", "shapes", "note", "tags", "range", "extra", "other");
  const shape = fc.oneof(fc.constant(circle), fc.jsonValue({ maxDepth: 2 }));
  const child = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.array(shape, { maxLength: 5 }));
  fc.assert(
    fc.property(fc.dictionary(field, child), fc.boolean(), (changes, isWhole) => {
      const value = isWhole ? { ...good, ...changes } : changes;
      assert.equal(problem(value) === "accepted", compiled.Check(value), JSON.stringify(value));
    }),
    { numRuns: 2000 },
  );
});

test("a hostile document is refused without a look at its contents", () => {
  /** An array that counts how often an entry is read. */
  let reads = 0;
  const watched = new Proxy(Array(200_000).fill(0), {
    get(target, key, receiver) {
      if (typeof key === "string" && /^[0-9]+$/.test(key)) reads += 1;
      return Reflect.get(target, key, receiver);
    },
  });
  for (const value of [{ ...good, shapes: watched }, { ...good, title: watched }, watched]) {
    assert.notEqual(problem(value), "accepted");
    assert.equal(reads, 0);
  }
  let nested: unknown = 1;
  for (let level = 0; level < 100_000; level++) nested = [nested];
  assert.match(problem({ ...good, extra: { nested } }), /nested more than 64 levels deep/);
  const longKey = "k".repeat(100_000);
  assert.ok(problem({ ...good, [longKey]: 1 }).length < 300);
});
