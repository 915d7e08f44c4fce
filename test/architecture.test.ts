/**
 * The architecture as tables: who may import whom, what may be imported where, and what folders may
 * not be called. A new edge is a decision: it is made here first.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { describe, test } from "node:test";
import {
  importsOf,
  isTest,
  ROOT,
  roomOf,
  SOURCES,
  type Source,
  targetOf,
  withoutComments,
} from "./architecture/sources.ts";

/** Each room, with the rooms that its sources may import. */
const EDGES: Readonly<Record<string, readonly string[]>> = {
  "clients/protocol": [],
  "clients/algorithms": ["clients/protocol"],
  "clients/chain": ["clients/protocol"],
  "clients/training": ["clients/protocol", "clients/algorithms"],
  "clients/service": ["clients/protocol"],
  "clients/sdk": [
    "clients/protocol",
    "clients/algorithms",
    "clients/chain",
    "clients/training",
    "clients/service",
  ],
  "clients/cli": [
    "clients/protocol",
    "clients/algorithms",
    "clients/chain",
    "clients/training",
    "clients/service",
    "clients/sdk",
  ],
  "services/localnet": [],
  "services/aggregator": [
    "clients/protocol",
    "clients/algorithms",
    "clients/chain",
    "clients/training",
  ],
  "deploy/stack": ["clients/protocol", "clients/chain", "services/localnet"],
  "deploy/local": [
    "clients/protocol",
    "clients/chain",
    "clients/training",
    "clients/service",
    "clients/sdk",
    "deploy/stack",
  ],
  // Packs sources for members without importing them.
  "deploy/packages": [],
  programs: ["clients/protocol", "clients/chain"],
  testing: ["clients/protocol", "clients/chain", "services/localnet"],
};

/** Rooms that are packages: others import them by their names. */
const PACKAGES = /^(clients|services)\/|^deploy\/stack$/;

/** Tests may reach further than what they test, and what crosses packages may reach everything. */
const TEST_EDGES: Readonly<Record<string, readonly string[]>> = {
  "services/localnet": ["clients/protocol", "clients/chain"],
  // Tests of the service start the real database that the local stack starts, and ask
  // test/nightly.ts how many cases to draw.
  "services/aggregator": ["deploy/stack", "test", "testing"],
  "deploy/local": ["testing"],
  programs: ["clients/algorithms", "test", "testing"],
  "clients/chain": ["testing"],
  "clients/sdk": ["testing"],
};
const UNBOUND = ["test", "bench"];

/**
 * Inside the service: routes and jobs call the domain, the domain calls the store; what starts a
 * process may use all.
 */
const SERVICE_EDGES: Readonly<Record<string, readonly string[]>> = {
  routes: ["rounds", "chain", "store"],
  jobs: ["rounds", "store"],
  rounds: ["chain", "store"],
  chain: [],
  store: [],
};

/**
 * Packages that only one place may import, so that everything else can be read, tested and replaced
 * without them.
 */
const KEPT_TO: readonly { readonly packages: RegExp; readonly places: readonly string[] }[] = [
  { packages: /^onnxruntime-/, places: ["clients/training/sessions/"] },
  { packages: /^(@?fastify|bullmq|@bull-board)(\/|$)/, places: ["services/aggregator/"] },
  {
    packages: /^(@coral-xyz\/anchor)(\/|$)/,
    places: ["clients/chain/", "programs/", "services/localnet/anchor.test.ts"],
  },
  { packages: /^litesvm(\/|$)/, places: ["services/localnet/", "programs/"] },
];

/** What runs in a browser imports nothing of Node's. */
const BROWSER_SAFE = [
  "clients/protocol/",
  "clients/algorithms/",
  "clients/chain/",
  "clients/service/",
  "clients/sdk/tables/",
  "clients/sdk/importing/",
];

/** Files that are a process's beginning. */
const ENTRY_POINT = /\/(main|server|worker)\.ts$/;

/** Node's own, which a process may set for itself before anything uses it. */
const RUNTIME_VARIABLE = "process.env.UV_THREADPOOL_SIZE";

/** Variables that one process of the repository sets for another, or for its tests. */
const INTERNAL_VARIABLES = ["PLENARY_CALLER_FOLDER", "PLENARY_NIGHTLY"];

/** Scripts that make committed files; nothing imports them. */
const BUILD_SCRIPT = /(^|\/)build\.ts$/;

const FORBIDDEN_ROOM =
  /(^|\/)(utils?|helpers?|commons?|shared|misc|lib)(\/|$)|(^|\/)(types|utils?|helpers?|common|misc)\.tsx?$/;

/** The room that an import leads into, or null if it leads out of the repository. */
function targetRoom(source: Source, specifier: string): string | null {
  if (specifier.startsWith("@plenary/")) {
    const name = specifier.split("/")[1] ?? "";
    const rooms = Object.keys(EDGES);
    return rooms.find((room) => room.endsWith(`/${name}`)) ?? `clients/${name}`;
  }
  const target = targetOf(source, specifier);
  return target === null ? null : roomOf(target);
}

function allowedFor(source: Source): readonly string[] {
  const room = roomOf(source.path);
  return [...(EDGES[room] ?? []), ...(isTest(source.path) ? (TEST_EDGES[room] ?? []) : [])];
}

function edgeProblems(source: Source): string[] {
  const room = roomOf(source.path);
  if (UNBOUND.includes(room)) return [];
  const allowed = allowedFor(source);
  return source.imports.flatMap((specifier) => {
    const target = targetRoom(source, specifier);
    if (target === null || target === room) return [];
    if (!allowed.includes(target))
      return [`${source.path} imports ${specifier}: ${room} may not import ${target}`];
    return specifier.startsWith(".") && PACKAGES.test(target) && !isTest(source.path)
      ? [`${source.path} imports ${specifier}: packages are imported by name`]
      : [];
  });
}

