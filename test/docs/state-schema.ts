import { title } from '../../src/base/text.ts';
import { firstKeyOf, isRenamable, nameFieldOf, sectionsUnder, type Word, wordsOf } from '../../src/features/state/words.ts';
import { type KindName, kindNames, kindOf, outside } from '../../src/platform/kinds.ts';

type Schema = Readonly<Record<string, unknown>>;

const ref = (name: string): Schema => ({ $ref: `#/$defs/${name}` });
const closed = (properties: Schema, required: readonly string[] = []): Schema => ({
  type: 'object',
  ...(required.length > 0 && { required }),
  properties,
  additionalProperties: false,
});

/** What editors read of a key that may stay empty. */
const empty: Schema = { type: 'null' };

/** The words under `$defs` that are of no kind. */
const shared: Schema = {
  text: {
    description:
      'Read as it is typed: 8.10 and 010 stay what they are. op://, file:// and env:// are references to the value, and file://PATH#KEY is one to a variable of a dotenv file.',
    anyOf: [
      { type: ['string', 'number', 'boolean'] },
      closed({ text: { description: 'A value that begins like a reference.', type: ['string', 'number', 'boolean'] } }, ['text']),
    ],
  },
  secret: { description: 'A reference. The value does not belong in the file.', type: 'string', pattern: '^(op|file|env)://' },
  fields: {
    description: 'Fields of the API that dnx does not know.',
    type: 'object',
    additionalProperties: { anyOf: [ref('text'), { type: 'number' }, { type: 'boolean' }] },
  },
  new: { description: 'It is not another one that was renamed.', const: true },
  renamed_from: { description: 'The name that it had.', type: 'string' },
};

function wordSchema(kind: KindName, { field, type, isSecret }: Word): Schema {
  const value = type === 'integer' ? { type, minimum: 0 } : type === 'boolean' ? { type } : ref(isSecret ? 'secret' : 'text');
  return kindOf(kind).fixed?.includes(field) ? { description: 'Set only at creation.', ...value } : value;
}

function sectionSchema(kind: KindName): Schema {
  const { as, short } = kindOf(kind);
  if (as === 'list') {
    const list = { type: 'array', items: { anyOf: [ref(kind), ref('text')] } };
    const certificate = { description: 'One for the domain of the site.', const: true };
    return { anyOf: [list, empty, ...(kind === 'certificate' ? [certificate] : [])] };
  }
  const shorts = short ? [ref('text')] : [];
  const map = { type: 'object', additionalProperties: { anyOf: [ref(kind), ...shorts, ...(kind === 'variable' ? [] : [empty])] } };
  const names = { type: 'array', items: { type: ['string', 'number', 'boolean'] } };
  return { anyOf: [map, empty, ...(kind === 'variable' ? [] : [names])] };
}

const sectionsOf = (parent: KindName | 'file') =>
  Object.fromEntries([...sectionsUnder(parent)].map(([section, kind]) => [section, sectionSchema(kind)]));

function kindSchema(kind: KindName): Schema {
  const words = [...wordsOf(kind)].map(([word, about]) => [word, wordSchema(kind, about)]);
  const ownable = [...sectionsUnder(kind)].flatMap(([section, child]) => (kindOf(child).holdsData ? [] : [section]));
  const properties = {
    ...(kind === 'site' && { server: { description: 'The server of the site, unless its key names it.', type: 'string' } }),
    ...Object.fromEntries(words),
    ...sectionsOf(kind),
    ...(kind === 'site' && {
      secrets: {
        description: 'Variables that must exist. Their values are not in the file.',
        type: ['array', 'null'],
        items: { type: 'string' },
      },
      env_file: { description: 'A dotenv file of the project, with the other variables. It is not committed.', type: 'string' },
    }),
    ...(ownable.length > 0 && {
      owns: {
        description: 'The lists that are complete: dnx apply --delete removes what else is there.',
        type: 'array',
        items: { enum: ownable },
      },
    }),
    fields: ref('fields'),
    new: ref('new'),
    ...(isRenamable(kind) && { renamed_from: ref('renamed_from') }),
  };
  const required = kindOf(kind).as === 'list' ? [firstKeyOf(kind)] : kind === 'variable' ? ['value'] : [];
  return closed(properties, required);
}

/** The JSON Schema of a state file, for editors. */
export const stateSchema = (): Schema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://raw.githubusercontent.com/deploynix/dnx/main/docs/deploynix.schema.json',
  title: 'Deploynix state file (deploynix.yml)',
  description: 'How servers and sites should be. What is left out is not compared.',
  ...closed({ $schema: { type: 'string' }, ...sectionsOf('file') }),
  $defs: { ...shared, ...Object.fromEntries(kindNames.map((kind) => [kind, kindSchema(kind)])) },
});

const codes = (words: readonly string[]): string => (words.length === 0 ? '–' : words.map((word) => `\`${word}\``).join(', '));

/** Every list of a state file, for docs/state.md. */
export function keyTable(): string {
  const rows = (['file', ...kindNames] as const).flatMap((parent) =>
    [...sectionsUnder(parent)].map(([section, kind]) => {
      const { keys, fixed = [], names = {}, as } = kindOf(kind);
      const [key = []] = keys;
      const words = [...wordsOf(kind)];
      const later = words.filter(([, { field }]) => fixed.includes(field)).map(([word]) => word);
      const told = key.map((field) => names[field] ?? field).filter((word) => !(as === 'map' && word === nameFieldOf(kind)));
      return [
        parent === 'file' ? 'the file' : `a ${title(parent)}`,
        codes([section]),
        [...(as === 'map' ? ['its name'] : []), ...(told.length > 0 ? [codes(told)] : [])].join(', '),
        codes(words.map(([word]) => word).filter((word) => !later.includes(word))),
        codes(later),
      ];
    }),
  );
  return tableOf(['of', 'key', 'told apart by', 'fields', 'only at creation'], rows);
}

/** What is in no state file, for docs/state.md. */
export const outsideTable = (): string =>
  tableOf(
    ['not in a file', 'why'],
    Object.entries(outside).map(([noun, why]) => [`\`${noun}\``, why.replace(/\.$/, '')]),
  );

const tableOf = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => '---'), ...rows].map((cells, at) => (at === 1 ? `|${cells.join('|')}|` : `| ${cells.join(' | ')} |`)).join('\n');
