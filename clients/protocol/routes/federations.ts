import Type, { type Static } from "typebox";
import { FederationConfigurationSchema } from "../configuration.ts";
import { SignedQuestionnaireVersion } from "../questionnaire-version.ts";
import { Base58Address, HexHash, U64String } from "../schema.ts";
import { endpoint, READER_ERRORS, SIGNED_ERRORS } from "./endpoint.ts";
import { ServiceView } from "./service.ts";

/** Most bytes of a registration. A configuration has a few thousand. */
const CONFIGURATION_LIMIT = 64 * 1024;

export const FederationParams = Type.Object({ federation: Base58Address });
export const MemberParams = Type.Object({ federation: Base58Address, member: Base58Address });

/** A federation as the service sees it. `round` is the open round's number; null between rounds. */
export const FederationView = Type.Object({
  address: Base58Address,
  name: Type.String(),
  programId: Base58Address,
  genesisHash: HexHash,
  authority: Base58Address,
  aggregator: Base58Address,
  rewardMint: Base58Address,
  configuration: FederationConfigurationSchema,
  configurationHash: HexHash,
  /** The questionnaire from the next round on; absent while it is the configuration's. */
  questionnaire: Type.Optional(SignedQuestionnaireVersion),
  round: Type.Union([U64String, Type.Null()]),
  committedRounds: U64String,
  /**
   * Rounds after which it is complete: the configuration's, or more by its authority; 0: no end.
   */
  totalRounds: Type.Integer({ minimum: 0 }),
  modelRoot: HexHash,
  modelBlob: HexHash,
  /**
   * The committed round whose model is best on the choosing half of the held-out groups, the later
   * one of equals; null if no round was evaluated.
   */
  chosenRound: Type.Union([U64String, Type.Null()]),
  /**
   * Evaluated rounds since the last one that was about as good as the chosen one. Several in a row
   * mean that training makes the model worse.
   */
  fallingRounds: Type.Integer({ minimum: 0 }),
  members: Type.Integer({ minimum: 0 }),
  status: Type.Union([Type.Literal("running"), Type.Literal("paused"), Type.Literal("complete")]),
});
export type FederationView = Static<typeof FederationView>;

export const MemberView = Type.Object({
  address: Base58Address,
  owner: Base58Address,
  signingKey: Base58Address,
  payout: Base58Address,
  joinedRound: U64String,
  active: Type.Boolean(),
  counted: Type.Integer({ minimum: 0 }),
  refused: Type.Integer({ minimum: 0 }),
  /** Committed rounds since it joined that have no update of it. */
  missed: Type.Integer({ minimum: 0 }),
  /**
   * Up to the last committed round. `claimable` counts final rounds only, less what was claimed.
   */
  earned: U64String,
  claimed: U64String,
  claimable: U64String,
});
export type MemberView = Static<typeof MemberView>;

/** A member's reward, with its proof against the rewards root of the last final round. */
export const RewardView = Type.Object({
  member: Base58Address,
  round: U64String,
  rewardsRoot: HexHash,
  cumulative: U64String,
  index: Type.Integer({ minimum: 0 }),
  size: Type.Integer({ minimum: 1 }),
  path: Type.Array(HexHash),
});
export type RewardView = Static<typeof RewardView>;

export const federationList = endpoint({
  operation: "federationList",
  summary: "All federations that this service aggregates.",
  method: "GET",
  path: "/v1/federations",
  response: Type.Object({ federations: Type.Array(FederationView) }),
});

export const federationRegister = endpoint({
  operation: "federationRegister",
  summary: "Begin to aggregate a federation that exists on chain. Upload its blobs first.",
  method: "POST",
  path: "/v1/federations",
  body: Type.Object(
    { address: Base58Address, configuration: FederationConfigurationSchema },
    { additionalProperties: false },
  ),
  bodyLimit: CONFIGURATION_LIMIT,
  response: FederationView,
  status: 201,
  access: "authority",
  errors: ["not-found", "configuration-mismatch", "not-authority", ...SIGNED_ERRORS],
});

export const federationCheck = endpoint({
  operation: "federationCheck",
  summary:
    "Say before a federation is created on chain whether this service would register its configuration: that it knows every plug-in, and how large a blob may be.",
  method: "POST",
  path: "/v1/federations/check",
  body: Type.Object(
    { configuration: FederationConfigurationSchema },
    { additionalProperties: false },
  ),
  bodyLimit: CONFIGURATION_LIMIT,
  response: Type.Intersect([
    ServiceView,
    Type.Object({ maxBlobBytes: Type.Integer({ minimum: 1 }) }),
  ]),
});

export const federationExtend = endpoint({
  operation: "federationExtend",
  summary: "Let rounds follow up to this number in all. A federation that was complete continues.",
  method: "POST",
  path: "/v1/federations/:federation/extend",
  params: FederationParams,
  body: Type.Object(
    { totalRounds: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }) },
    { additionalProperties: false },
  ),
  response: FederationView,
  access: "authority",
  errors: ["not-found", "not-authority", "conflict", ...SIGNED_ERRORS],
});

export const federationRead = endpoint({
  operation: "federationRead",
  summary: "One federation: its configuration and its state.",
  method: "GET",
  path: "/v1/federations/:federation",
  params: FederationParams,
  response: FederationView,
  errors: ["not-found"],
});

export const questionnaireExtend = endpoint({
  operation: "questionnaireExtend",
  summary:
    "Add questions: a questionnaire version that the authority has signed, for rounds that open from now on. Upload its blobs first.",
  method: "POST",
  path: "/v1/federations/:federation/questionnaire",
  params: FederationParams,
  body: SignedQuestionnaireVersion,
  response: FederationView,
  access: "authority",
  errors: [
    "not-found",
    "not-authority",
    "malformed-envelope",
    "verification-failed",
    "configuration-mismatch",
    ...SIGNED_ERRORS,
  ],
});

export const federationPause = endpoint({
  operation: "federationPause",
  summary: "Stop opening rounds. The open round continues.",
  method: "POST",
  path: "/v1/federations/:federation/pause",
  params: FederationParams,
  response: FederationView,
  access: "authority",
  errors: ["not-found", "not-authority", ...SIGNED_ERRORS],
});

export const federationResume = endpoint({
  operation: "federationResume",
  summary: "Open rounds again.",
  method: "POST",
  path: "/v1/federations/:federation/resume",
  params: FederationParams,
  response: FederationView,
  access: "authority",
  errors: ["not-found", "not-authority", ...SIGNED_ERRORS],
});

export const memberList = endpoint({
  operation: "memberList",
  summary: "Members of a federation, in ascending order of address.",
  method: "GET",
  path: "/v1/federations/:federation/members",
  params: FederationParams,
  response: Type.Object({ members: Type.Array(MemberView) }),
  access: "reader",
  errors: READER_ERRORS,
});

export const memberRead = endpoint({
  operation: "memberRead",
  summary: "One member: its keys, contributions and earnings.",
  method: "GET",
  path: "/v1/federations/:federation/members/:member",
  params: MemberParams,
  response: MemberView,
  access: "reader",
  errors: READER_ERRORS,
});

export const rewardRead = endpoint({
  operation: "rewardRead",
  summary: "A member's cumulative reward in the last final round, with its Merkle proof.",
  method: "GET",
  path: "/v1/federations/:federation/rewards/:member",
  params: MemberParams,
  response: RewardView,
  access: "reader",
  errors: READER_ERRORS,
});
