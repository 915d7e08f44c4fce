import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PlenaryError, toHex } from "@plenary/protocol";
import { createServiceClient, type RequestSigner, type ServiceClient } from "@plenary/service";
import { fileError, systemCode } from "../files/index.ts";

/**
 * A source of public bytes: an aggregator, any mirror of it, or a folder. Everything it gives is
 * checked against its name.
 */
export type BlobSource = Pick<ServiceClient, "download">;

/**
 * Opens a mirror by its URL (blobs below /v1/blobs, as on a service), or a folder of files that are
 * named by their SHA-256.
 */
export function openBlobSource(place: string, signer?: RequestSigner): BlobSource {
  return /^https?:\/\//.test(place)
    ? createServiceClient({ url: place, signer })
    : folderSource(place);
}

function folderSource(folder: string): BlobSource {
  return {
    async download(hash) {
      const name = toHex(hash);
      const path = join(folder, name);
      const bytes = await readFile(path).catch((cause: unknown) => {
        if (systemCode(cause) !== "ENOENT") throw fileError(path, "Cannot read a blob", cause);
        throw new PlenaryError(
          "not-found",
          `There is no blob ${name} in ${folder}.`,
          { hash: name },
          { cause },
        );
      });
      const actual = createHash("sha256").update(bytes).digest("hex");
      if (actual === name) return bytes;
      throw new PlenaryError(
        "verification-failed",
        `${path} does not hold the bytes that it is named after: their hash is ${actual}. Copy it again.`,
        { expected: name, actual },
      );
    },
  };
}
