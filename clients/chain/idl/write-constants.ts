import type { Idl } from "@coral-xyz/anchor";
import { docComment } from "./doc-comment.ts";
import { typeText } from "./write-structures.ts";

/** TypeScript of the constants that the program exports. */
export function constantsText(idl: Idl): string {
  return (idl.constants ?? [])
    .map(({ name, type, value, ...rest }) => {
      const docs = "docs" in rest && Array.isArray(rest.docs) ? rest.docs.map(String) : undefined;
      return `${docComment(docs, "")}export const ${name} = ${valueText(typeText(type), value)};`;
    })
    .join("\n\n");
}

/** Anchor writes a constant as the Rust text of its value: `64`, `"text"`, `[1, 2]`. */
function valueText(type: string, value: string): string {
  switch (type) {
    case "bigint":
      return `${value.replaceAll("_", "")}n`;
    case "Uint8Array":
      return `Uint8Array.from(${value})`;
    default:
      return value.replaceAll("_", "");
  }
}
