import { Agent, request } from "node:http";

/** One upload, ready to be sent. */
export interface PreparedUpload {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Uint8Array;
}

/** Sends uploads over as many kept-alive connections to one server, the same way to both sides. */
export class Sender {
  readonly #port: number;
  readonly #agent: Agent;
  readonly #connections: number;

  constructor(port: number, connections: number) {
    this.#port = port;
    this.#connections = connections;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Seconds from the first byte sent to the last answer. Throws if any is not 202. */
  async send(uploads: readonly PreparedUpload[]): Promise<number> {
    const waiting = [...uploads];
    const began = performance.now();
    const connection = async () => {
      for (let upload = waiting.shift(); upload !== undefined; upload = waiting.shift())
        await this.#post(upload);
    };
    await Promise.all(Array.from({ length: this.#connections }, connection));
    return (performance.now() - began) / 1_000;
  }

  close(): void {
    this.#agent.destroy();
  }

  #post({ path, headers, payload }: PreparedUpload): Promise<void> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          ...{ host: "127.0.0.1", port: this.#port, agent: this.#agent, method: "POST", path },
          headers: {
            ...headers,
            "content-type": "application/octet-stream",
            "content-length": String(payload.length),
          },
        },
        (response) => {
          let body = "";
          response.setEncoding("utf8");
          response.on("data", (text: string) => {
            body += text;
          });
          response.on("end", () =>
            response.statusCode === 202
              ? resolve()
              : reject(new Error(`Upload refused with ${response.statusCode}: ${body}`)),
          );
          response.on("error", reject);
        },
      );
      sent.on("error", reject);
      sent.end(payload);
    });
  }
}
