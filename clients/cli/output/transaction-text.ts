/** How a state came about that a command asked for, in brackets behind what it is. */
export function inTransaction(transaction: string | null): string {
  return transaction === null ? "it was so before" : `transaction ${transaction}`;
}
