import { EventParser } from "@coral-xyz/anchor";
import type { PublicKey } from "@solana/web3.js";
import { fieldsFromAnchor } from "./codec.ts";
import { IDL } from "./generated/idl.ts";
import type { Events } from "./generated/structures.ts";
import { definitionOf, shapeOf } from "./idl/schema.ts";
import { CODER } from "./program.ts";

/** One event of the program: its name, such as `RoundCommitted`, and its fields. */
export type ProgramEvent = {
  [Name in keyof Events]: { readonly name: Name; readonly fields: Events[Name] };
}[keyof Events];

/** The fields of the events with this name, in order. */
export function eventsNamed<Name extends keyof Events>(
  events: readonly ProgramEvent[],
  name: Name,
): Events[Name][] {
  return events.flatMap((event) => (isNamed(event, name) ? [event.fields] : []));
}

function isNamed<Name extends keyof Events>(
  event: ProgramEvent,
  name: Name,
): event is ProgramEvent & { readonly fields: Events[Name] } {
  return event.name === name;
}

/** The program's events in a transaction's logs, in order. Skips lines of other programs. */
export function parseEvents(program: PublicKey, logs: readonly string[]): ProgramEvent[] {
  const parsed = [...new EventParser(program, CODER).parseLogs([...logs])];
  return parsed.map(({ name, data }) => {
    const shape = shapeOf(definitionOf(IDL, name));
    const fields = fieldsFromAnchor(shape.kind === "struct" ? shape.fields : [], data, name);
    // The parser finds events by the IDL, from which the union is generated.
    return { name, fields } as unknown as ProgramEvent;
  });
}
