/**
 * Settings that may come from the environment instead of the command line. An option on the command
 * line wins.
 */
export interface Settings {
  readonly service: string | undefined;
  readonly rpc: string | undefined;
  readonly program: string | undefined;
  readonly federation: string | undefined;
  readonly keypair: string | undefined;
  readonly updateKey: string | undefined;
  readonly owner: string | undefined;
  readonly state: string | undefined;
  readonly data: string | undefined;
}

/** Environment variable of each setting. */
export const VARIABLES = {
  service: "PLENARY_SERVICE_URL",
  rpc: "PLENARY_RPC_URL",
  program: "PLENARY_PROGRAM_ID",
  federation: "PLENARY_FEDERATION",
  keypair: "PLENARY_KEYPAIR",
  updateKey: "PLENARY_UPDATE_KEY",
  owner: "PLENARY_OWNER",
  state: "PLENARY_STATE",
  data: "PLENARY_DATA",
} as const satisfies Record<keyof Settings, string>;

/**
 * Reads the environment. Empty variables count as absent. Nothing else in this package reads it.
 */
export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Settings {
  const read = (name: keyof Settings) => environment[VARIABLES[name]] || undefined;
  return {
    service: read("service"),
    rpc: read("rpc"),
    program: read("program"),
    federation: read("federation"),
    keypair: read("keypair"),
    updateKey: read("updateKey"),
    owner: read("owner"),
    state: read("state"),
    data: read("data"),
  };
}
