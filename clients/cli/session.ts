import { PlenaryError } from "@plenary/protocol";
import {
  type FederationAccess,
  type OpenFederation,
  type OpenFederationOptions,
  openAccess,
  openFederation,
  readKeypair,
} from "@plenary/sdk";
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

/** The federation that the settings name, checked against the chain; a private one is read with the keypair. */
export async function openConfigured(session: Session): Promise<OpenFederation> {
  return openFederation(await optionsOf(session));
}

/** As openConfigured, without what a private federation shows to members only. */
export async function accessConfigured(session: Session): Promise<FederationAccess> {
  return openAccess(await optionsOf(session));
}

async function optionsOf(session: Session): Promise<OpenFederationOptions> {
  return {
    service: required(session, "service"),
    rpc: required(session, "rpc"),
    federation: session.settings.federation,
    program: session.settings.program,
    keypair: await keypairIfAny(session),
    signal: session.signal,
  };
}

/** Undefined if the settings name none. */
export async function keypairIfAny(session: Session): Promise<Keypair | undefined> {
  return session.settings.keypair === undefined ? undefined : configuredKeypair(session);
}

export function configuredKeypair(session: Session): Promise<Keypair> {
  return readKeypair(required(session, "keypair"));
}
