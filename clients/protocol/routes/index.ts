import { auditList, auditReportSubmit } from "./audits.ts";
import { blobRead, blobWrite } from "./blobs.ts";
import {
  federationCheck,
  federationExtend,
  federationList,
  federationPause,
  federationRead,
  federationRegister,
  federationResume,
  memberList,
  memberRead,
  questionnaireExtend,
  rewardRead,
} from "./federations.ts";
import { operationsRead, operationsRetry } from "./operations.ts";
import { predictionCreate } from "./predictions.ts";
import {
  equivocationList,
  eventStream,
  manifestRead,
  roundList,
  roundRead,
  updateList,
  updateRead,
  updateSubmit,
} from "./rounds.ts";
import { serviceRead } from "./service.ts";

/** Every endpoint under /v1, by operation. The service mounts all of them. */
export const ENDPOINTS = {
  serviceRead,
  federationList,
  federationRegister,
  federationCheck,
  federationRead,
  questionnaireExtend,
  federationExtend,
  federationPause,
  federationResume,
  operationsRead,
  operationsRetry,
  memberList,
  memberRead,
  rewardRead,
  roundList,
  roundRead,
  updateSubmit,
  updateList,
  updateRead,
  manifestRead,
  auditList,
  auditReportSubmit,
  equivocationList,
  predictionCreate,
  eventStream,
  blobRead,
  blobWrite,
} as const;

export * from "./audits.ts";
export * from "./blobs.ts";
export * from "./disputes.ts";
export * from "./endpoint.ts";
export * from "./evaluation.ts";
export * from "./federations.ts";
export * from "./operations.ts";
export * from "./predictions.ts";
export * from "./rounds.ts";
export * from "./service.ts";
export * from "./signed-request.ts";
