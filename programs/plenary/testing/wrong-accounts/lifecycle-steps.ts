import {
  memberClose,
  memberExit,
  memberRotateKey,
  memberWithdraw,
  PROGRAM_ID,
  payoutUpdate,
  roundClose,
  roundFinalize,
  roundVoid,
} from "@plenary/chain";
import type { Keypair } from "@solana/web3.js";
import { keypairOf } from "../test-chain.ts";
import { accepting, type Ground, type NamedStep, SIGNERS, TOKEN_ACCOUNTS } from "./ground.ts";

/** Members, rounds and claims, in the order in which one federation can go through them. */
export function lifecycleSteps({ mine, owner, other, earned }: Ground): readonly NamedStep[] {
  const { federation, mint: rewardMint, authority, aggregator, payer, chain } = mine;
  return [
    [
      "member_join",
      () => {
        const joining = chain.actor("member three");
        mine.tokensFor(joining, 100n);
        return {
          instructions: mine.joinInstruction(joining),
          signers: [payer, joining],
          accepted: [
            ...accepting("payer", SIGNERS),
            ...accepting("authority", SIGNERS),
            ...accepting("payout", TOKEN_ACCOUNTS),
          ],
        };
      },
    ],
    [
      "member_rotate_key",
      () => ({
        instructions: memberRotateKey(PROGRAM_ID, {
          federation,
          owner: at(owner),
          updateKey: keypairOf("new key").publicKey,
        }),
        signers: [owner],
      }),
    ],
    [
      "payout_update",
      () => ({
        instructions: payoutUpdate(PROGRAM_ID, {
          federation,
          owner: at(owner),
          payout: mine.tokenAccount(owner),
        }),
        signers: [owner],
        accepted: accepting("payout", TOKEN_ACCOUNTS),
      }),
    ],
    [
      "round_open",
      () => ({
        instructions: mine.openInstruction(),
        signers: [payer, aggregator],
        accepted: accepting("payer", SIGNERS),
      }),
    ],
    [
      "round_commit",
      () => ({
        instructions: mine.commitInstruction(2n, mine.result(2n, earned)),
        signers: [aggregator],
      }),
    ],
    [
      "round_finalize",
      () => {
        chain.now += 60n;
        return {
          instructions: roundFinalize(PROGRAM_ID, { federation, number: 2n }),
          signers: [payer],
        };
      },
    ],
    [
      "reward_claim",
      () => ({ instructions: mine.claimInstruction(2n, owner, earned), signers: [payer] }),
    ],
    [
      "round_close",
      () => ({
        instructions: roundClose(PROGRAM_ID, {
          federation,
          authority: at(authority),
          number: 1n,
          rentPayer: at(payer),
        }),
        signers: [authority],
      }),
    ],
    [
      "round_void",
      () => {
        const number = mine.open();
        chain.now += 91n;
        return {
          instructions: roundVoid(PROGRAM_ID, { federation, number }),
          signers: [payer],
        };
      },
    ],
    [
      "member_exit",
      () => ({
        instructions: memberExit(PROGRAM_ID, { federation, owner: at(other) }),
        signers: [other],
      }),
    ],
    [
      "member_withdraw",
      () => {
        chain.now += 100n;
        return {
          instructions: memberWithdraw(PROGRAM_ID, {
            federation,
            rewardMint,
            owner: at(other),
            destination: mine.tokenAccount(other),
          }),
          signers: [other],
        };
      },
    ],
    [
      "member_close",
      () => ({
        instructions: memberClose(PROGRAM_ID, {
          federation,
          owner: at(other),
          rentPayer: at(payer),
        }),
        signers: [other],
      }),
    ],
  ];
}

const at = (key: Keypair) => key.publicKey;
