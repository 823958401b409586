/** A part of the output of a script that prints sections, as sections.sh has it: its name, the words behind it, and what follows. */
export interface ScriptSection {
  readonly name: string;
  readonly words: readonly string[];
  readonly body: Buffer;
}

/** The sections of an output. Text that a login prints before the first one is left out. */
export function sectionsIn(output: string, nonce: string): readonly ScriptSection[] {
  const sections: { name: string; words: readonly string[]; body: string[] }[] = [];
  for (const line of output.split('\n')) {
    if (line.startsWith(`${nonce} `)) {
      const [name = '', ...words] = line.slice(nonce.length + 1).split(' ');
      sections.push({ name, words: words.map((word) => decoded(word).toString('utf8')), body: [] });
    } else sections.at(-1)?.body.push(line);
  }
  return sections.map(({ body, ...rest }) => ({ ...rest, body: decoded(body.join('')) }));
}

/** A word ends with a dot, so that an empty one is seen. */
const decoded = (text: string): Buffer => Buffer.from(text.replace(/\.$/, ''), 'base64');
