/** How far a federation came: it can take another step at once, or after `milliseconds` (null: only when something happens). */
export type Progress =
  | { readonly kind: "continue" }
  | { readonly kind: "wait"; readonly milliseconds: number | null };

export const CONTINUE: Progress = { kind: "continue" };

export function waitFor(milliseconds: number | null): Progress {
  return { kind: "wait", milliseconds };
}
