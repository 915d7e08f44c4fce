import { ENDPOINTS, type FederationEvent } from "@plenary/protocol";
import { Client } from "pg";
import type { MemberSettings, MemberTimes, Way } from "./member.ts";
import { startMembers } from "./members.ts";
import type { BenchFederation, BenchStack } from "./stack.ts";

/**
 * Milliseconds of one round, by what the service and its database recorded. The parts follow one
 * another.
 */
export interface RoundTimes {
  /** From the round's opening to its commit on chain, as both are recorded in the database. */
  readonly total: number;
  /**
   * Until the last member's update is stored and has its receipt: downloads, encoding, signatures
   * and uploads.
   */
  readonly upload: number;
  /** Until the last update is screened and folded; most are while others still arrive. */
  readonly screening: number;
  /** Server step, roots, manifest, model and state stored. */
  readonly completion: number;
  /** Signing, sending and confirming round_commit. */
  readonly chain: number;
  readonly members: readonly MemberTimes[];
}

/** Federations with the same members' processes, all between rounds. */
export interface Plenary {
  /** Runs one round of a federation, by its place. */
  round(place: number): Promise<RoundTimes>;
  stop(): Promise<void>;
}

export interface PlenarySettings {
  readonly stack: BenchStack;
  readonly clients: number;
  readonly parameters: number;
  readonly ways: readonly { readonly codec: string; readonly way: Way }[];
}

/** Founds a federation for each mode of measuring and starts the members' processes. */
export async function startPlenary(settings: PlenarySettings): Promise<Plenary> {
  const { stack, clients, parameters, ways } = settings;
  const federations: BenchFederation[] = [];
  for (const id of ways.keys())
    federations.push(await stack.foundFederation({ id: id + 1, members: clients, parameters }));
  const members = await startMembers(await memberSettings(settings, federations));
  const database = new Client({ connectionString: stack.databaseUrl });
  await database.connect();
  const listeners: ((type: FederationEvent["type"]) => Promise<string>)[] = [];
  for (const { address } of federations)
    listeners.push(await listen(database, Buffer.from(address.toBytes())));
  return {
    async round(place) {
      const [federation, nextEvent] = [federations[place]!, listeners[place]!];
      const call = {
        params: { federation: federation.address.toBase58() },
        signer: federation.signer,
      };
      await stack.service.call(ENDPOINTS.federationResume, call);
      const number = await nextEvent("round-opened");
      const taken = members.takePart(place);
      // The open round continues; no other begins before the next measurement.
      await stack.service.call(ENDPOINTS.federationPause, call);
      const times = await taken;
      await nextEvent("round-committed");
      return { ...(await readTimes(database, federation, number)), members: times };
    },
    async stop() {
      members.stop();
      await database.end();
    },
  };
}

async function memberSettings(
  { stack, clients, parameters, ways }: PlenarySettings,
  federations: readonly BenchFederation[],
): Promise<MemberSettings[]> {
  const params = { federation: federations[0]!.address.toBase58() };
  const { genesisHash, programId } = await stack.service.call(ENDPOINTS.federationRead, { params });
  return Array.from({ length: clients }, (_, index) => ({
    ...{ serviceUrl: stack.serviceUrl, genesisHash, programId, parameters, index },
    memberships: federations.map(({ address, members }, place) => {
      const { address: member, keypair } = members[index]!;
      return {
        federation: address.toBase58(),
        member: member.toBase58(),
        secretKey: Buffer.from(keypair.secretKey).toString("base64"),
        ...ways[place]!,
      };
    }),
  }));
}

/**
 * Waits for events of a federation where the service reads them itself, so that none is missed and
 * nothing is polled.
 */
async function listen(database: Client, federation: Uint8Array) {
  const notified: (() => void)[] = [];
  database.on("notification", () => {
    for (const wake of notified.splice(0)) wake();
  });
  await database.query("LISTEN plenary_events");
  let seen = await newest(database, federation);
  /** The round of the next event of that type; earlier events are skipped. */
  return async (type: FederationEvent["type"]): Promise<string> => {
    for (;;) {
      const notification = new Promise<void>((wake) => notified.push(wake));
      const { rows } = await database.query<{ id: string; type: string; round: string }>(
        "SELECT id, type, round FROM events WHERE federation = $1 AND id > $2 ORDER BY id",
        [federation, seen],
      );
      for (const row of rows) {
        seen = row.id;
        if (row.type === type) return row.round;
        if (row.type === "round-void")
          throw new Error("The round became void; see the service's log.");
      }
      await notification;
    }
  };
}

async function newest(database: Client, federation: Uint8Array): Promise<string> {
  const { rows } = await database.query<{ id: string }>(
    "SELECT coalesce(max(id), 0) AS id FROM events WHERE federation = $1",
    [federation],
  );
  return rows[0]?.id ?? "0";
}

async function readTimes(
  database: Client,
  federation: BenchFederation,
  round: string,
): Promise<Omit<RoundTimes, "members">> {
  const key = [Buffer.from(federation.address.toBytes()), round];
  const { rows: events } = await database.query<{ type: string; at: string }>(
    "SELECT type, max(at) AS at FROM events WHERE federation = $1 AND round = $2 GROUP BY type",
    key,
  );
  const { rows: planned } = await database.query<{ created_at: string }>(
    "SELECT created_at FROM transactions WHERE federation = $1 AND round = $2 AND kind = 'commit'",
    key,
  );
  const at = (type: string) => Number(events.find((event) => event.type === type)?.at);
  const [opened, received, screened] = [
    at("round-opened"),
    at("update-received"),
    at("update-screened"),
  ];
  const [computed, committed] = [Number(planned[0]?.created_at), at("round-committed")];
  return {
    total: committed - opened,
    upload: received - opened,
    screening: screened - received,
    completion: computed - screened,
    chain: committed - computed,
  };
}
