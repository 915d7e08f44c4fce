type Environment = Readonly<Record<string, string>>;

/** Variables of the `plenary` command, each of which one member sets for itself. */
const MEMBER_VARIABLES = [
  "PLENARY_SERVICE_URL",
  "PLENARY_FEDERATION",
  "PLENARY_KEYPAIR",
  "PLENARY_UPDATE_KEY",
  "PLENARY_OWNER",
  "PLENARY_STATE",
  "PLENARY_DATA",
];
const OWN_VARIABLE = /^(PLENARY_.*|DATABASE_URL|REDIS_URL)$/;

/** What the service and the chain inherit: everything but what is meant for one member. */
export function serviceEnvironment(given: Environment): Record<string, string> {
  return without(given, (name) => MEMBER_VARIABLES.includes(name));
}

/**
 * What the members of a local run inherit: nothing of Plenary's. Each gets its settings as
 * arguments; a key or an owner in the environment of `npm start` would become every member's.
 */
export function memberEnvironment(given: Environment): Record<string, string> {
  return without(given, (name) => OWN_VARIABLE.test(name));
}

function without(given: Environment, dropped: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !dropped(name)));
}
