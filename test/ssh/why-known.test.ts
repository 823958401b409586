import { beforeAll, describe, expect, test } from 'vitest';
import { reasonAgainstSsh } from '../support/sshd.ts';
import { sampled, seedOf } from '../support/volume.ts';
import { type Diagnosed, openWhyBed } from '../support/why-bed.ts';
import { incidents } from './why/incidents.ts';
import { known } from './why/known.ts';
import { readable as everyReadable, unknown as everyUnknown } from './why/unknown.ts';

const reason = reasonAgainstSsh();
if (reason !== undefined) process.stderr.write(`Skipped the tests of dnx why: ${reason}\n`);

const unknown = sampled(everyUnknown, 9, seedOf(15));
const readable = sampled(everyReadable, 2, seedOf(16));

let diagnoses: ReadonlyMap<string, Diagnosed>;
beforeAll(async () => {
  if (reason !== undefined) return;
  const bed = await openWhyBed();
  try {
    diagnoses = await bed.diagnoseAll(new Map([...known, ...incidents, ...unknown, ...readable].map(({ name, state }) => [name, state])));
  } finally {
    await bed.close();
  }
}, 120_000);

describe.skipIf(reason !== undefined)('finds the cause in', () => {
  test.each(known.map((each) => [each.name, each] as const))('%s', (name, { cause, line, said, resolved }) => {
    const found = diagnoses.get(name);
    expect({ outcome: found?.outcome, cause: found?.cause }, JSON.stringify(found, null, 1)).toEqual({ outcome: 'known', cause });
    expect(found?.evidence[0]?.line).toContain(line);
    expect(found?.quoted).toBe(true);
    expect(JSON.stringify([found?.title, found?.fixes[0]])).toContain(said);
    expect(found?.resolved ?? '').toContain(resolved ?? '');
    expect(found?.resolved === null).toBe(resolved === undefined);
  });

  test.each(readable.map(({ name }) => name))('a deploy log that is hard to read: %s', (name) => {
    const found = diagnoses.get(name);
    expect(found?.cause, JSON.stringify(found, null, 1)).toBe('composer_platform');
    expect(found?.evidence[0]?.line).toMatch(/^Root composer\.json requires php \^8\.3/);
  });
});

describe.skipIf(reason !== undefined)('finds what it was not written for:', () => {
  test.each(incidents.map((incident) => [incident.name, incident] as const))('%s', (name, { truth, right, shown }) => {
    const found = diagnoses.get(name);
    const said = [found?.title, ...(found?.fixes ?? []).map(({ command, why }) => `${command ?? ''} ${why}`)].join('\n');
    expect(found?.outcome, JSON.stringify(found, null, 1)).toBe('known');
    expect(said, truth).toMatch(right);
    expect(found?.evidence.map(({ line }) => line).join('\n')).toContain(shown);
  });
});

describe.skipIf(reason !== undefined)('names no cause for', () => {
  test.each(unknown.map((each) => [each.name, each] as const))('%s', (name, { nearest, healthy = false }) => {
    const found = diagnoses.get(name);
    expect({ outcome: found?.outcome, cause: found?.cause, title: found?.title }, JSON.stringify(found, null, 1)).toEqual(
      healthy ? { outcome: 'healthy', cause: null, title: 'Nothing is wrong' } : { outcome: 'unknown', cause: null, title: 'Unknown' },
    );
    if (nearest === undefined) expect(found?.evidence).toEqual([]);
    else expect(found?.evidence.at(-1)?.line).toContain(nearest);
  });
});
