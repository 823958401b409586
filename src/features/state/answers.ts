import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { attempt } from '../../base/errors.ts';
import { isObject, type JsonObject, pick, toJson } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import { readJson, writeJson } from '../../machine/files/text-file.ts';
import { type KindName, kindOf } from '../../platform/kinds.ts';
import { compared } from '../../platform/names/existing.ts';
import { idIn } from '../../platform/names/names.ts';
import { isMarkedHidden } from '../../platform/names/spellings.ts';
import { operations } from '../../platform/operations.ts';
import type { StateChange } from './draft.ts';
import { switchesOf } from './fleet.ts';

/** A field to which the API answered something else than was sent. */
export interface OtherAnswer {
  readonly kind: string;
  /** Of the resource. */
  readonly id: string | undefined;
  readonly field: string;
  readonly is: unknown;
  readonly wanted: unknown;
}

/** What the API has answered otherwise, on this machine. */
export type Answers = ReturnType<typeof openAnswers>;

/** After so many, it is not sent again. */
const ENOUGH = 2;
/** The fields that are kept; the oldest goes. */
const MOST = 1_000;

/** Opens the memory of what the API answered otherwise, so that the same is not sent again and again. It counts, and holds no values. */
export function openAnswers({ settings }: Pick<Context, 'settings'>) {
  const file = join(settings.directories.state, 'answers.json');
  const keyOf = ({ kind, id, field, is, wanted }: OtherAnswer): string => `${kind} ${id} ${field} ${digest([settings.host, is, wanted])}`;
  const read = (): JsonObject => attempt(() => readJson(file)) ?? {};
  let before: JsonObject | undefined;
  return {
    /** True if the API has answered the same to the same often enough. */
    isStuck(answer: OtherAnswer, enough = ENOUGH): boolean {
      // Once for all that a plan compares.
      before ??= read();
      return Number(before[keyOf(answer)] ?? 0) >= enough;
    },
    /** Remembers what a response to a change shows otherwise, or does not show although the list did. Returns the fields that it shows otherwise. */
    hear({ call, ids, body, row, shown: sent = {} }: StateChange, response: unknown): readonly string[] {
      if (!row) return [];
      const answer = isObject(response) ? response : {};
      const { kind, item, differences: found } = row;
      const { secrets = [] } = operations[call] ?? {};
      const wanted = isMarkedHidden(answer) ? pick(sent, (field) => !secrets.includes(field)) : sent;
      const { differences, unknown } = compared(kind, { ...answer, ...switchesOf(kind, answer) }, wanted);
      const unseen = found.filter(({ field }) => unknown.includes(field));
      for (const difference of [...differences, ...unseen]) add({ kind, id: idIn((item ?? answer).id), ...difference });
      const fields = differences.map(({ field }) => field);
      const isRenamed = !item && fields.some((field) => kindOf(kind).keys.flat().includes(field));
      if (isRenamed && isObject(body)) add(otherName(kind, ids, body));
      return fields;
    },
  };

  function add(answer: OtherAnswer): void {
    const key = keyOf(answer);
    const { [key]: count, ...others } = read();
    // Without a directory to write to, it is sent again.
    attempt(() => writeJson(file, Object.fromEntries([...Object.entries(others), [key, Number(count ?? 0) + 1]].slice(-MOST))));
  }
}

/** That the API gave something another name than was sent, so that the next comparison does not find it. */
export function otherName(kind: KindName, ids: Readonly<Record<string, string>>, body: JsonObject): OtherAnswer {
  const { keys } = kindOf(kind);
  return { kind, id: Object.values(ids).join('/'), field: 'create', is: null, wanted: pick(body, (field) => keys.flat().includes(field)) };
}

/** Two bytes of a hash: enough to tell a new value from the old one, and nothing to guess a secret by. */
const digest = (value: unknown): string => createHash('sha256').update(toJson(value)).digest('hex').slice(0, 4);
