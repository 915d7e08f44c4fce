import { randomBytes } from "node:crypto";
import { sha256, toBase58, toBase64, toHex } from "@plenary/protocol";
import type { TestFederation } from "../chain/federation.ts";
import type { TestMember } from "../chain/sign-update.ts";
import { type Cast, STRANGERS, type Stranger } from "./strangers.ts";

/** A refusal's code, or the status of an answer that is not a refusal. */
export type Answer = number | string;
export type Answers = Readonly<Record<Stranger, Answer>>;

const same = (answer: Answer): Answers =>
  Object.fromEntries(Object.keys(STRANGERS).map((stranger) => [stranger, answer])) as Answers;

/** Signatures are not looked at. */
const everybody = (answer: Answer): Answers => same(answer);

/** What is wrong with a signature is refused before it matters whose it is. */
const SIGNED = {
  ...same("signature-invalid"),
  expired: "request-expired",
  "from the future": "request-expired",
  replayed: "request-replayed",
} as const;

const authority = (answer: Answer): Answers => ({
  ...SIGNED,
  stranger: "not-authority",
  "member of another federation": "not-authority",
  "exited member": "not-authority",
  member: "not-authority",
  "member's update key": "not-authority",
  aggregator: "not-authority",
  authority: answer,
});

const readers = (answer: Answer): Answers => ({
  ...SIGNED,
  stranger: "member-unknown",
  "member of another federation": "member-unknown",
  "exited member": "member-inactive",
  member: answer,
  "member's update key": answer,
  aggregator: answer,
  authority: answer,
});

/** What is about one member, which has left. */
const itself = (answer: Answer): Answers => ({ ...readers(answer), "exited member": answer });

/** Nobody learns whether there is a blob that is not for them. */
const blobReaders = (answer: Answer): Answers => ({
  ...readers(answer),
  nobody: "not-found",
  stranger: "not-found",
  "member of another federation": "not-found",
  "exited member": "not-found",
});

/** One federation as the table asks for it. */
export interface Scene {
  readonly federation: TestFederation;
  readonly address: string;
  readonly exited: TestMember;
  readonly cast: Cast;
}

export interface Row {
  readonly path: (scene: Scene) => string;
  /** JSON, or bytes. */
  readonly body?: (scene: Scene) => object | Uint8Array;
  readonly public: Answers;
  /** Of a private federation; as of a public one by default. */
  readonly private?: Answers;
}

export const at =
  (rest: string) =>
  ({ address }: Scene) =>
    `/v1/federations/${address}${rest}`;
const fixed = (path: string) => () => path;
const open = (path: string, answer: Answer = 200): Row => ({
  path: fixed(path),
  public: everybody(answer),
});
export const modelOf = ({ federation }: Scene) =>
  `/v1/blobs/${toHex(sha256(federation.blobs[1] ?? new Uint8Array()))}`;

