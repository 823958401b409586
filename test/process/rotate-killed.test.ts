import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { killedAt } from '../support/killed.ts';
import { sampled } from '../support/volume.ts';

const ROTATE = ['token', 'rotate', '--match', 'G*', '--to-file', 'new', '--yes', '--json'];
/** The list; then a new token, its check and the revocation of the old one, for each of two. */
const REQUESTS = 7;
const SEED = 5;

/** One for each test, because only ten tokens can be created in a minute. */
const executable = perTest(() => openExecutable({ rateLimit: 0 }));
const directory = () => join(executable.directory, 'new');

test.each(
  sampled(
    Array.from({ length: REQUESTS }, (_, index) => index + 1),
    3,
    SEED,
  ),
)(
  'killed at request %i of a rotation of several tokens, no token is lost that is in use, and the next run finishes it',
  async (request) => {
    const { sandbox, here } = executable;
    await killedAt(executable, ROTATE, { request });
    const left = () => sandbox.state.tokens.filter(({ name }) => /^G/.test(name));
    const stored = () => (existsSync(directory()) ? readdirSync(directory()) : []).filter((name) => name.endsWith('.token'));
    const kept = stored().map((name) => readFileSync(join(directory(), name), 'utf8').split('|')[0]);
    for (const name of ['GitHub Actions', 'Grafana'])
      expect(
        left().some((token) => token.name === name && (token.id < 7 || kept.includes(String(token.id)))),
        name,
      ).toBe(true);

    const before = left().map(({ id }) => id);
    const again = await here(ROTATE);
    expect([again.exitCode, stored()]).toEqual([0, ['GitHub Actions.token', 'Grafana.token']]);
    const now = stored().map((name) => readFileSync(join(directory(), name), 'utf8').trim());
    for (const token of now) await expect(here(['whoami'], { env: { DNX_TOKEN: token } })).toExit(0);
    const lost = before.filter((id) => id >= 7 && !kept.includes(String(id)));
    expect(
      left()
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual([...now.map((token) => Number(token.split('|')[0])), ...lost].toSorted());
    for (const id of lost) expect(again.stderr).toContain(`dnx token revoke ${id}`);
    expect(existsSync(join(directory(), 'rotation.json'))).toBe(false);
  },
);
