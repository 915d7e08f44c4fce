import Type from "typebox";
import { HexHash } from "../schema.ts";
import { endpoint, SIGNED_ERRORS } from "./endpoint.ts";

const BlobParams = Type.Object({ hash: HexHash });

export const blobRead = endpoint({
  operation: "blobRead",
  summary:
    "Bytes by their SHA-256: models, payloads, questionnaires, manifests. Serves ranges. Blobs of a private federation are for its readers.",
  method: "GET",
  path: "/v1/blobs/:hash",
  params: BlobParams,
  response: "bytes",
  access: "reader",
  errors: ["not-found", ...SIGNED_ERRORS, "range-not-satisfiable"],
});

export const blobWrite = endpoint({
  operation: "blobWrite",
  summary:
    "Store bytes that a configuration names. The body's SHA-256 must be the hash in the path.",
  method: "PUT",
  path: "/v1/blobs/:hash",
  params: BlobParams,
  body: "bytes",
  status: 201,
  response: Type.Object({ hash: HexHash, bytes: Type.Integer({ minimum: 0 }) }),
  access: "authority",
  errors: [
    "payload-hash-mismatch",
    "payload-too-large",
    "not-authority",
    ...SIGNED_ERRORS,
    "storage-full",
  ],
});
