import type { ParticipationEvent, VerificationProgress } from "@plenary/sdk";
import { participationLine, participationProgress } from "./participation-lines.ts";
import { printable, printableJson } from "./printable.ts";
import { progressBar } from "./progress-bar.ts";

/**
 * Where a command reports: lines for people, JSON lines for programs, bars on a terminal.
 * Everything it prints passes `printable` or `printableJson`.
 */
export interface Output {
  /** Reports one event: a line or several for people, and the fields for programs. */
  say(
    event: string,
    text: string | readonly string[],
    fields?: Readonly<Record<string, unknown>>,
  ): void;
  /**
   * A member's progress: bars on a terminal, JSON lines, and otherwise one line per finished step.
   */
  participation(event: ParticipationEvent): void;
  /** A verification's progress, shown the same way. */
  verification(round: bigint, progress: VerificationProgress): void;
  /** How far something long is: a bar on a terminal, JSON lines, and nothing otherwise. */
  progress(event: string, label: string, done: number, total: number): void;
  /** An error, on the error stream. `details` are further lines for people. */
  fail(
    code: string,
    message: string,
    context: Readonly<Record<string, unknown>>,
    details?: readonly string[],
  ): void;
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

/** One JSON object per line: `event` names what happened. */
function jsonOutput(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Output {
  const write = (stream: NodeJS.WriteStream, value: Readonly<Record<string, unknown>>) =>
    stream.write(`${printableJson(value)}\n`);
  return {
    say: (event, _, fields = {}) => write(stdout, { event, ...fields }),
    participation: ({ type, ...fields }) => write(stdout, { event: type, ...fields }),
    verification: (round, progress) => write(stdout, { event: "verifying", round, ...progress }),
    progress: (event, _, done, total) => write(stdout, { event, done, total }),
    fail: (code, message, context, details) =>
      write(stderr, { event: "error", code, message, context, ...(details && { details }) }),
    close: () => undefined,
  };
}

function plainOutput(stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream): Output {
  const bar = stdout.isTTY ? progressBar(stdout) : null;
  const write = (stream: NodeJS.WriteStream, lines: readonly string[]) => {
    bar?.clear();
    stream.write(lines.map((line) => `${printable(line)}\n`).join(""));
  };
  return {
    say: (_, text) => write(stdout, typeof text === "string" ? [text] : text),
    participation: (event) => {
      bar?.show(participationProgress(event));
      const text = participationLine(event);
      if (text !== null) write(stdout, [text]);
    },
    verification: (round, { stage, done, total }) =>
      bar?.show({
        label: `round ${round} ${stage} `,
        value: done,
        total,
        detail: `${done} of ${total}`,
      }),
    progress: (_, label, done, total) =>
      bar?.show({ label: `${label} `, value: done, total, detail: `${done} of ${total}` }),
    fail: (code, message, _, details = []) =>
      write(stderr, [`plenary: ${message} [${code}]`, ...details]),
    close: () => bar?.clear(),
  };
}
