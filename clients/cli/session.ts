import { PlenaryError } from "@plenary/protocol";
import { type OpenFederation, openFederation, readKeypair } from "@plenary/sdk";
import type { Keypair } from "@solana/web3.js";
import { type Settings, VARIABLES } from "./config.ts";
import type { Output } from "./output.ts";

/** What every command works with: settings (command line over environment), output, and the signal of Ctrl-C. */
export interface Session {
  readonly settings: Settings;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** A setting that the command cannot do without. Throws `invalid-input` saying how to give it. */
export function required(session: Session, name: keyof Settings): string {
  const value = session.settings[name];
  if (value !== undefined) return value;
  throw new PlenaryError("invalid-input", `--${name} is missing: give it, or set ${VARIABLES[name]}.`, {
    field: name,
  });
}

/** The federation that the settings name, checked against the chain. */
export function openConfigured(session: Session): Promise<OpenFederation> {
  return openFederation({
    service: required(session, "service"),
    rpc: required(session, "rpc"),
    federation: session.settings.federation,
    program: session.settings.program,
    signal: session.signal,
  });
}

export function configuredKeypair(session: Session): Promise<Keypair> {
  return readKeypair(required(session, "keypair"));
}
