import { existsSync, readFileSync } from "node:fs";
import { parserOf } from "@plenary/protocol";
import { type Home, LocalStackError, replaceFile } from "@plenary/stack";
import Type, { type Static } from "typebox";
import { DEFAULTS, type Options } from "./options.ts";
import { countTrainingGroups, planRun, type RunPlan } from "./plan-federation.ts";

const RecordSchema = Type.Object(
  {
    version: Type.Literal(1),
    /** Distinguishes the federations of this home, on chain too. */
    id: Type.Integer({ minimum: 1 }),
    settings: Type.Object(
      {
        rounds: Type.Integer({ minimum: 1 }),
        clients: Type.Integer({ minimum: 1 }),
        dataset: Type.String({ minLength: 1 }),
        /** Absent: the seed draws the unseen groups. */
        unseen: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
        seed: Type.Integer({ minimum: 0 }),
        engine: Type.Union([Type.Literal("native"), Type.Literal("wasm")]),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);
/** Which federation a home runs. */
export type FederationRecord = Static<typeof RecordSchema>;

const parseRecord = parserOf(RecordSchema, "federation.json");

/** The federation to run, with its plan. */
export interface PreparedRun extends FederationRecord {
  readonly isNew: boolean;
  readonly plan: RunPlan;
}

/**
 * The federation to run: the one in the home, or a new one with the given options, which is
 * recorded once its plan is known to work. Throws `option-invalid` if an option differs from
 * those that the federation in the home was founded with: its configuration is recorded on chain.
 * Throws what is wrong with data set or options.
 */
export async function prepareRun(home: Home, options: Options): Promise<PreparedRun> {
  const file = home.file("federation.json");
  const known = existsSync(file) ? parseRecord(JSON.parse(readFileSync(file, "utf8"))) : null;
  if (known !== null && !options.fresh) {
    refuseOtherOptions(home, options, known);
    return { ...known, isNew: false, plan: await planRun(known.settings) };
  }
  const survey = {
    dataset: options.dataset ?? DEFAULTS.dataset,
    ...(options.unseen !== undefined && { unseen: [...options.unseen] }),
    seed: options.seed ?? DEFAULTS.seed,
  };
  const settings = {
    rounds: options.rounds ?? DEFAULTS.rounds,
    clients: options.clients ?? Math.min(DEFAULTS.clients, await countTrainingGroups(survey)),
    ...survey,
    engine: options.engine ?? DEFAULTS.engine,
  };
  const plan = await planRun(settings);
  const record: FederationRecord = { version: 1, id: (known?.id ?? 0) + 1, settings };
  replaceFile(file, `${JSON.stringify(record, null, 2)}\n`);
  return { ...record, isNew: true, plan };
}

function refuseOtherOptions(home: Home, options: Options, { settings }: FederationRecord): void {
  for (const name of ["rounds", "clients", "dataset", "unseen", "seed", "engine"] as const) {
    const [asked, founded] = [options[name], settings[name]].map((value) => value?.toString());
    if (asked === undefined || asked === founded) continue;
    const was = founded === undefined ? `without --${name}` : `with --${name} ${founded}`;
    throw new LocalStackError(
      "option-invalid",
      `The federation in ${home.path} was founded ${was}, not with ${asked}. Leave the option out to continue it, add --fresh to begin another, or set PLENARY_HOME to another folder.`,
      { option: name },
    );
  }
}
