/** A row of a list: a term, what it means, and what the term links to in Markdown. */
export type Row = readonly [term: string, text: string, to?: string];

/** The name of a page, and its section of the manual: 1 for commands, 7 for topics. */
export interface Ref {
  /** `server`, `exit-codes`, or empty for dnx itself. */
  readonly name: string;
  readonly section: 1 | 7;
}

/** A paragraph, a heading, a titled list of terms, lines to type, a usage line, or links to other pages and guides. */
export type Part =
  | string
  | { readonly heading: string; readonly level: 2 | 3 }
  | { readonly title: string; readonly rows: readonly Row[] }
  | { readonly run: readonly string[] }
  | { readonly usage: string }
  | { readonly see: readonly Ref[]; readonly guides: readonly Guide[] };

/** A document in `docs` with more about a page. */
export interface Guide {
  readonly file: string;
  readonly title: string;
}

/** A page of the reference, which is written as Markdown and as a man page. */
export interface Page extends Ref {
  /** The heading of its Markdown. */
  readonly title: string;
  readonly summary: string;
  readonly parts: readonly Part[];
  /** What only the man page has. */
  readonly manual?: readonly Part[];
}

/** True for a topic that is a page of `docs/from` or `docs/help`, not of the reference. */
export const isGuide = ({ name, section }: Ref): boolean => section === 7 && !['options', 'environment'].includes(name);

/** `server.md`, `help-options.md`, `../help/exit-codes.md`, or the index. */
export function markdownFile(ref: Ref): string {
  const { name, section } = ref;
  if (isGuide(ref)) return `../${name.startsWith('from-') ? name.replace('-', '/') : `help/${name}`}.md`;
  return name === '' ? 'README.md' : section === 7 ? `help-${name}.md` : `${name}.md`;
}

/** `dnx-server`, `dnx-exit-codes`, or `dnx`. */
export const manName = ({ name }: Ref): string => ['dnx', name].filter(Boolean).join('-');

/** `dnx-server.1`, `dnx-exit-codes.7`. */
export const manFile = (ref: Ref): string => `${manName(ref)}.${ref.section}`;

/** `dnx server`, `dnx help exit-codes`. */
export const titleOf = ({ name, section }: Ref): string => ['dnx', section === 7 && 'help', name].filter(Boolean).join(' ');
