import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { EMPTY_ROOT, PlenaryError, sha256 } from "@plenary/protocol";
import { Connection, Keypair, type PublicKey } from "@solana/web3.js";
import {
  disconnect,
  eventsNamed,
  federationAddress,
  federationCreate,
  listFederations,
  listMembers,
  listRounds,
  MINT_LENGTH,
  memberAddress,
  memberJoin,
  mintCreate,
  mintTo,
  PROGRAM_ID,
  parseEvents,
  readFederation,
  readMember,
  readRound,
  readTokenProgram,
  roundAddress,
  roundFinalize,
  roundOpen,
  sendTransaction,
  TOKEN_2022_PROGRAM,
  TOKEN_PROGRAM,
  TransactionFailed,
  tokenAccountAddress,
  tokenAccountCreate,
  vaultFund,
  watchFederation,
} from "./index.ts";

/* The client against a running node with the committed program. */

const folder = mkdtempSync(join(tmpdir(), "plenary-chain-"));
const node = spawn(
  process.execPath,
  [join(import.meta.dirname, "../../services/localnet/main.ts")],
  {
    env: {
      ...process.env,
      PLENARY_LOCALNET_PORT: "0",
      PLENARY_LOCALNET_LEDGER: join(folder, "ledger"),
    },
    stdio: ["ignore", "pipe", "inherit"],
  },
);
const authority = Keypair.generate();
const mint = Keypair.generate();
const federation = federationAddress(PROGRAM_ID, authority.publicKey, 1n);
const digest = (label: string) => sha256(new TextEncoder().encode(label));
let connection: Connection;

before(async () => {
  for await (const line of createInterface({ input: node.stdout })) {
    const message: { msg?: string; rpc?: string } = JSON.parse(line);
    if (message.msg !== "ready" || message.rpc === undefined) continue;
    connection = new Connection(message.rpc, "confirmed");
    break;
  }
  await airdrop(authority, 10_000_000_000);
  await createMint();
});

after(async () => {
  disconnect(connection);
  node.kill("SIGTERM");
  await once(node, "exit");
  rmSync(folder, { recursive: true, force: true });
});

async function airdrop({ publicKey }: Keypair, lamports: number): Promise<void> {
  const signature = await connection.requestAirdrop(publicKey, lamports);
  const status = async () => (await connection.getSignatureStatuses([signature])).value[0];
  for (
    let look = 0;
    ((await status())?.confirmationStatus ?? "processed") === "processed";
    look++
  ) {
    assert.ok(look < 200, "the airdrop is not confirmed");
    await setTimeout(50);
  }
}

async function createMint(): Promise<void> {
  const payer = authority.publicKey;
  const destination = tokenAccountAddress(mint.publicKey, payer);
  const rent = await connection.getMinimumBalanceForRentExemption(MINT_LENGTH);
  const create = mintCreate({ payer, mint: mint.publicKey, authority: payer, decimals: 6, rent });
  const account = tokenAccountCreate({ payer, mint: mint.publicKey, owner: payer });
  const supply = mintTo({ mint: mint.publicKey, authority: payer, destination, amount: 1000n });
  await sendTransaction(
    connection,
    [...create, ...account, ...account, ...supply],
    [authority, mint],
  );
  assert.equal((await connection.getTokenAccountBalance(destination)).value.amount, "1000");
}

test("creates a federation, reads it back and watches it change", async () => {
  assert.equal(await readFederation(connection, federation), null);
  const instructions = federationCreate(PROGRAM_ID, {
    authority: authority.publicKey,
    rewardMint: mint.publicKey,
    id: 1n,
    terms: {
      aggregator: authority.publicKey,
      admission: "open",
      configurationHash: digest("configuration"),
      maxUpdates: 16,
      maxWeight: 1000,
      rewardPerRound: 10n,
      minimumStake: 0n,
      minimumBond: 0n,
      challengeWindow: 0,
      collectLimit: 60,
      grace: 60,
      exitCooldown: 0,
    },
    modelRoot: digest("model"),
    stateRoot: EMPTY_ROOT,
    parameterCount: 10,
    rules: {
      aggregator: 0,
      strategy: 0,
      masking: 0,
      stateVectors: 0,
      provable: true,
      parameters: [0, 0, 0, 0, 0, 0, 0, 0],
    },
  });
  const signature = await sendTransaction(connection, instructions, [authority], {
    computeUnitPrice: 1,
  });
  const transaction = await connection.getTransaction(signature, {
    maxSupportedTransactionVersion: 0,
  });
  const events = parseEvents(PROGRAM_ID, transaction?.meta?.logMessages ?? []);
  assert.deepEqual(
    events.map(({ name }) => name),
    ["FederationCreated"],
  );
  assert.deepEqual(eventsNamed(events, "FederationCreated")[0]?.modelRoot, digest("model"));

  const read = await readFederation(connection, federation);
  assert.ok(read !== null);
  assert.equal(read.rewardPerRound, 10n);
  assert.ok(read.authority.equals(authority.publicKey));
  assert.deepEqual(
    (await listFederations(connection, PROGRAM_ID)).map(({ address }) => address),
    [federation],
  );
});

