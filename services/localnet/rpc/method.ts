import Type, { type Static, type TObject, type TProperties } from "typebox";
import { Compile } from "typebox/compile";
import type { Bank } from "../bank/bank.ts";
import { invalidParam } from "./errors.ts";

/** What every method works on. */
export interface RpcContext {
  readonly bank: Bank;
}

/** A JSON-RPC method. `run` takes the request's `params` unchecked and throws `RpcError`. */
export interface Method {
  readonly name: string;
  readonly run: (context: RpcContext, params: unknown) => unknown;
}

/**
 * Defines a method. `params` lists its positional parameters by name, in order, with the schema
 * of each; trailing ones may be `Type.Optional`. A request that does not fit is refused with a
 * message that names the parameter and the field.
 */
export function method<P extends TProperties>(
  name: string,
  params: P,
  run: (args: Static<TObject<P>>, context: RpcContext) => unknown,
): Method {
  const bind = paramsBinder(params);
  return { name, run: (context, given) => run(bind(given), context) };
}

/** Turns positional parameters into checked named ones. Throws `RpcError`. */
export function paramsBinder<P extends TProperties>(
  params: P,
): (given: unknown) => Static<TObject<P>> {
  const names = Object.keys(params);
  const schema = Compile(Type.Object(params));
  return (given) => {
    const list = given ?? [];
    if (!Array.isArray(list)) throw invalidParam("params", "must be an array");
    if (list.length > names.length)
      throw invalidParam(
        "params",
        `must have at most ${names.length} elements, not ${list.length}`,
      );
    const named: Record<string, unknown> = {};
    names.forEach((name, index) => {
      const value: unknown = list[index];
      if (value !== null && value !== undefined) named[name] = withoutNulls(value);
    });
    if (schema.Check(named)) return named;
    const { field, problem } = firstProblem(schema.Errors(named), names);
    throw invalidParam(field, problem);
  };
}

/** Nodes take `null` for an absent optional field. */
function withoutNulls(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}

interface SchemaError {
  readonly instancePath: string;
  readonly message: string;
  readonly params: object;
}

function firstProblem(
  errors: readonly SchemaError[],
  names: readonly string[],
): { field: string; problem: string } {
  const depth = (error: SchemaError) => error.instancePath.split("/").length;
  // The deepest path says most: a failed union is reported at its parent too.
  const [error] = [...errors].sort((a, b) => depth(b) - depth(a));
  if (error === undefined) return { field: "params", problem: "do not have the expected form" };
  const [name, ...rest] = error.instancePath.split("/").slice(1);
  if (name === undefined || name === "") return missingProblem(error, names);
  const path = rest.map((step) => (/^[0-9]+$/.test(step) ? `[${step}]` : `.${step}`)).join("");
  const allowed =
    "allowedValues" in error.params ? ` (${JSON.stringify(error.params.allowedValues)})` : "";
  return {
    field: `params[${names.indexOf(name)}]${path} (${name})`,
    problem: `${error.message}${allowed}`,
  };
}

function missingProblem(
  error: SchemaError,
  names: readonly string[],
): { field: string; problem: string } {
  const required = "requiredProperties" in error.params ? error.params.requiredProperties : [];
  const missing = Array.isArray(required) ? names.findIndex((name) => required.includes(name)) : -1;
  if (missing === -1) return { field: "params", problem: error.message };
  return { field: `params[${missing}] (${names[missing]})`, problem: "is missing" };
}
