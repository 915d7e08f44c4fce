const COLUMNS = 100;

/** The IDL's documentation as a wrapped comment with its line break, or an empty text. */
export function docComment(docs: readonly string[] | undefined, indent: string): string {
  const text = (docs ?? []).join(" ").replace(/\s+/g, " ").trim();
  if (text === "") return "";
  const single = `${indent}/** ${text} */`;
  if (single.length <= COLUMNS) return `${single}\n`;
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    const longer = line === "" ? word : `${line} ${word}`;
    if (`${indent} * ${longer}`.length <= COLUMNS) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join("")}${indent} */\n`;
}
