import { Document, isMap, type Node, parseAllDocuments, type ToStringOptions, visit } from 'yaml';
import { usage } from './errors.ts';

/** Parses every document of a CI file, and merges `<<`. A tag such as GitLab's `!reference` is ignored. */
export function readPipelines(text: string, name: string): readonly unknown[] {
  try {
    return parseAllDocuments(text, { merge: true, logLevel: 'silent' }).map((document) => {
      const [error] = document.errors;
      if (error) throw error;
      return document.toJS();
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0]?.replace(/:$/, '') : 'it cannot be read';
    throw usage(`${name} is not valid YAML: ${reason}`);
  }
}

/** Serializes a value as YAML. Quotes every string that YAML 1.1 or 1.2 reads as another type. */
export function writeYaml(value: unknown): string {
  const document = new Document(value, { compat: 'yaml-1.1' });
  visit(document, {
    Scalar(_, scalar) {
      const text = scalar.value;
      if (typeof text === 'string' && (TYPED.test(text) || isUnsafe(text))) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return escaped(document.toString());
}

/** Words that a reader of YAML may take for another type, besides those that the library quotes. */
const TYPED = /^([-+]?[\d,._:]+|null|true|false|yes|no|on|off|=|<<)$/i;
/** What is not seen, what YAML 1.1 takes for a line break, and what stands for bytes that are not text. */
const UNSAFE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} \n]|\ufffd/gu;

/** Not only unsafe characters: PyYAML reads no tab in a plain string. */
const isUnsafe = (text: string): boolean => text.search(UNSAFE) >= 0;

const escaped = (text: string): string =>
  text.replace(UNSAFE, (character) => {
    const code = character.codePointAt(0)?.toString(16) ?? '';
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
  });

/** A number as a program writes it, or a boolean: it needs no quotes to be read as it stands. */
const isExact = (text: string): boolean =>
  text === 'true' || text === 'false' || (/^-?\d{1,15}(\.\d+)?$/.test(text) && String(Number(text)) === text);

/** How a node is written. */
export interface YamlStyle {
  readonly isJson: boolean;
  /** Spaces for each level. */
  readonly indent: number;
}

/** A node as text, without the end of its last line. Each text is on one line. The node is not to be edited after this. */
export function writeNode(node: Node, { isJson, indent }: YamlStyle): string {
  const document = new Document(null, { compat: 'yaml-1.1' });
  document.contents = node as never;
  visit(document, {
    Pair: (_, pair) => void Object.assign(pair, { key: document.createNode(pair.key) }),
    Scalar(_, scalar) {
      const { value, type } = scalar;
      if (typeof value !== 'string') return;
      if (isJson || isUnsafe(value) || value.includes('\n')) scalar.type = 'QUOTE_DOUBLE';
      else if (type?.startsWith('QUOTE')) return;
      else if (isExact(value)) Object.assign(scalar, { value: JSON.parse(value), type: 'PLAIN' });
      else scalar.type = TYPED.test(value) ? 'QUOTE_SINGLE' : 'PLAIN';
    },
    Collection(_, collection) {
      const write = collection.toString.bind(collection);
      // As Prettier does: { a: b } and [a, b].
      collection.toString = (ctx, ...others) =>
        write({ ...ctx, flowCollectionPadding: isMap(collection) ? ' ' : '' } as typeof ctx, ...others);
    },
  });
  return escaped(document.toString({ ...NODE_OPTIONS, indent })).trimEnd();
}

const NODE_OPTIONS: ToStringOptions = {
  lineWidth: 0,
  singleQuote: true,
  blockQuote: false,
  doubleQuotedAsJSON: true,
  verifyAliasOrder: false,
};
