import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { reasonAgainstSsh } from '../support/sshd.ts';
import { sampled, seedOf } from '../support/volume.ts';
import { type Diagnosed, openWhyBed } from '../support/why-bed.ts';
import { database } from './why/database.ts';
import type { Known } from './why/known.ts';
import { site } from './why/site.ts';
import { system } from './why/system.ts';

const reason = reasonAgainstSsh();
if (reason !== undefined) process.stderr.write(`Skipped the tests of dnx why: ${reason}\n`);

const known: readonly (Known & { readonly log?: (root: string) => string })[] = [
  ...database.filter(({ state }) => Object.keys(state.files ?? {}).length > 1),
  ...system,
  ...site,
];
const cases = sampled(known, 12, seedOf(14));

/** Writes the log of nginx, which names the domain. */
function planted({ state, log }: (typeof cases)[number]): Known['state'] {
  if (!log) return state;
  return {
    ...state,
    files: { 'logs/nginx-error.log': '' },
    prepare(root) {
      const file = join(root, 'logs/nginx-error.log');
      writeFileSync(file, log(root));
      utimesSync(file, new Date(), new Date());
    },
  };
}

let diagnoses: ReadonlyMap<string, Diagnosed>;
beforeAll(async () => {
  if (reason !== undefined) return;
  const bed = await openWhyBed();
  try {
    diagnoses = await bed.diagnoseAll(new Map(cases.map((each) => [each.name, planted(each)])));
  } finally {
    await bed.close();
  }
}, 120_000);

describe.skipIf(reason !== undefined)('names the cause and shows the line', () => {
  test.each(cases.map((each) => [each.name, each] as const))('%s', (_, known) => {
    const found = diagnoses.get(known.name);
    expect({ outcome: found?.outcome, cause: found?.cause }, JSON.stringify(found, null, 1)).toEqual({
      outcome: 'known',
      cause: known.cause,
    });
    expect(found?.title).toContain(known.title);
    expect(found?.evidence[0]?.line).toContain(known.line);
    expect(found?.quoted).toBe(true);
    expect(`${found?.fixes[0]?.command ?? ''} ${found?.fixes[0]?.why ?? ''}`).toContain(known.fix);
    expect(found?.resolved ?? '').toContain(known.resolved ?? '');
    expect(found?.resolved === null).toBe(known.resolved === undefined);
  });
});
