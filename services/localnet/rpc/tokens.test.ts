import assert from "node:assert/strict";
import { test } from "node:test";
import {
  approve,
  createMint,
  createWrappedNativeAccount,
  freezeAccount,
  getAccount,
  getMint,
  getOrCreateAssociatedTokenAccount,
  mintTo,
  TOKEN_2022_PROGRAM_ID,
  TOKEN_PROGRAM_ID,
  transferChecked,
} from "@solana/spl-token";
import { Keypair } from "@solana/web3.js";
import { startTestNode } from "../testing/test-node.ts";

for (const [name, program] of [
  ["SPL Token", TOKEN_PROGRAM_ID],
  ["Token-2022", TOKEN_2022_PROGRAM_ID],
] as const)
  test(`${name}: balances, supply, owners and delegates are as @solana/spl-token reads them`, async (t) => {
    const { connection, funded } = await startTestNode(t);
    const payer = await funded();
    const other = Keypair.generate();
    const mint = await createMint(
      connection,
      payer,
      payer.publicKey,
      payer.publicKey,
      6,
      undefined,
      undefined,
      program,
    );
    const accountOf = (owner: Keypair) =>
      getOrCreateAssociatedTokenAccount(
        connection,
        payer,
        mint,
        owner.publicKey,
        false,
        undefined,
        undefined,
        program,
      );
    const own = await accountOf(payer);
    const theirs = await accountOf(other);
    await mintTo(connection, payer, mint, own.address, payer, 5_000_001n, [], undefined, program);
    await approve(
      connection,
      payer,
      own.address,
      other.publicKey,
      payer,
      77n,
      [],
      undefined,
      program,
    );
    const signature = await transferChecked(
      connection,
      payer,
      own.address,
      mint,
      theirs.address,
      payer,
      2_500_000n,
      6,
      [],
      undefined,
      program,
    );

    const balance = await connection.getTokenAccountBalance(own.address);
    assert.deepEqual(balance.value, {
      amount: "2500001",
      decimals: 6,
      uiAmount: 2.500001,
      uiAmountString: "2.500001",
    });
    assert.equal((await connection.getTokenSupply(mint)).value.amount, "5000001");
    const largest = await connection.getTokenLargestAccounts(mint);
    assert.deepEqual(
      largest.value.map(({ address }) => address.toBase58()),
      [own.address.toBase58(), theirs.address.toBase58()],
    );
    const owned = await connection.getParsedTokenAccountsByOwner(payer.publicKey, { mint });
    const info: unknown = owned.value[0]?.account.data.parsed.info;
    assert.deepEqual(info, {
      mint: mint.toBase58(),
      owner: payer.publicKey.toBase58(),
      tokenAmount: balance.value,
      state: "initialized",
      isNative: false,
      delegate: other.publicKey.toBase58(),
      delegatedAmount: {
        amount: "77",
        decimals: 6,
        uiAmount: 0.000077,
        uiAmountString: "0.000077",
      },
    });
    assert.equal(
      (await connection.getTokenAccountsByOwner(other.publicKey, { programId: program })).value
        .length,
      1,
    );
    assert.equal(
      (await getAccount(connection, theirs.address, undefined, program)).amount,
      2_500_000n,
    );
    assert.equal((await getMint(connection, mint, undefined, program)).supply, 5_000_001n);
    const parsedMint = (await connection.getParsedAccountInfo(mint)).value?.data;
    assert.ok(
      parsedMint !== undefined && "parsed" in parsedMint && parsedMint.parsed.info.decimals === 6,
    );

    const meta = (
      await connection.getParsedTransaction(signature, { maxSupportedTransactionVersion: 0 })
    )?.meta;
    assert.deepEqual(
      meta?.postTokenBalances
        ?.map(({ owner, uiTokenAmount }) => [owner, uiTokenAmount.amount])
        .sort(),
      [
        [payer.publicKey.toBase58(), "2500001"],
        [other.publicKey.toBase58(), "2500000"],
      ].sort(),
    );
    await freezeAccount(connection, payer, theirs.address, mint, payer, [], undefined, program);
    const frozen = (await connection.getParsedAccountInfo(theirs.address)).value?.data;
    assert.ok(frozen !== undefined && "parsed" in frozen && frozen.parsed.info.state === "frozen");
  });

test("wrapped SOL, and addresses that are not token accounts", async (t) => {
  const { connection, funded } = await startTestNode(t);
  const payer = await funded();
  const wrapped = await createWrappedNativeAccount(
    connection,
    payer,
    payer.publicKey,
    1_000_000_000,
  );
  const data = (await connection.getParsedAccountInfo(wrapped)).value?.data;
  assert.ok(data !== undefined && "parsed" in data);
  assert.equal(data.parsed.info.isNative, true);
  assert.equal(data.parsed.info.tokenAmount.uiAmount, 1);
  await assert.rejects(connection.getTokenAccountBalance(payer.publicKey), /not a token account/);
  await assert.rejects(connection.getTokenSupply(wrapped), /not a token mint/);
  await assert.rejects(
    connection.getTokenAccountsByOwner(payer.publicKey, { mint: wrapped }),
    /could not find mint/,
  );
});