/** Every route of the service, and what everybody gets of it. */
export const TABLE: Readonly<Record<string, Row>> = {
  ...readable("/v1/service", { path: fixed("/v1/service"), public: everybody(200) }),
  ...readable("/v1/federations", { path: fixed("/v1/federations"), public: everybody(200) }),
  "POST /v1/federations": {
    path: fixed("/v1/federations"),
    body: ({ federation, address }) => ({ address, configuration: federation.configuration }),
    public: authority(201),
  },
  "POST /v1/federations/check": {
    path: fixed("/v1/federations/check"),
    body: ({ federation }) => ({ configuration: federation.configuration }),
    public: everybody(200),
  },
  // This federation has no last round.
  "POST /v1/federations/:federation/extend": {
    path: at("/extend"),
    body: () => ({ totalRounds: 9 }),
    public: authority("conflict"),
  },
  ...readable("/v1/federations/:federation", { path: at(""), public: everybody(200) }),
  // What is posted is signed as well, and this signature is wrong.
  "POST /v1/federations/:federation/questionnaire": {
    path: at("/questionnaire"),
    body: ({ federation }) => ({
      message: toBase64(randomBytes(219)),
      signature: toBase64(randomBytes(64)),
      authority: federation.authority.publicKey.toBase58(),
    }),
    public: authority("verification-failed"),
  },
  "POST /v1/federations/:federation/pause": { path: at("/pause"), public: authority(200) },
  "POST /v1/federations/:federation/resume": { path: at("/resume"), public: authority(200) },
  ...readable("/v1/federations/:federation/operations", {
    path: at("/operations"),
    public: authority(200),
  }),
  "POST /v1/federations/:federation/operations/retry": {
    path: at("/operations/retry"),
    public: authority(200),
  },
  ...forReaders("/v1/federations/:federation/members", at("/members")),
  ...readable("/v1/federations/:federation/members/:member", {
    path: (scene) => at(`/members/${toBase58(scene.exited.address)}`)(scene),
    public: everybody(200),
    private: itself(200),
  }),
  ...readable("/v1/federations/:federation/rewards/:member", {
    path: (scene) => at(`/rewards/${toBase58(scene.exited.address)}`)(scene),
    public: everybody(200),
    private: itself(200),
  }),
  ...forReaders("/v1/federations/:federation/rounds", at("/rounds")),
  ...forReaders("/v1/federations/:federation/rounds/:round", at("/rounds/current")),
  ...forReaders("/v1/federations/:federation/rounds/:round/updates", at("/rounds/1/updates")),
  ...forReaders("/v1/federations/:federation/rounds/:round/updates/:member", (scene) =>
    at(`/rounds/1/updates/${toBase58(scene.exited.address)}`)(scene),
  ),
  ...forReaders("/v1/federations/:federation/rounds/:round/manifest", at("/rounds/1/manifest")),
  // Training is not audited here.
  ...readable("/v1/federations/:federation/rounds/:round/audits", {
    path: at("/rounds/1/audits"),
    public: everybody("not-found"),
    private: readers("not-found"),
  }),
  // The report is signed, not the request: who sends this gets nowhere.
  "POST /v1/federations/:federation/rounds/:round/audits": {
    path: at("/rounds/1/audits"),
    body: () => ({ report: toBase64(randomBytes(252)), signature: toBase64(randomBytes(64)) }),
    public: everybody("malformed-envelope"),
  },
  ...forReaders(
    "/v1/federations/:federation/rounds/:round/equivocations",
    at("/rounds/1/equivocations"),
  ),
  // Its answers are of no questionnaire, which only its readers learn.
  "POST /v1/federations/:federation/predict": {
    path: at("/predict"),
    body: () => ({ groups: [] }),
    public: everybody("invalid-input"),
    private: readers("invalid-input"),
  },
  "GET /v1/federations/:federation/events": {
    path: at("/events"),
    public: everybody(200),
    private: readers(200),
  },
  // A signed request is not an envelope, though its headers have the same names: it is refused. See
  // the test below.
  "POST /v1/federations/:federation/rounds/:round/updates": {
    path: at("/rounds/current/updates"),
    body: () => randomBytes(10),
    public: everybody("malformed-envelope"),
  },
  ...readable("/v1/blobs/:hash", {
    path: modelOf,
    public: everybody(200),
    private: blobReaders(200),
  }),
  "PUT /v1/blobs/:hash": {
    path: modelOf,
    body: ({ federation }) => federation.blobs[1] ?? new Uint8Array(),
    public: authority(201),
  },
  // A preflight of a browser names its origin and what it is about to ask; these do not.
  "OPTIONS *": open("/v1/federations", 400),
  ...readable("/livez", open("/livez")),
  ...readable("/readyz", open("/readyz")),
  ...readable("/metrics", open("/metrics")),
  ...readable("/openapi.json", open("/openapi.json")),
  ...readable("/docs", open("/docs")),
  "HEAD /docs/": open("/docs/"),
  ...readable("/docs/json", open("/docs/json")),
  ...readable("/docs/yaml", open("/docs/yaml")),
  ...readable("/docs/static/*", open("/docs/static/index.css")),
  ...readable("/docs/static/index.html", open("/docs/static/index.html")),
  ...readable("/docs/static/swagger-initializer.js", open("/docs/static/swagger-initializer.js")),
};

function readable(url: string, row: Row): Record<string, Row> {
  return { [`GET ${url}`]: row, [`HEAD ${url}`]: row };
}

function forReaders(url: string, path: Row["path"]): Record<string, Row> {
  return readable(url, { path, public: everybody(200), private: readers(200) });
}
