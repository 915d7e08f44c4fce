import { type Screened, type ScreeningInput, screenUpdate } from "@plenary/algorithms";
import { type ErrorCode, PlenaryError } from "@plenary/protocol";
import { move, transferableSymbol, valueSymbol } from "piscina";

/** Errors lose their code between threads, so they are sent in parts. */
export type ScreeningAnswer =
  | { readonly screened: Screened }
  | {
      readonly error: {
        readonly code: ErrorCode;
        readonly message: string;
        readonly context: PlenaryError["context"];
      };
    };

/** What one thread of the screener does. The vector is given to the caller without copying. */
export function screen(input: ScreeningInput): unknown {
  const answer = answerOf(input);
  const delta = "screened" in answer ? answer.screened.delta : undefined;
  if (delta === undefined) return answer;
  return move({ [valueSymbol]: answer, [transferableSymbol]: delta.buffer });
}

function answerOf(input: ScreeningInput): ScreeningAnswer {
  try {
    return { screened: screenUpdate(input) };
  } catch (error) {
    if (error instanceof PlenaryError)
      return { error: { code: error.code, message: error.message, context: error.context } };
    return { error: { code: "internal", message: String(error), context: {} } };
  }
}
