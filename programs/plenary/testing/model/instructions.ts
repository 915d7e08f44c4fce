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
import { createTransferInstruction } from "@solana/spl-token";
import { PublicKey, type TransactionInstruction } from "@solana/web3.js";
import { chainTerms } from "./chain-terms.ts";
import { disputeInstructions } from "./instructions-dispute.ts";
import { equivocationInstructions } from "./instructions-equivocation.ts";
import { memberInstructions } from "./instructions-member.ts";
import { roundInstructions } from "./instructions-round.ts";
import { isOfDispute, isOfEquivocation, isOfRound, type Operation } from "./operations.ts";
import type { Actor, State } from "./state.ts";
import type { World } from "./world.ts";

/**
 * The instructions of an operation, in the state in which they run: proofs are made of what was
 * committed.
 */
export function instructionsFor(
  world: World,
  state: State,
  operation: Operation,
): TransactionInstruction[] {
  const { federation, token } = world;
  const key = (actor: Actor) => world.key(actor);
  if (isOfDispute(operation)) return disputeInstructions(world, state, operation);
  if (isOfEquivocation(operation)) return equivocationInstructions(world, operation);
  if (isOfRound(operation)) return roundInstructions(world, state, operation);
  switch (operation.name) {
    case "wait":
      return [];
    case "donate": {
      const { by, to, amount } = operation;
      const [from, into] = [world.holder(by), world.holder(to)];
      return [createTransferInstruction(from, into, key(by), amount, [], world.tokenProgram)];
    }
    case "vault_fund": {
      const { by, from, amount } = operation;
      return vaultFund(PROGRAM_ID, {
        ...token,
        funder: key(by),
        source: world.holder(from),
        amount,
      });
    }
    case "vault_withdraw": {
      const { by, to, amount } = operation;
      return vaultWithdraw(PROGRAM_ID, {
        ...token,
        authority: key(by),
        destination: world.holder(to),
        amount,
      });
    }
    case "bond_deposit": {
      const { by, from, amount } = operation;
      return bondDeposit(PROGRAM_ID, {
        ...token,
        aggregator: key(by),
        source: world.holder(from),
        amount,
      });
    }
    case "bond_withdraw": {
      const { by, to, amount } = operation;
      return bondWithdraw(PROGRAM_ID, {
        ...token,
        signer: key(by),
        destination: world.holder(to),
        amount,
      });
    }
    case "federation_pause":
      return federationPause(PROGRAM_ID, {
        federation,
        authority: key(operation.by),
        paused: operation.paused,
      });
    case "federation_update":
      return federationUpdate(PROGRAM_ID, {
        federation,
        authority: key(operation.by),
        terms: chainTerms(key, operation.terms),
      });
    case "authority_propose": {
      const proposed = operation.proposed === null ? PublicKey.default : key(operation.proposed);
      return authorityPropose(PROGRAM_ID, { federation, authority: key(operation.by), proposed });
    }
    case "authority_accept":
      return authorityAccept(PROGRAM_ID, { federation, proposedAuthority: key(operation.by) });
    default:
      return memberInstructions(world, state, operation);
  }
}
