import assert from "node:assert/strict";
import { test } from "node:test";
import { httpUrl, listeningNote } from "./addresses.ts";

test("a server on every address is asked on loopback, and IPv6 is put in brackets", () => {
  assert.equal(httpUrl("127.0.0.2", 80), "http://127.0.0.2:80");
  assert.equal(httpUrl("0.0.0.0", 7070), "http://127.0.0.1:7070");
  assert.equal(httpUrl("::", 7070), "http://[::1]:7070");
  assert.equal(httpUrl("fd00::7", 7070), "http://[fd00::7]:7070");
  assert.equal(listeningNote("0.0.0.0"), " (listening on 0.0.0.0)");
  assert.equal(listeningNote("::1"), "");
  assert.equal(new URL(httpUrl("::1", 7070)).port, "7070");
});
