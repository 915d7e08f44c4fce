/** What brought about the state that a command asked for, for the brackets behind it. */
export function inTransaction(transaction: string | null): string {
  return transaction === null ? "it was so before" : `transaction ${transaction}`;
}
