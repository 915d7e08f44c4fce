import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bondWithdraw,
  PROGRAM_ID,
  payoutUpdate,
  TOKEN_2022_PROGRAM,
  TOKEN_PROGRAM,
  vaultWithdraw,
} from "@plenary/chain";
import {
  createCloseAccountInstruction,
  createEnableCpiGuardInstruction,
  createEnableRequiredMemoTransfersInstruction,
  createFreezeAccountInstruction,
  createReallocateInstruction,
  createTransferInstruction,
  ExtensionType,
} from "@solana/spl-token";
import type { Keypair, PublicKey, TransactionInstruction } from "@solana/web3.js";
import { Scenario } from "../testing/scenario.ts";
import { TestChain } from "../testing/test-chain.ts";
import { createExtendedMint, type MintExtension } from "../testing/token-2022.ts";
import { createMint } from "../testing/tokens.ts";

const REFUSED: readonly (readonly [string, readonly MintExtension[]])[] = [
  ["MintTakesFee", [ExtensionType.TransferFeeConfig]],
  ["MintCallsHook", [ExtensionType.TransferHook]],
  ["MintHasPermanentDelegate", [ExtensionType.PermanentDelegate]],
  ["MintNotTransferable", [ExtensionType.NonTransferable]],
  ["MintFreezesAccounts", [ExtensionType.DefaultAccountState]],
  ["MintCanPause", [ExtensionType.PausableConfig]],
  ["MintCanClose", [ExtensionType.MintCloseAuthority]],
  ["MintHidesAmounts", [ExtensionType.ConfidentialTransferMint, 24]],
  ["MintCallsHook", [ExtensionType.MetadataPointer, ExtensionType.TransferHook]],
];

const ACCEPTED: readonly MintExtension[] = [
  ExtensionType.MetadataPointer,
  ExtensionType.GroupPointer,
  ExtensionType.GroupMemberPointer,
  ExtensionType.InterestBearingConfig,
  ExtensionType.ScaledUiAmountConfig,
  ExtensionType.ConfidentialTransferMint,
];

for (const [error, extensions] of REFUSED) {
  test(`a mint with the extensions ${extensions.join(", ")} is refused: ${error}`, () => {
    const chain = new TestChain();
    const scenario = new Scenario(
      chain,
      "first",
      {},
      createExtendedMint(chain, "refused", extensions),
    );
    scenario.refuse(error, scenario.createInstruction(), [scenario.authority]);
  });
}

for (const extension of ACCEPTED) {
  test(`a mint with the extension ${ExtensionType[extension]} pays like any other`, () => {
    const chain = new TestChain();
    const scenario = Scenario.ready(
      "first",
      {},
      chain,
      createExtendedMint(chain, "mint", [extension]),
    );
    const owner = scenario.join("one");
    const earned = scenario.earned([owner, 100n]);
    const number = scenario.completeRound(earned);
    scenario.run("reward_claim", scenario.claimInstruction(number, owner, earned), [
      scenario.stranger,
    ]);
    assert.equal(chain.tokens(scenario.tokenAccount(owner)), 50n + 100n);
  });
}

test("a mint with an unknown extension is refused", () => {
  const chain = new TestChain();
  const mint = createExtendedMint(chain, "mint", [ExtensionType.MetadataPointer]);
  const data = chain.data(mint);
  assert.ok(data !== null);
  for (const [low, high] of [
    [28, 0],
    [0x60, 0xea],
    // A mint cannot have extensions of token accounts.
    [ExtensionType.ImmutableOwner, 0],
  ] as const) {
    // The type of the first extension follows the account type.
    chain.setData(mint, TOKEN_2022_PROGRAM, data.with(166, low).with(167, high));
    const scenario = new Scenario(chain, "first", {}, mint);
    scenario.refuse("MintExtensionUnknown", scenario.createInstruction(), [scenario.authority]);
  }
});

test("an account of another program is refused as a mint", () => {
  const chain = new TestChain();
  const real = createMint(chain, "mint");
  const data = chain.data(real);
  assert.ok(data !== null);
  const forged = chain.actor("forged").publicKey;
  chain.setData(forged, PROGRAM_ID, data);
  const scenario = new Scenario(chain, "first", {}, forged);
  const tokenProgram = TOKEN_PROGRAM;
  scenario.refuse("AccountOwnedByWrongProgram", scenario.createInstruction({ tokenProgram }), [
    scenario.authority,
  ]);
});

test("the authority and the aggregator of a Token-2022 federation get their tokens back", () => {
  const { scenario } = withExtendedMint();
  const { federation, mint: rewardMint, tokenProgram, authority, aggregator } = scenario;
  const token = { federation, rewardMint, tokenProgram };
  const destination = scenario.tokensFor(authority, 0n);
  const withdraw = { ...token, authority: authority.publicKey, destination, amount: 10_000n };
  scenario.run("vault_withdraw", vaultWithdraw(PROGRAM_ID, withdraw), [authority]);
  assert.equal(scenario.chain.tokens(destination), 10_000n);
  const home = scenario.tokenAccount(aggregator);
  const bond = { ...token, signer: aggregator.publicKey, destination: home, amount: 600n };
  scenario.run("bond_withdraw", bondWithdraw(PROGRAM_ID, bond), [aggregator]);
  assert.equal(scenario.chain.tokens(home), 10_000n);
});

