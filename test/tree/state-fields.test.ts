import { describe, expect, test } from 'vitest';
import { stateIn } from '../../src/features/state/file.ts';
import { type KindName, kindNames, kindOf, listOfKind, outside } from '../../src/platform/kinds.ts';
import { namings } from '../../src/platform/names/names.ts';
import { changes, createdBy, operations } from '../../src/platform/operations.ts';

/** What an operation sets, if it is in no kind by its path. */
const subjects: Readonly<Record<string, string>> = {
  'POST /login': 'token',
  'POST /servers/{server}/sites/{site}/schedule-deploy': 'schedule',
  'POST /servers/{server}/sites/{site}/cancel-scheduled-deploy': 'schedule',
  'POST /servers/{server}/sites/{site}/rollback': 'release',
  'POST /backups/application': 'backup',
};

const lastNoun = (call: string): string => /\{(\w+)\}(\/[\w-]+)?$/.exec(call)?.[1] ?? '';

/** Every field that a request can set, with the kind of which it is. */
const settable = changes
  .filter((call) => !call.startsWith('DELETE '))
  .flatMap((call) => {
    const { fields = [], secrets = [], touches = [] } = operations[call] ?? {};
    const noun = subjects[call] ?? createdBy(call) ?? lastNoun(call);
    return [...new Set([...fields, ...secrets, ...touches])].map((field) => [call, noun, field] as const);
  });

const isKind = (noun: string): noun is KindName => (kindNames as readonly string[]).includes(noun);

/** A file that sets a field of a kind, with an entry of everything that has it. */
function fileWith(kind: KindName, field: string, value: string): string {
  const { under, section, as, keys, names = {} } = kindOf(kind);
  const key = keys.at(-1)?.[0] ?? '';
  const isName = as === 'map' && field === namings[kind]?.keys[0];
  const name = isName ? value : 'name';
  const body = { ...(as === 'list' && { [key]: 'name' }), ...(!isName && { [names[field] ?? field]: value }) };
  const own = { [section]: as === 'map' ? { [name]: kind === 'variable' ? { value: 'a', ...body } : body } : [body] };
  const server = { servers: { web: own } };
  const site = { sites: { 'a.example': { server: 'web', ...own } } };
  if (kind === 'site' || under === 'account') return JSON.stringify(own);
  const database = { servers: { web: { databases: { shop: own } } } };
  return JSON.stringify({ server, site, database }[under]);
}

/** True if a file can say what a field is to be: as itself, by the name of what it is the id of, or by a reference to it. */
const isInFile = (kind: KindName, field: string): boolean =>
  ['7', 'true', 'word', 'env://NAME'].some((value) => {
    const text = fileWith(kind, field, value).replace(/"(7|true)"/, '$1');
    try {
      const entry = stateIn(text, 'deploynix.yml').entries.find((one) => one.kind === kind);
      return String(entry?.fields[field] ?? entry?.references[field]) === value;
    } catch {
      return false;
    }
  });

/** True for a field that a switch sets. Of what an action changes, the switch must be one of this action. */
function isSwitched(kind: KindName, call: string, field: string): boolean {
  const actions = Object.values(kindOf(kind).switches ?? {}).flatMap(({ on, off }) => [on, ...(off ? [off] : [])]);
  const touching = actions.filter((action) => operations[`POST ${listOfKind(kind)}/{${kind}}/${action}`]?.touches?.includes(field));
  return touching.some((action) => !operations[call]?.touches || call.endsWith(`/${action}`));
}

describe('a state file', () => {
  test.each(settable)('has what %s sets of a %s: %s, or there is a reason', (call, noun, field) => {
    if (isKind(noun) && (isInFile(noun, field) || isSwitched(noun, call, field))) return;
    const reason = isKind(noun) ? outside[field] : outside[noun];
    expect(reason, `Add ${field} to src/platform/kinds.ts, or say in outside why it is in no file`).toMatch(/^[A-Z].*\.$/);
  });

  test('has a reason only for what it does not have', () => {
    const listed = Object.keys(namings);
    for (const word of Object.keys(outside)) {
      expect(isKind(word), word).toBe(false);
      for (const kind of kindNames) expect(isInFile(kind, word), `${kind} ${word}`).toBe(false);
      const isKnown = listed.includes(word) || settable.some(([, noun, field]) => noun === word || field === word);
      expect(isKnown || word === 'webhook', word).toBe(true);
    }
  });

  test('has every list of the API that can be written, or there is a reason', () => {
    for (const noun of Object.keys(namings)) expect(isKind(noun) || outside[noun], noun).toBeTruthy();
  });
});
