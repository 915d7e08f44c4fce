type Close = () => unknown;

/** How to close what set-ups have opened and nobody has closed, in the order of opening. */
const open = new Set<Close>();

/**
 * Notes what a set-up has just opened, and returns the function that closes it, once. A `before`
 * that fails halfway has no handle to what its earlier steps opened; test/file-limit.ts closes that
 * after the last test, so that the file ends.
 */
export function opened(close: Close): () => Promise<void> {
  let closed: Promise<void> | undefined;
  const closeOnce = () => {
    open.delete(closeOnce);
    closed ??= (async () => void (await close()))();
    return closed;
  };
  open.add(closeOnce);
  return closeOnce;
}

/** Closes what is left, the last opened first, even if some of it cannot be closed. */
export async function closeLeftOpen(): Promise<void> {
  for (const close of [...open].reverse())
    try {
      await close();
    } catch (error) {
      console.error("What a test has left open could not be closed:", error);
    }
}
