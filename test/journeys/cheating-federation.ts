/**
 * `npm run cheating-federation [KEYPAIR...]`: a federation whose aggregator alters one integer of
 * one chunk before it commits its last round. The accounts of the keypairs are given what a
 * challenger needs. Stays up until Ctrl-C; docs/verify.md walks through it.
 */
import { CHUNK_LENGTH } from "@plenary/protocol";
import { readKeypair } from "@plenary/sdk";
import { foundFederation, openGround, runMembers } from "./local-federation.ts";

const ROUND = 7;
const CHUNK = 311;
/** Somewhere in the chunk. */
const PARAMETER = CHUNK * CHUNK_LENGTH + 17;
/** Seconds: long enough for a stranger to look at the round, and to prove the fault. */
const CHALLENGE_WINDOW = 900;

const worker = "services/aggregator/testing/actors/cheating-worker.ts";
const strangers = await Promise.all(process.argv.slice(2).map(readKeypair));
const { ground, close } = await openGround({ worker: [worker, `${ROUND}:integer:${PARAMETER}`] });
const end = async () => {
  await close();
  process.exit(0);
};
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void end());
const founded = await foundFederation(ground, { total: ROUND }, CHALLENGE_WINDOW);
for (const { publicKey } of strangers) await founded.equip(publicKey);
await runMembers(ground, founded);
const { serviceUrl, rpcUrl } = ground.stack;
console.log(
  `Round ${ROUND} is committed. Service: ${serviceUrl}, chain: ${rpcUrl}. Ctrl-C stops them.`,
);
