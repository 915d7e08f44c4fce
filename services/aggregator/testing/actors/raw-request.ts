import { request } from "node:http";

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** `error.code` of the answer's body, if it is a refusal. */
  readonly code: string | undefined;
}

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Ends the connection after this many bytes of the body. */
  readonly cutAfter?: number;
}

/** A request that no careful client would send. Rejects only if no answer comes. */
export function sendRaw(origin: string, plan: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(origin);
  const { method, path, headers, body, cutAfter } = plan;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: hostname, port, method, path, headers: { ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const bytes = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: bytes,
            code: codeOf(bytes),
          });
        });
      },
    );
    outgoing.on("error", reject);
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    if (bytes === undefined || cutAfter === undefined) outgoing.end(bytes);
    else outgoing.write(bytes.subarray(0, cutAfter), () => outgoing.destroy(new Error("cut off")));
  });
}

function codeOf(body: Buffer): string | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    const error =
      typeof value === "object" && value !== null && "error" in value ? value.error : undefined;
    return typeof error === "object" && error !== null && "code" in error
      ? String(error.code)
      : undefined;
  } catch {
    return undefined;
  }
}