test("an instruction that names the other token program is refused", () => {
  const { scenario } = withExtendedMint();
  const owner = scenario.chain.actor("one");
  scenario.tokensFor(owner, 100n);
  const join = scenario.joinInstruction(owner, { tokenProgram: TOKEN_PROGRAM });
  assert.notEqual(scenario.chain.send(join, [scenario.payer, owner]).error, null);
});

/**
 * Ways in which the owner, or the mint's freeze authority, can make an account that cannot be paid.
 */
const DEAF: readonly (readonly [string, (scenario: Scenario, owner: Keypair) => void, RegExp])[] = [
  [
    "asks for a memo",
    (scenario, owner) =>
      configure(
        scenario,
        owner,
        ExtensionType.MemoTransfer,
        createEnableRequiredMemoTransfersInstruction,
      ),
    /No memo in previous instruction/,
  ],
  [
    "is frozen",
    (scenario, owner) => {
      const treasury = scenario.chain.actor("treasury");
      const freeze = createFreezeAccountInstruction(
        scenario.tokenAccount(owner),
        scenario.mint,
        treasury.publicKey,
        [],
        scenario.tokenProgram,
      );
      scenario.run("freeze", [freeze], [treasury]);
    },
    /Account is frozen/,
  ],
  [
    "is closed",
    (scenario, owner) => {
      const { stranger, tokenProgram, chain } = scenario;
      const account = scenario.tokenAccount(owner);
      const to = scenario.tokensFor(stranger, 0n);
      const key = owner.publicKey;
      const empty = createTransferInstruction(
        account,
        to,
        key,
        chain.tokens(account),
        [],
        tokenProgram,
      );
      const close = createCloseAccountInstruction(account, key, key, [], tokenProgram);
      scenario.run("close", [empty, close], [owner]);
    },
    /AccountNotInitialized/,
  ],
];

for (const [name, deafen, reason] of DEAF) {
  test(`a payout account that ${name} only hurts its own member, until it names another`, () => {
    const { scenario, first, second } = withExtendedMint();
    const earned = scenario.earned([first, 100n], [second, 200n]);
    const number = scenario.completeRound(earned);
    deafen(scenario, first);
    const claim = scenario.chain.send(scenario.claimInstruction(number, first, earned), [
      scenario.stranger,
    ]);
    assert.notEqual(claim.error, null);
    assert.match(claim.logs.join("\n"), reason);
    assert.equal(scenario.member(first).claimedTotal, 0n);
    scenario.run("reward_claim", scenario.claimInstruction(number, second, earned), [
      scenario.stranger,
    ]);
    const later = scenario.earned([first, 100n], [second, 300n]);
    const next = scenario.completeRound(later);
    scenario.run("reward_claim", scenario.claimInstruction(next, second, later), [
      scenario.stranger,
    ]);
    const payout = scenario.tokensFor(scenario.chain.actor("elsewhere"), 0n);
    const update = payoutUpdate(PROGRAM_ID, {
      federation: scenario.federation,
      owner: first.publicKey,
      payout,
    });
    scenario.run("payout_update", update, [first]);
    scenario.run("reward_claim", scenario.claimInstruction(next, first, later, { payout }), [
      scenario.stranger,
    ]);
    assert.equal(scenario.chain.tokens(payout), 100n);
  });
}

test("a payout account with a CPI guard receives rewards, but no stake can be taken from it", () => {
  const { scenario, first } = withExtendedMint();
  configure(scenario, first, ExtensionType.CpiGuard, createEnableCpiGuardInstruction);
  const earned = scenario.earned([first, 100n]);
  const number = scenario.completeRound(earned);
  scenario.run("reward_claim", scenario.claimInstruction(number, first, earned), [
    scenario.stranger,
  ]);
  assert.equal(scenario.chain.tokens(scenario.tokenAccount(first)), 50n + 100n);
  const guarded = scenario.chain.actor("guarded");
  scenario.tokensFor(guarded, 100n);
  configure(scenario, guarded, ExtensionType.CpiGuard, createEnableCpiGuardInstruction);
  const join = scenario.chain.send(scenario.joinInstruction(guarded), [scenario.payer, guarded]);
  assert.match(join.logs.join("\n"), /CPI Guard/);
});

function withExtendedMint(): { scenario: Scenario; first: Keypair; second: Keypair } {
  const chain = new TestChain();
  const mint = createExtendedMint(chain, "mint", [ExtensionType.MetadataPointer]);
  const scenario = Scenario.ready("first", {}, chain, mint);
  return { scenario, first: scenario.join("one"), second: scenario.join("two") };
}

/** Adds an extension to the owner's token account and enables it. */
function configure(
  scenario: Scenario,
  owner: Keypair,
  extension: ExtensionType,
  enable: (
    account: PublicKey,
    owner: PublicKey,
    cosigners: [],
    program: PublicKey,
  ) => TransactionInstruction,
): void {
  const { tokenProgram } = scenario;
  const [account, key] = [scenario.tokenAccount(owner), owner.publicKey];
  const grow = createReallocateInstruction(account, key, [extension], key, [], tokenProgram);
  scenario.run("configure", [grow, enable(account, key, [], tokenProgram)], [owner]);
}
