import type { AnswerShape, FieldShape, Shapes } from '../../base/api-shapes.ts';
import { own } from '../../base/json.ts';
import { andList } from '../../base/text.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { operationOfRead, type ProbeRead, probeReads, readKey, resourceReads } from './reads.ts';

/** What dnx takes for granted of the API. */
export interface Expectation {
  /** Stable: `site.status`, `list.meta`, `error.404`. It is the anchor in docs/assumptions.md, too. */
  readonly id: string;
  /** What it is about: an operation, `every list`, `every response`. */
  readonly where: string;
  /** A sentence: "A list has its rows in `data`." */
  readonly says: string;
  /** The section of the API reference that states it. Without one, it is assumed. */
  readonly reference?: string;
  /** A sentence: what happens to a user if it does not hold: "dnx deploy cannot tell that a deployment has failed." */
  readonly otherwise: string;
  /** The commands that it affects, such as `site deploy`: by default those that `otherwise` names, or all. */
  readonly commands?: readonly string[];
  readonly differs: (shapes: Shapes) => Finding;
}

/** How the shapes differ from an expectation; undefined if it holds; `unseen` if they do not show it. */
export type Finding = Deviation | 'unseen' | undefined;

/** How the API differs. Its words come from dnx and from the shapes, never from a response. */
export interface Deviation {
  /** `breaks`: a command fails or says something wrong. `copes`: dnx works, but shows less, or something else. */
  readonly level: 'breaks' | 'copes';
  /** `absent`, `an integer`, `2 fields that dnx does not know`. */
  readonly seen: string;
  /** If this case means something else than `otherwise`. */
  readonly means?: string | undefined;
}

export const breaks = (seen: string, means?: string): Deviation => ({ level: 'breaks', seen, means });
export const copes = (seen: string, means?: string): Deviation => ({ level: 'copes', seen, means });

/** The finding about those that are wrong; `unseen` if there are none that could be. */
export function among<T>(found: readonly T[], isWrong: (one: T) => boolean, finding: (wrong: readonly [T, ...T[]]) => Deviation): Finding {
  const [first, ...others] = found.filter(isWrong);
  if (first !== undefined) return finding([first, ...others]);
  return found.length > 0 ? undefined : 'unseen';
}

/** `a`, `a and b`, or `a, b and 12 others`. */
export function several(words: readonly string[], most = 3): string {
  const unique = [...new Set(words)];
  return unique.length <= most + 1 ? andList(unique) : `${unique.slice(0, most).join(', ')} and ${unique.length - most} others`;
}

/** The shape of the response to a read; undefined if it was not sent or not answered. */
export function answerTo(shapes: Shapes, read: ProbeRead): AnswerShape | undefined {
  const answer = own(shapes.answers, readKey(read));
  return answer !== undefined && 'status' in answer ? answer : undefined;
}

/** The finding about the response to one read. */
export const about =
  (read: ProbeRead, judge: (answer: AnswerShape, shapes: Shapes) => Finding) =>
  (shapes: Shapes): Finding => {
    const answer = answerTo(shapes, read);
    return answer ? judge(answer, shapes) : 'unseen';
  };

/** The read with a path, and with a query if there are several. */
export function readAt(path: string, query: ProbeRead['query'] = {}): ProbeRead {
  const found = probeReads.find(
    (read) =>
      read.path === path && read.authenticated !== false && Object.entries(query).every(([name, value]) => read.query?.[name] === value),
  );
  if (!found) throw new Error(`No read of the probe is ${path}.`);
  return found;
}

/** The reads of an operation. */
export const readsOf = (operation: Endpoint): readonly ProbeRead[] => resourceReads.filter((read) => operationOfRead(read) === operation);

/** True for the read of a list. */
export const isList = (read: ProbeRead): boolean => operationOfRead(read) !== 'GET /user' && !read.path.endsWith('}');

export interface ReadAnswer {
  readonly read: ProbeRead;
  readonly answer: AnswerShape;
}

/** The responses to reads of what is there that succeeded. */
export const successes = (shapes: Shapes): readonly ReadAnswer[] =>
  resourceReads.flatMap((read) => {
    const answer = answerTo(shapes, read);
    return answer?.status === 200 ? [{ read, answer }] : [];
  });

/** True if a response has what its read is about, in a form that dnx reads. */
export function isUsable({ read, answer: { holds, fields = {} } }: ReadAnswer): boolean {
  if (isList(read)) return holds === 'list';
  return holds === 'one' && ['id', 'name', 'domain', 'email'].some((name) => name in fields);
}

/** The responses of an operation that dnx can read. */
export const usableAnswers = (shapes: Shapes, operation: Endpoint): readonly ReadAnswer[] =>
  successes(shapes).filter((found) => operationOfRead(found.read) === operation && isUsable(found));

/** The fields of what an operation returned. */
export interface SeenObject {
  readonly operation: Endpoint;
  readonly fields: Readonly<Record<string, FieldShape>>;
}

/** The objects that the reads of an operation returned. */
export const objectsOf = (shapes: Shapes, operation: Endpoint): readonly SeenObject[] =>
  usableAnswers(shapes, operation).flatMap(({ answer: { fields = {} } }) =>
    Object.keys(fields).length > 0 ? [{ operation, fields }] : [],
  );
