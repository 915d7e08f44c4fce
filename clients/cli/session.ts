import { type AnswerSet, PlenaryError, type Questionnaire } from "@plenary/protocol";
import {
  type FederationAccess,
  type OpenFederation,
  type OpenFederationOptions,
  openAccess,
  openChainContext,
  openFederation,
  publicKey,
  type ReadAnswersOptions,
  readAnswers,
  readKeypair,
} from "@plenary/sdk";
import type { Keypair, PublicKey } from "@solana/web3.js";
import { type Settings, VARIABLES } from "./config.ts";
import type { Output } from "./output/index.ts";

/**
 * What every command works with: the settings (command line over environment), the output, and the
 * signal of Ctrl-C.
 */
export interface Session {
  readonly settings: Settings;
  readonly output: Output;
  readonly signal: AbortSignal;
  /** How answers files are to be read. */
  readonly reading: ReadAnswersOptions;
}

/** The answers of --data. Throws as the SDK's `readAnswers` does, and if no file is named. */
export function configuredAnswers(
  session: Session,
  questionnaire: Questionnaire,
): Promise<AnswerSet> {
  return readAnswers(required(session, "data"), questionnaire, session.reading);
}

/** A setting that the command needs. Throws `invalid-input` saying how to give it. */
export function required(session: Session, name: keyof Settings): string {
  const value = session.settings[name];
  if (value !== undefined) return value;
  throw new PlenaryError(
    "invalid-input",
    `--${name} is missing: give it, or set ${VARIABLES[name]}.`,
    {
      field: name,
    },
  );
}

/**
 * The federation that the settings name, checked against the chain. A private one is read with the
 * keypair.
 */
export async function openConfigured(session: Session): Promise<OpenFederation> {
  return openFederation(await optionsOf(session));
}

/** Opens as `openConfigured` does, without what a private federation shows to members only. */
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

/**
 * The federation as the chain alone shows it. If the settings name it, no service is asked: leaving
 * a service that is down or unwilling must not need it.
 */
export async function chainConfigured(
  session: Session,
): Promise<Pick<FederationAccess, "connection" | "program" | "address">> {
  const { federation, program } = session.settings;
  if (federation !== undefined)
    return openChainContext({ rpc: required(session, "rpc"), federation, program });
  return accessConfigured(session).catch((error: unknown) => {
    if (!(error instanceof PlenaryError) || error.code !== "service-unavailable") throw error;
    const message = `${error.message} With --federation ADDRESS this command needs no service.`;
    throw new PlenaryError(error.code, message, error.context, { cause: error });
  });
}

/**
 * The owner's keypair, or else the newest of the update-signing keys; undefined if the settings
 * name none.
 */
export async function keypairIfAny(session: Session): Promise<Keypair | undefined> {
  if (session.settings.keypair !== undefined) return configuredKeypair(session);
  return (await configuredUpdateKeypairs(session)).at(-1);
}

export function configuredKeypair(session: Session): Promise<Keypair> {
  return readKeypair(required(session, "keypair"));
}

/** The keypairs of --update-key: around a rotation the old one and, after a comma, the new one. */
export function configuredUpdateKeypairs({ settings }: Session): Promise<Keypair[]> {
  return Promise.all((settings.updateKey?.split(",") ?? []).map((file) => readKeypair(file)));
}

/**
 * The owner of the membership that a command is about: --owner, or else the keypair's. Undefined if
 * the settings name none.
 */
export async function ownerIfAny(session: Session): Promise<PublicKey | undefined> {
  const { owner, keypair } = session.settings;
  if (owner !== undefined) return publicKey(owner, "member's owner");
  return keypair === undefined ? undefined : (await configuredKeypair(session)).publicKey;
}

/** The owner as in `ownerIfAny`. Throws `invalid-input` saying how to name it. */
export async function configuredOwner(session: Session): Promise<PublicKey> {
  const owner = await ownerIfAny(session);
  if (owner !== undefined) return owner;
  throw new PlenaryError(
    "invalid-input",
    `Whose membership? Give --keypair or set ${VARIABLES.keypair}. Without the owner's keypair, give --owner or set ${VARIABLES.owner}.`,
    { field: "owner" },
  );
}