describe("architecture", () => {
  test("there are sources, and every room is in the table", () => {
    assert.ok(SOURCES.length > 0);
    const unknown = SOURCES.map(({ path }) => roomOf(path)).filter(
      (room) => !(room in EDGES) && !UNBOUND.includes(room),
    );
    assert.deepEqual([...new Set(unknown)], []);
    const rooms = new Set(SOURCES.map(({ path }) => roomOf(path)));
    const stale = [...Object.keys({ ...EDGES, ...TEST_EDGES }), ...UNBOUND].filter(
      (room) => !rooms.has(room),
    );
    assert.deepEqual(stale, [], "no such room");
  });

  test("rooms import only what the table allows", () => {
    assert.deepEqual(SOURCES.flatMap(edgeProblems), []);
  });

  test("packages are imported through their index alone", () => {
    const deep = SOURCES.flatMap(({ path, imports }) =>
      imports
        .filter((name) => /^@plenary\/[^/]+\/./.test(name))
        .map((name) => `${path} imports ${name}`),
    );
    assert.deepEqual(deep, []);
  });

  test("inside the service routes and jobs call rounds, and rounds call the store", () => {
    const base = "services/aggregator/";
    const problems = SOURCES.filter(({ path }) => path.startsWith(base) && !isTest(path)).flatMap(
      (source) => {
        const from = source.path.slice(base.length).split("/")[0] ?? "";
        const allowed = SERVICE_EDGES[from];
        if (allowed === undefined) return [];
        return source.imports
          .filter((specifier) => specifier.startsWith("."))
          .map((specifier) =>
            relative(base, join(dirname(source.path), specifier)).replaceAll("\\", "/"),
          )
          .filter((target) => {
            const to = target.split("/")[0] ?? "";
            return to in SERVICE_EDGES && to !== from && !allowed.includes(to);
          })
          .map((target) => `${source.path} imports ${target}`);
      },
    );
    assert.deepEqual(problems, []);
  });

  test("packages that belong to one place are imported there alone", () => {
    const problems = SOURCES.filter(
      ({ path }) => !UNBOUND.includes(roomOf(path)) && !isTest(path),
    ).flatMap(({ path, imports }) =>
      imports
        .filter((name) =>
          KEPT_TO.some(
            ({ packages, places }) =>
              packages.test(name) && !places.some((place) => path.startsWith(place)),
          ),
        )
        .map((name) => `${path} imports ${name}`),
    );
    assert.deepEqual(problems, []);
  });

  test("browser-safe packages import nothing of Node's", () => {
    const problems = SOURCES.filter(
      ({ path }) =>
        BROWSER_SAFE.some((place) => path.startsWith(place)) &&
        !isTest(path) &&
        !BUILD_SCRIPT.test(path),
    ).flatMap(({ path, imports }) =>
      imports.filter((name) => name.startsWith("node:")).map((name) => `${path} imports ${name}`),
    );
    assert.deepEqual(problems, []);
  });

  test("only config.ts reads the environment; an entry point may hand it the whole", () => {
    const reads = (path: string) =>
      ENTRY_POINT.test(path) ? /\bprocess\.env\s*(\.|\[|\?)/ : /\bprocess\.env\b/;
    const problems = SOURCES.filter(
      ({ path, text }) =>
        reads(path).test(withoutComments(text).replaceAll(RUNTIME_VARIABLE, "")) &&
        basename(path) !== "config.ts" &&
        !isTest(path) &&
        !["deploy/local", "deploy/stack", ...UNBOUND].includes(roomOf(path)),
    ).map(({ path }) => path);
    assert.deepEqual(problems, []);
  });

  test(".env.example documents every variable, and no other", () => {
    const name = /\b(?:PLENARY_[A-Z_]+|DATABASE_URL|REDIS_URL)\b/g;
    // Not config.ts alone: what another file reads by mistake would be missed.
    const shipped = SOURCES.filter(({ path }) => !isTest(path) && !UNBOUND.includes(roomOf(path)));
    const boot = globSync("{boot.js,boot/*.js}", { cwd: ROOT });
    const texts = [
      ...shipped.map(({ text }) => text),
      ...boot.map((path) => readFileSync(join(ROOT, path), "utf8")),
    ];
    const read = texts
      .flatMap((text) => withoutComments(text).match(name) ?? [])
      .filter((variable) => !INTERNAL_VARIABLES.includes(variable));
    const documented = [
      ...readFileSync(join(ROOT, ".env.example"), "utf8").matchAll(/^#?([A-Z_]+)=/gm),
    ];
    assert.deepEqual([...new Set(read)].sort(), documented.map((match) => match[1]).sort());
  });

  test("no room is called after nothing", () => {
    assert.deepEqual(
      SOURCES.map(({ path }) => path).filter((path) => FORBIDDEN_ROOM.test(path)),
      [],
    );
  });

  test("the import reader sees every form of import, and none in comments", () => {
    const text = [
      'import { a } from "one";',
      'import type { b } from "two";',
      'import "three";',
      'export * from "four";',
      'const e = await import("five");',
      'import {\n  f,\n  g,\n} from "six";',
      '// import { x } from "comment";',
      '/* import "block"; */',
      'const url = "http://example.org"; import { h } from "seven";',
    ].join("\n");
    assert.deepEqual(importsOf(text).sort(), [
      "five",
      "four",
      "one",
      "seven",
      "six",
      "three",
      "two",
    ]);
  });
});
