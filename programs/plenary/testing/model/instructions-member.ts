import {
  memberClose,
  memberExit,
  memberJoin,
  memberRotateKey,
  memberWithdraw,
  PROGRAM_ID,
  payoutUpdate,
  rewardClaim,
  type SignedMessage,
} from "@plenary/chain";
import { auditPath, encodeOwnerAdmission } from "@plenary/protocol";
import { PublicKey, TransactionInstruction } from "@solana/web3.js";
import { GENESIS, signed } from "../signed.ts";
import { keypairOf } from "../test-chain.ts";
import { type Admission, NO_KEY, type OperationOf } from "./operations.ts";
import { rewardsTree } from "./rewards-tree.ts";
import type { State } from "./state.ts";
import { keypairFor, PAYER, type World } from "./world.ts";

type MemberOperation = OperationOf<
  | "member_join"
  | "member_rotate_key"
  | "payout_update"
  | "member_exit"
  | "member_withdraw"
  | "member_close"
  | "reward_claim"
>;

/**
 * Instructions about one member. A claim proves a leaf that, according to `state`, was committed.
 */
export function memberInstructions(
  world: World,
  state: State,
  operation: MemberOperation,
): TransactionInstruction[] {
  switch (operation.name) {
    case "member_join":
      return joinInstructions(world, operation);
    case "reward_claim":
      return claimInstructions(world, state, operation);
    default: {
      // The member's address derives from its owner, so another signer replaces the owner
      // afterwards.
      const owner = world.key(operation.owner);
      const by = world.key(operation.by);
      return ownInstructions(world, operation).map((built) => signedBy(built, owner, by));
    }
  }
}

function ownInstructions(
  world: World,
  operation: Exclude<MemberOperation, { name: "member_join" | "reward_claim" }>,
): TransactionInstruction[] {
  const { federation, token } = world;
  const owner = world.key(operation.owner);
  switch (operation.name) {
    case "member_rotate_key":
      return memberRotateKey(PROGRAM_ID, {
        federation,
        owner,
        updateKey: updateKey(operation.key),
      });
    case "payout_update":
      return payoutUpdate(PROGRAM_ID, {
        federation,
        owner,
        payout: world.holder(operation.payout),
      });
    case "member_exit":
      return memberExit(PROGRAM_ID, { federation, owner });
    case "member_withdraw":
      return memberWithdraw(PROGRAM_ID, {
        ...token,
        owner,
        destination: world.holder(operation.to),
      });
    case "member_close":
      return memberClose(PROGRAM_ID, {
        federation,
        owner,
        rentPayer: world.rentPayer(operation.rentPayer),
      });
  }
}

/** The key with a number of the model. */
export function updateKey(number: number): PublicKey {
  return number === NO_KEY ? PublicKey.default : keypairOf(`update key ${number}`).publicKey;
}

function joinInstructions(
  world: World,
  { owner, approver, admission, payout, key, stake }: OperationOf<"member_join">,
): TransactionInstruction[] {
  return memberJoin(PROGRAM_ID, {
    ...world.token,
    owner: world.key(owner),
    payer: PAYER,
    ...(approver !== null && { authority: world.key(approver) }),
    ...(admission !== null && { admission: signedAdmission(world, admission) }),
    source: world.holder(owner),
    payout: world.holder(payout),
    updateKey: updateKey(key),
    stake,
  });
}

function signedAdmission(world: World, { by, owner, over }: Admission): SignedMessage {
  const { now } = world.chain;
  const message = encodeOwnerAdmission({
    genesisHash: GENESIS,
    programId: PROGRAM_ID.toBytes(),
    federation: world.federation.toBytes(),
    owner: world.key(owner).toBytes(),
    validUntil: over ? now - 1n : now,
  });
  return signed(message, keypairFor(by));
}

function claimInstructions(
  world: World,
  state: State,
  { round, owner, payout, cumulative, index }: OperationOf<"reward_claim">,
): TransactionInstruction[] {
  const { hashes, order } = rewardsTree(world, state.rounds.get(round)?.leaves ?? []);
  const position = Math.max(order.indexOf(index), 0);
  return rewardClaim(PROGRAM_ID, {
    ...world.token,
    number: round,
    member: world.member(owner),
    payout: world.holder(payout),
    cumulative,
    index: position,
    path: hashes.length === 0 ? [] : auditPath(hashes, position),
  });
}

function signedBy(
  instruction: TransactionInstruction,
  expected: PublicKey,
  signer: PublicKey,
): TransactionInstruction {
  const keys = instruction.keys.map((meta) =>
    meta.isSigner && meta.pubkey.equals(expected) ? { ...meta, pubkey: signer } : meta,
  );
  return new TransactionInstruction({
    programId: instruction.programId,
    keys,
    data: instruction.data,
  });
}
