import {
  authorityAccept,
  authorityPropose,
  bondDeposit,
  bondWithdraw,
  federationPause,
  federationUpdate,
  PROGRAM_ID,
  vaultFund,
  vaultWithdraw,
} from "@plenary/chain";
import type { Keypair } from "@solana/web3.js";
import { accepting, type Ground, type NamedStep, TOKEN_ACCOUNTS } from "./ground.ts";

/** Terms, authority, vault and bond, in the order in which one federation can go through them. */
export function governanceSteps({ mine }: Ground): readonly NamedStep[] {
  const { federation, mint: rewardMint, authority, aggregator } = mine;
  return [
    [
      "federation_update",
      () => ({
        instructions: federationUpdate(PROGRAM_ID, {
          federation,
          authority: at(authority),
          terms: mine.terms,
        }),
        signers: [authority],
      }),
    ],
    [
      "federation_pause",
      () => ({
        instructions: federationPause(PROGRAM_ID, {
          federation,
          authority: at(authority),
          paused: true,
        }),
        signers: [authority],
      }),
    ],
    [
      "federation_pause",
      () => ({
        instructions: federationPause(PROGRAM_ID, {
          federation,
          authority: at(authority),
          paused: false,
        }),
        signers: [authority],
      }),
    ],
    [
      "authority_propose",
      () => ({
        instructions: authorityPropose(PROGRAM_ID, {
          federation,
          authority: at(authority),
          proposed: at(authority),
        }),
        signers: [authority],
      }),
    ],
    [
      "authority_accept",
      () => ({
        instructions: authorityAccept(PROGRAM_ID, { federation, proposedAuthority: at(authority) }),
        signers: [authority],
      }),
    ],
    [
      "vault_fund",
      () => ({
        instructions: vaultFund(PROGRAM_ID, {
          federation,
          rewardMint,
          funder: at(aggregator),
          source: mine.tokenAccount(aggregator),
          amount: 10n,
        }),
        signers: [aggregator],
      }),
    ],
    [
      "vault_withdraw",
      () => ({
        instructions: vaultWithdraw(PROGRAM_ID, {
          federation,
          rewardMint,
          authority: at(authority),
          destination: mine.tokensFor(authority, 0n),
          amount: 5n,
        }),
        signers: [authority],
        accepted: accepting("destination", TOKEN_ACCOUNTS),
      }),
    ],
    [
      "bond_deposit",
      () => ({
        instructions: bondDeposit(PROGRAM_ID, {
          federation,
          rewardMint,
          aggregator: at(aggregator),
          source: mine.tokenAccount(aggregator),
          amount: 10n,
        }),
        signers: [aggregator],
      }),
    ],
    [
      "bond_withdraw",
      () => ({
        instructions: bondWithdraw(PROGRAM_ID, {
          federation,
          rewardMint,
          signer: at(aggregator),
          destination: mine.tokenAccount(aggregator),
          amount: 10n,
        }),
        signers: [aggregator],
      }),
    ],
  ];
}

const at = (key: Keypair) => key.publicKey;