test("members and rounds are found by their federation", async () => {
  const source = tokenAccountAddress(mint.publicKey, authority.publicKey);
  const owner = { federation, rewardMint: mint.publicKey, owner: authority.publicKey };
  const join = {
    ...owner,
    payer: authority.publicKey,
    source,
    payout: source,
    updateKey: mint.publicKey,
    stake: 0n,
  };
  await sendTransaction(connection, memberJoin(PROGRAM_ID, join), [authority]);
  const fund = {
    federation,
    rewardMint: mint.publicKey,
    funder: authority.publicKey,
    source,
    amount: 500n,
  };
  await sendTransaction(connection, vaultFund(PROGRAM_ID, fund), [authority]);
  const opened = new Promise<bigint>((resolve) => {
    const stop = watchFederation(connection, federation, ({ openRound }) => {
      if (openRound === 0n) return;
      resolve(openRound);
      void stop();
    });
  });
  const open = {
    federation,
    aggregator: authority.publicKey,
    payer: authority.publicKey,
    number: 1n,
  };
  const roots = { baseRoot: digest("model"), baseStateRoot: EMPTY_ROOT, collectSeconds: 60 };
  await sendTransaction(connection, roundOpen(PROGRAM_ID, { ...open, ...roots }), [authority]);
  assert.equal(await opened, 1n);

  const member = memberAddress(PROGRAM_ID, federation, authority.publicKey);
  assert.deepEqual(
    (await listMembers(connection, PROGRAM_ID, federation)).map(({ address }) => address),
    [member],
  );
  assert.equal((await readMember(connection, member))?.joinedRound, 1n);
  const round = roundAddress(PROGRAM_ID, federation, 1n);
  assert.deepEqual(
    (await listRounds(connection, PROGRAM_ID, federation)).map(({ number }) => number),
    [1n],
  );
  const read = await readRound(connection, round);
  assert.equal(read?.status, "open");
  assert.notDeepEqual(read?.slotHash, new Uint8Array(32));
  assert.deepEqual(await listMembers(connection, PROGRAM_ID, mint.publicKey), []);
});

test("a mint names its token program, and nothing else passes for a mint", async () => {
  assert.ok((await readTokenProgram(connection, mint.publicKey)).equals(TOKEN_PROGRAM));
  const payer = authority.publicKey;
  const other = Keypair.generate();
  const rent = await connection.getMinimumBalanceForRentExemption(MINT_LENGTH);
  const tokenProgram = TOKEN_2022_PROGRAM;
  const token = { mint: other.publicKey, authority: payer, tokenProgram };
  const create = mintCreate({ ...token, payer, decimals: 6, rent });
  const account = tokenAccountCreate({ ...token, payer, owner: payer });
  const destination = tokenAccountAddress(other.publicKey, payer, tokenProgram);
  const supply = mintTo({ ...token, destination, amount: 7n });
  await sendTransaction(connection, [...create, ...account, ...supply], [authority, other]);
  assert.ok((await readTokenProgram(connection, other.publicKey)).equals(TOKEN_2022_PROGRAM));
  assert.equal((await connection.getTokenAccountBalance(destination)).value.amount, "7");
  const refuse = (address: PublicKey, code: string) =>
    assert.rejects(
      readTokenProgram(connection, address),
      (error) => error instanceof PlenaryError && error.code === code,
    );
  await refuse(Keypair.generate().publicKey, "not-found");
  await refuse(federation, "invalid-input");
});

test("a refusal names the program's error and says its sentence", async () => {
  const finalize = roundFinalize(PROGRAM_ID, { federation, number: 1n });
  await assert.rejects(sendTransaction(connection, finalize, [authority]), (error) => {
    assert.ok(error instanceof TransactionFailed);
    assert.equal(error.programError, "RoundNotCommitted");
    assert.equal(error.message, "The round is not committed.");
    assert.equal(error.context.program, PROGRAM_ID.toBase58());
    assert.ok(error.logs.length > 0);
    return true;
  });
  const missing = roundFinalize(PROGRAM_ID, { federation, number: 9n });
  await assert.rejects(
    sendTransaction(connection, missing, [authority]),
    (error) => error instanceof TransactionFailed && error.programError === "AccountNotInitialized",
  );
});

test("a node that is not there is named", async () => {
  const nowhere = new Connection("http://127.0.0.1:9", { disableRetryOnRateLimit: true });
  const unavailable = (error: unknown) =>
    error instanceof PlenaryError &&
    error.code === "chain-unavailable" &&
    error.context.endpoint === "127.0.0.1:9";
  await assert.rejects(readFederation(nowhere, federation), unavailable);
  await assert.rejects(sendTransaction(nowhere, [], [authority]), unavailable);
});
