/** Shows a run: lines that stay, and on a terminal one line below them that changes. */
export interface Terminal {
  /** Writes a line that stays. */
  line(text: string): void;
  /** Replaces the changing line; null removes it. Ignored when the output is a file or a pipe. */
  status(text: string | null): void;
}

interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const CLEAR_LINE = "\r\u001b[2K";

export function createTerminal(output: Output): Terminal {
  const live = output.isTTY === true;
  let shown: string | null = null;
  const draw = () => {
    if (shown !== null) output.write(shown.slice(0, Math.max((output.columns ?? 80) - 1, 1)));
  };
  const clear = () => {
    if (shown !== null) output.write(CLEAR_LINE);
  };
  return {
    line(text) {
      clear();
      output.write(`${text}\n`);
      draw();
    },
    status(text) {
      if (!live || text === shown) return;
      clear();
      shown = text;
      draw();
    },
  };
}
