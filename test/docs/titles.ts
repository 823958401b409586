/** A call of `describe`, `it` or `test` at the start of a line, up to its title. Biome's indentation tells what it is in. */
const CALL =
  /^( *)(describe|it|test)(?:\.\w+)*(?:[(<](?:(?!^ *(?:describe|it|test)\b)[\s\S])*?\))??\(\s*(['"`])((?:\\.|(?!\3)[^\\\n])*)\3,/gm;

/** The full title of every test in a source file, after its groups: `group > test`. Placeholders such as %s stay. */
export function titlesIn(source: string): readonly string[] {
  const groups: { readonly indent: number; readonly title: string }[] = [];
  return [...source.matchAll(CALL)].flatMap(([, blanks = '', kind, , written = '']) => {
    const indent = blanks.length;
    const title = written.replaceAll(/\\(.)/g, '$1');
    while ((groups.at(-1)?.indent ?? -1) >= indent) groups.pop();
    if (kind !== 'describe') return [[...groups.map((group) => group.title), title].join(' > ')];
    groups.push({ indent, title });
    return [];
  });
}
