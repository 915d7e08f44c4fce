/** The bytes of version 1 of a Federation or Round that runs FedAvg or FedAvgM. */
export function downgraded(kind: "federation" | "round", data: Uint8Array): Uint8Array {
  const at = { federation: 276, round: 147 }[kind];
  const [strategy, low, high] = [at + 1, at + 5, at + 6].map((index) => data[index] ?? 0);
  const bytes = [...data.slice(0, at), strategy, low, high, ...data.slice(at + 37)];
  return Uint8Array.from(bytes as number[]).with(8, 1);
}
