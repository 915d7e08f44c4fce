export {
  accountMigrate,
  auditDraw,
  authorityAccept,
  authorityPropose,
  bondDeposit,
  bondWithdraw,
  disputeProbe,
  disputeResolve,
  federationCreate,
  federationPause,
  federationUpdate,
  memberClose,
  memberExit,
  memberRotateKey,
  memberWithdraw,
  payoutUpdate,
  rewardClaim,
  roundClose,
  roundCommit,
  roundFinalize,
  roundOpen,
  roundVoid,
  vaultFund,
  vaultWithdraw,
} from "../generated/instructions.ts";
export * from "./dispute-open.ts";
export * from "./dispute-steps.ts";
export * from "./equivocation.ts";
export * from "./member-join.ts";
export * from "./mint-create.ts";
export * from "./mint-to.ts";
export * from "./token-account-create.ts";
