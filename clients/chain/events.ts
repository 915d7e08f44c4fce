import { EventParser } from "@coral-xyz/anchor";
import { PublicKey } from "@solana/web3.js";
import { CODER, camelCase } from "./program.ts";

export type EventValue = bigint | number | boolean | Uint8Array | PublicKey;

/** One event of the program: its name (`RoundCommitted`) and its fields in camel case. */
export interface ProgramEvent {
  readonly name: string;
  readonly fields: Readonly<Record<string, EventValue>>;
}

/** The program's events in a transaction's logs, in order. Lines of other programs are passed over. */
export function parseEvents(program: PublicKey, logs: readonly string[]): ProgramEvent[] {
  const events: ProgramEvent[] = [];
  for (const { name, data } of new EventParser(program, CODER).parseLogs([...logs])) {
    const fields: Record<string, EventValue> = {};
    for (const [key, value] of Object.entries<unknown>(data))
      fields[camelCase(key)] = eventValue(value);
    events.push({ name, fields });
  }
  return events;
}

function eventValue(value: unknown): EventValue {
  if (typeof value === "number" || typeof value === "boolean" || value instanceof PublicKey)
    return value;
  if (Array.isArray(value)) return Uint8Array.from(value);
  return BigInt(String(value));
}
