import type { ParticipationEvent, VerificationProgress } from "@plenary/sdk";
import cliProgress from "cli-progress";

/** Where a command says what it does: lines for people, JSON lines for programs, bars on a terminal. */
export interface Output {
  /** One thing that happened: `text` for people, the rest for programs. */
  say(event: string, text: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Progress of a member: bars on a terminal, JSON lines, and otherwise nothing until a step is done. */
  participation(event: ParticipationEvent): void;
  /** Progress of a verification, likewise. */
  verification(round: bigint, progress: VerificationProgress): void;
  /** An error, on the error stream. */
  fail(code: string, message: string, context: Readonly<Record<string, unknown>>): void;
  /** Takes bars off the screen. */
  close(): void;
}

export interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export function openOutput({ stdout, stderr }: Streams, json: boolean): Output {
  return json ? jsonOutput(stdout, stderr) : plainOutput(stdout, stderr);
}

/** One JSON object per line: `event` names what happened, integers that may pass 2^53 are strings. */
function jsonOutput(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Output {
  const write = (stream: NodeJS.WriteStream, value: Readonly<Record<string, unknown>>) =>
    stream.write(`${toJson(value)}\n`);
  return {
    say: (event, _, fields = {}) => write(stdout, { event, ...fields }),
    participation: ({ type, ...fields }) => write(stdout, { event: type, ...fields }),
    verification: (round, progress) => write(stdout, { event: "verifying", round, ...progress }),
    fail: (code, message, context) => write(stderr, { event: "error", code, message, context }),
    close: () => undefined,
  };
}

function plainOutput(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Output {
  const bar = stdout.isTTY ? progressBar(stdout) : null;
  const line = (text: string) => {
    bar?.clear();
    stdout.write(`${text}\n`);
  };
  return {
    say: (_, text) => line(text),
    participation: (event) => {
      bar?.show(progressOf(event));
      const text = participationLine(event);
      if (text !== null) line(text);
    },
    verification: (round, { stage, done, total }) =>
      bar?.show({
        label: `round ${round} ${stage} `,
        value: done,
        total,
        detail: `${done} of ${total}`,
      }),
    fail: (code, message) => {
      bar?.clear();
      stderr.write(`plenary: ${message} [${code}]\n`);
    },
    close: () => bar?.clear(),
  };
}

/** What a person is told; null for what only a bar shows. */
function participationLine(event: ParticipationEvent): string | null {
  switch (event.type) {
    case "waiting":
      return event.for === "round"
        ? "waiting for the next round"
        : "waiting for the round to be committed";
    case "round-started":
      return `round ${event.round}${event.resumed ? ": goes on where it was" : ""}`;
    case "training":
      return event.step === event.steps
        ? `round ${event.round}: trained ${event.steps} steps, loss ${event.loss.toFixed(4)}`
        : null;
    case "uploaded":
      return `round ${event.round}: update received, weight ${event.weight}, receipt checked`;
    case "audit-drawn":
      return `round ${event.round}: ${event.auditor} was drawn to audit this training. Show it: plenary audit export FILE --round ${event.round}`;
    case "retrying":
      return `${event.message} Trying again.`;
    case "settled":
      return `round ${event.round}: ${event.outcome}${event.reason === null ? "" : ` - ${event.reason}`}`;
    case "downloading":
    case "uploading":
      return null;
  }
}

interface Progress {
  readonly label: string;
  readonly value: number;
  readonly total: number;
  readonly detail: string;
}

interface Bar {
  /** Shows how far something is; nothing for null. */
  show(progress: Progress | null): void;
  clear(): void;
}

function progressBar(stream: NodeJS.WriteStream): Bar {
  let bar: cliProgress.SingleBar | null = null;
  let shown = "";
  const clear = () => {
    bar?.stop();
    bar = null;
    shown = "";
  };
  return {
    clear,
    show(progress) {
      if (progress === null) return;
      const { label, value, total, detail } = progress;
      if (shown !== label) {
        clear();
        bar = new cliProgress.SingleBar(
          {
            stream,
            format: `${label} {bar} {percentage}% {detail}`,
            hideCursor: true,
            clearOnComplete: true,
          },
          cliProgress.Presets.shades_classic,
        );
        bar.start(total, 0, { detail });
        shown = label;
      }
      bar?.update(value, { detail });
      if (value >= total) clear();
    },
  };
}

function progressOf(event: ParticipationEvent): Progress | null {
  switch (event.type) {
    case "training":
      return {
        label: `round ${event.round} training `,
        value: event.step,
        total: event.steps,
        detail: `loss ${event.loss.toFixed(4)}`,
      };
    case "downloading":
    case "uploading":
      return {
        label: `round ${event.round} ${event.type}`,
        value: event.bytes,
        total: event.total ?? event.bytes,
        detail: `${(event.bytes / 1024).toFixed(0)} kB`,
      };
    default:
      return null;
  }
}

/** JSON in which bigint is a decimal string and bytes are hexadecimal. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === "bigint") return part.toString();
    return part instanceof Uint8Array ? Buffer.from(part).toString("hex") : part;
  });
}
