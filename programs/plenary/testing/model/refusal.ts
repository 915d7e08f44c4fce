import type { Holder, State } from "./state.ts";

/** A refusal by the program, with the error `name`. */
export class Refusal extends Error {
  constructor(name: string) {
    super(name);
    this.name = name;
  }
}

export function ensure(condition: boolean, error: string): asserts condition {
  if (!condition) throw new Refusal(error);
}

/** Transfers tokens as the token programs do. */
export function transfer(state: State, from: Holder, to: Holder, amount: bigint): void {
  if (from === "foreign" || to === "foreign")
    throw new Error("Another mint's account must be refused before.");
  ensure(state.tokens[from] >= amount, "InsufficientFunds");
  state.tokens[from] -= amount;
  state.tokens[to] += amount;
}
