import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";

/** The keywords of JSON Schema that decide which child of a value is wrong. */
interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | SchemaNode;
  /** The form of a record's values: one pattern for all keys. */
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode | readonly SchemaNode[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly anyOf?: readonly SchemaNode[];
  readonly const?: unknown;
}

/** The first thing that is wrong in a value: where (`rounds.quorum`), and what. */
export interface SchemaProblem {
  readonly path: readonly string[];
  readonly problem: string;
}

/**
 * Most levels of objects and arrays in a document, far below the depth that would overflow the
 * stack.
 */
const DEEPEST = 64;

/**
 * The first container in `value` that has the wrong type, unknown fields, too many or too few
 * entries, a name that no branch of a union has, or more levels than any document needs. It looks
 * at no content of a container that it refuses, so that a stranger's huge array costs one
 * comparison.
 */
export function sizeProblem(
  schema: TSchema,
  value: unknown,
  path: readonly string[] = [],
): SchemaProblem | undefined {
  return sizeProblemAt(schema as SchemaNode, value, path);
}

function sizeProblemAt(
  schema: SchemaNode,
  value: unknown,
  path: readonly string[],
): SchemaProblem | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (path.length > DEEPEST) return { path, problem: `is nested more than ${DEEPEST} levels deep` };
  if (schema.anyOf !== undefined) {
    const wrongName = wrongDiscriminator(schema.anyOf, value);
    if (wrongName !== undefined) return { ...wrongName, path: [...path, ...wrongName.path] };
    return ofBranches(schema.anyOf, value, (branch) => sizeProblemAt(branch, value, path));
  }
  const actual = Array.isArray(value) ? "array" : "object";
  if (schema.type !== undefined && schema.type !== actual)
    return { path, problem: `must be ${schema.type}` };
  const own = Array.isArray(value) ? lengthProblem(schema, value) : unknownField(schema, value);
  if (own !== undefined) return { ...own, path: [...path, ...own.path] };
  for (const [key, child] of Object.entries(value)) {
    if (typeof child !== "object" || child === null) continue;
    const problem = sizeProblemAt(childSchema(schema, key), child, [...path, key]);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function lengthProblem(schema: SchemaNode, value: readonly unknown[]): SchemaProblem | undefined {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  if (value.length > maxItems)
    return { path: [], problem: `must have at most ${maxItems} entries, not ${value.length}` };
  if (value.length < minItems)
    return { path: [], problem: `must have at least ${minItems} entries, not ${value.length}` };
  return undefined;
}

function unknownField(schema: SchemaNode, value: object): SchemaProblem | undefined {
  const { additionalProperties, patternProperties, properties = {} } = schema;
  if (additionalProperties !== false || patternProperties !== undefined) return undefined;
  for (const key in value)
    if (!Object.hasOwn(properties, key)) return { path: [key], problem: "is not a known field" };
  return undefined;
}

const ANYTHING: SchemaNode = {};

function isTuple(items: SchemaNode | readonly SchemaNode[]): items is readonly SchemaNode[] {
  return Array.isArray(items);
}

function childSchema(schema: SchemaNode, key: string): SchemaNode {
  const { items } = schema;
  if (items !== undefined) return isTuple(items) ? (items[Number(key)] ?? ANYTHING) : items;
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, key))
    return schema.properties[key]!;
  const [record] = Object.values(schema.patternProperties ?? {});
  if (record !== undefined) return record;
  return typeof schema.additionalProperties === "object" ? schema.additionalProperties : ANYTHING;
}

/** The first problem of a value that `schema` refuses although its sizes are right. */
export function formProblem(
  schema: TSchema,
  value: unknown,
  path: readonly string[] = [],
): SchemaProblem {
  return formProblemAt(schema as SchemaNode, value, path);
}

function formProblemAt(schema: SchemaNode, value: unknown, path: readonly string[]): SchemaProblem {
  if (schema.anyOf !== undefined) {
    const problem = ofBranches(schema.anyOf, value, (branch) =>
      isValid(branch, value) ? undefined : formProblemAt(branch, value, path),
    );
    if (problem !== undefined) return problem;
  }
  if (schema.type === "object" && typeof value === "object" && value !== null) {
    const missing = schema.required?.find((key) => !Object.hasOwn(value, key));
    if (missing !== undefined) return { path: [...path, missing], problem: "is missing" };
  }
  const wrong = containerEntries(schema, value).find(
    ([key, child]) => !isValid(childSchema(schema, key), child),
  );
  if (wrong === undefined) return { path, problem: ownProblem(schema, value) };
  const [key, child] = wrong;
  return formProblemAt(childSchema(schema, key), child, [...path, key]);
}

function containerEntries(schema: SchemaNode, value: unknown): [string, unknown][] {
  const isContainer = schema.type === "object" || schema.type === "array";
  return isContainer && typeof value === "object" && value !== null ? Object.entries(value) : [];
}

/**
 * The problem of a union: that of the branch whose constants fit, or else the one deepest inside
 * the value, which says most. Undefined as soon as one branch accepts.
 */
function ofBranches(
  branches: readonly SchemaNode[],
  value: unknown,
  problemOf: (branch: SchemaNode) => SchemaProblem | undefined,
): SchemaProblem | undefined {
  const named = branches.filter((branch) => constantsFit(branch, value));
  let deepest: SchemaProblem | undefined;
  for (const branch of named.length > 0 ? named : branches) {
    const problem = problemOf(branch);
    if (problem === undefined) return undefined;
    if (deepest === undefined || problem.path.length > deepest.path.length) deepest = problem;
  }
  return deepest;
}

/** The problem of a value whose constant should name a branch, and does not. */
function wrongDiscriminator(
  branches: readonly SchemaNode[],
  value: unknown,
): SchemaProblem | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (branches.some((branch) => constantsFit(branch, value))) return undefined;
  const [key] = constantsOf(branches[0] ?? ANYTHING)[0] ?? [];
  const known = branches.map(({ properties = {} }) => properties[key ?? ""]?.const);
  if (key === undefined || known.includes(undefined)) return undefined;
  const names = known.map((name) => JSON.stringify(name)).join(" or ");
  const given = (value as Readonly<Record<string, unknown>>)[key];
  const not = typeof given === "string" ? `, not ${JSON.stringify(given.slice(0, 64))}` : "";
  return { path: [key], problem: `must be ${names}${not}` };
}

/**
 * Whether a branch requires constant fields, such as a plug-in's name, and `value` has them all.
 */
function constantsFit(branch: SchemaNode, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const constants = constantsOf(branch);
  const fields = value as Readonly<Record<string, unknown>>;
  return constants.length > 0 && constants.every(([key, field]) => fields[key] === field.const);
}

function constantsOf({ properties = {}, required = [] }: SchemaNode): [string, SchemaNode][] {
  return Object.entries(properties).filter(
    ([key, field]) => field.const !== undefined && required.includes(key),
  );
}

function ownProblem(schema: SchemaNode, value: unknown): string {
  if (schema.const !== undefined) return `must be ${JSON.stringify(schema.const)}`;
  const [error] = validatorOf(schema).Errors(value);
  return error?.message ?? "does not have the expected form";
}

type Validator = ReturnType<typeof Compile>;
const validators = new WeakMap<object, Validator>();

function validatorOf(schema: SchemaNode): Validator {
  let validator = validators.get(schema);
  if (validator === undefined) {
    validator = Compile(schema as TSchema);
    validators.set(schema, validator);
  }
  return validator;
}

function isValid(schema: SchemaNode, value: unknown): boolean {
  return validatorOf(schema).Check(value);
}
