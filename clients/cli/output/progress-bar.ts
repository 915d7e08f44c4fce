import cliProgress from "cli-progress";

export interface Progress {
  readonly label: string;
  readonly value: number;
  readonly total: number;
  readonly detail: string;
}

export interface Bar {
  /** Shows how far something is; nothing for null. */
  show(progress: Progress | null): void;
  clear(): void;
}

/** A bar at the bottom of a terminal, one at a time. */
export function progressBar(stream: NodeJS.WriteStream): Bar {
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
        bar = startedBar(stream, label, total);
        shown = label;
      }
      bar?.update(value, { detail });
      if (value >= total) clear();
    },
  };
}

function startedBar(stream: NodeJS.WriteStream, label: string, total: number) {
  const format = `${label} {bar} {percentage}% {detail}`;
  const bar = new cliProgress.SingleBar(
    { stream, format, hideCursor: true, clearOnComplete: true },
    cliProgress.Presets.shades_classic,
  );
  bar.start(total, 0, { detail: "" });
  return bar;
}
