import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { EMPTY_ROOT, PlenaryError } from "@plenary/protocol";
import { Connection, Keypair, type PublicKey } from "@solana/web3.js";
import {
  createTestMint,
  digest,
  giveSol,
  startChain,
  type TestChain,
  testFederationCreate,
  testTerms,
} from "../../testing/index.ts";
import {
  eventsNamed,
  federationAddress,
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
  readMint,
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
} from "./index.ts";

/* The client against a running node with the committed program. */

const authority = Keypair.generate();
const federation = federationAddress(PROGRAM_ID, authority.publicKey, 1n);
let chain: TestChain;
let connection: Connection;
let mint: PublicKey;

before(async () => {
  chain = await startChain();
  connection = chain.connection;
  await giveSol(connection, authority.publicKey, 10);
  mint = await createTestMint(connection, authority, [authority.publicKey], 1000n);
});

after(() => chain.stop());

test("creates a federation, reads it back and reads its open round", async () => {
  assert.equal(await readFederation(connection, federation), null);
  const terms = testTerms(authority.publicKey, { challengeWindow: 0, collectLimit: 60, grace: 60 });
  const instructions = testFederationCreate(authority.publicKey, mint, terms);
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
  const source = tokenAccountAddress(mint, authority.publicKey);
  const owner = { federation, rewardMint: mint, owner: authority.publicKey };
  const join = {
    ...owner,
    payer: authority.publicKey,
    source,
    payout: source,
    updateKey: mint,
    stake: 0n,
  };
  await sendTransaction(connection, memberJoin(PROGRAM_ID, join), [authority]);
  const fund = {
    federation,
    rewardMint: mint,
    funder: authority.publicKey,
    source,
    amount: 500n,
  };
  await sendTransaction(connection, vaultFund(PROGRAM_ID, fund), [authority]);
  const open = {
    federation,
    aggregator: authority.publicKey,
    payer: authority.publicKey,
    number: 1n,
  };
  const roots = { baseRoot: digest("model"), baseStateRoot: EMPTY_ROOT, collectSeconds: 60 };
  await sendTransaction(connection, roundOpen(PROGRAM_ID, { ...open, ...roots }), [authority]);
  assert.equal((await readFederation(connection, federation))?.openRound, 1n);

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
  assert.deepEqual(await listMembers(connection, PROGRAM_ID, mint), []);
});

test("a mint names its token program, and no other account passes for a mint", async () => {
  assert.ok((await readTokenProgram(connection, mint)).equals(TOKEN_PROGRAM));
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
  const { decimals, authority: minter } = await readMint(connection, other.publicKey);
  assert.deepEqual([decimals, minter?.toBase58()], [6, payer.toBase58()]);
  const refuse = (address: PublicKey, code: string) =>
    assert.rejects(
      readTokenProgram(connection, address),
      (error) => error instanceof PlenaryError && error.code === code,
    );
  await refuse(Keypair.generate().publicKey, "not-found");
  await refuse(federation, "invalid-input");
  await refuse(destination, "invalid-input");
});

test("a refusal has the name and the sentence of the program's error", async () => {
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

test("an unreachable node is named", async () => {
  const nowhere = new Connection("http://127.0.0.1:9", { disableRetryOnRateLimit: true });
  const unavailable = (error: unknown) =>
    error instanceof PlenaryError &&
    error.code === "chain-unavailable" &&
    error.context.endpoint === "127.0.0.1:9";
  await assert.rejects(readFederation(nowhere, federation), unavailable);
  await assert.rejects(sendTransaction(nowhere, [], [authority]), unavailable);
});
