import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { sampled } from '../support/volume.ts';

const SECRET = 'hunter2';

const bed = perTest(() => openBed());
beforeEach(() => writeFileSync(join(bed.directory, 'token'), 'a-token-of-the-provider\n'));

/** The history, and the progress of plans. */
function filesOfDnx(): string {
  return ['state']
    .map((name) => join(bed.directory, name))
    .filter((directory) => existsSync(directory))
    .flatMap((directory) => readdirSync(directory, { withFileTypes: true, recursive: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

/** The ids of the history, the latest first. */
const entries = async () => (await bed.dnx('history --json')).json<{ readonly id: string }[]>().map(({ id }) => id);

const CREDENTIAL = 'credential create Spare --provider aws --token @token';
const fields = ['secret_access_key', 'access_key_secret', 'passphrase', 'apikey', 'clientSecret', 'privateKey', 'pwd', 'note'];
const lines = [
  ...fields.map((field) => `${CREDENTIAL} -F ${field}=${SECRET}`),
  `${CREDENTIAL} -F pin:=4711`,
  `${CREDENTIAL} -F options:='{"key":{"id":"${SECRET}"}}'`,
  `${CREDENTIAL} -F keys:='["${SECRET}"]'`,
  `${CREDENTIAL} --data '{"name":{"of":"${SECRET}"},"provider":["aws",{"key":"${SECRET}"}]}'`,
  `api POST /providers/credentials --data '{"provider":"aws","name":"x","secret_access_key":"${SECRET}"}'`,
  `api POST /nowhere --data '{"name":"${SECRET}"}'`,
  `api POST /nowhere --input '["${SECRET}"]'`,
  `api PUT /servers/{server} --server web-1 -F passphrase=${SECRET}`,
  `git-provider create Spare --provider gitlab --url https://ada:${SECRET}@git.example.com/x --token @token`,
  `git-provider create Spare --provider gitlab --url https://${SECRET}@git.example.com --token @token`,
  `redirect create /old 'https://ada:${SECRET}#/?x@shop.example.com/new' --site shop.example.com`,
  `crontab create 'curl https://a:${SECRET}@one.example https://b:${SECRET}@two.example' --frequency '0 3 * * *' --server web-1`,
  `queue update default --tries 3 -F driver_options:='{"password":"${SECRET}"}' --site shop.example.com`,
];

const planted = /hunter2|4711/;

describe('a field that dnx does not know may be a secret', () => {
  test.each(sampled(lines, 9, 21))('dnx %s', async (line) => {
    for (const how of ['--dry-run', '--dry-run --json', '--dry-run --debug']) {
      const { stdout, stderr } = await bed.dnx(`${line} ${how}`);
      expect(`${stdout}${stderr}`).not.toMatch(planted);
    }
    const saved = await bed.dnx(`${line} --dry-run --out plan.json`);
    expect(saved).toExit(2, { stdout: '', stderr: expect.stringMatching(/cannot be saved (in|as) a plan/) });
    expect(saved.stderr).not.toMatch(planted);
    expect(existsSync(join(bed.directory, 'plan.json'))).toBe(false);
    const real = await bed.dnx(`${line} --debug`);
    expect([0, 1, 6, 7]).toContain(real.code);
    expect(real.stderr).not.toMatch(planted);
    const [id] = await entries();
    for (const later of ['history', `history show ${id}`, `history show ${id} --json`, 'undo --dry-run', 'undo --dry-run --json']) {
      const { stdout, stderr } = await bed.dnx(later);
      expect(`${stdout}${stderr}`).not.toMatch(planted);
    }
    expect(filesOfDnx()).not.toMatch(planted);
  });

  test('nor is it in what a change replaced or the API quotes', async () => {
    const [crontab] = bed.sandbox.state.crontabs;
    Object.assign(crontab ?? {}, { command: `curl https://ada:${SECRET}@one.example`, webhook: SECRET, user: 'deploynix' });
    bed.sandbox.faults.next(
      { method: 'PUT' },
      { status: 422, body: { message: `${SECRET} is not a key. Nor is https://ada:${SECRET}@x.` } },
    );
    const target = `${crontab?.id} --server ${crontab?.server_id}`;
    await expect(bed.dnx(`crontab update ${target} --user ada -F key=${SECRET}`)).toExit(7);
    await expect(bed.dnx(`crontab update 'curl https://ada:${SECRET}@one.example' --server ${crontab?.server_id} --user ada`)).toExit(0);
    await expect(bed.dnx(`crontab delete ${target} --yes`)).toExit(0);
    for (const id of await entries()) {
      const { code, stdout } = await bed.dnx(`history show ${id}`);
      expect(code).toBe(0);
      expect(stdout).not.toMatch(planted);
    }
    expect(readFileSync(join(bed.directory, 'state', 'history.jsonl'), 'utf8')).not.toMatch(planted);
  });
});

describe('a plan file', () => {
  const write = (
    body: object,
    call = 'POST /servers/{server}/crontabs',
    targets: object = { server: { id: '01JQ8Z4T9G00000000000SRV01', name: null } },
  ) =>
    writeFileSync(
      join(bed.directory, 'plan.json'),
      JSON.stringify({
        version: 1,
        host: bed.sandbox.url,
        changes: [{ call, targets, body, before: null }],
        consent: { level: null, confirm: null },
        abilities: [],
        about: [],
      }),
    );

  test.each([
    [{ note: SECRET }, 'note'],
    [{ command: { of: SECRET } }, 'command'],
    [{ command: `curl https://ada:${SECRET}@one.example` }, 'command'],
  ])('with %j is refused before it is shown', async (body, field) => {
    write({ command: 'date', frequency: '0 3 * * *', ...body });
    const run = await bed.dnx('apply plan.json --yes');
    expect(run).toExit(2, { stdout: '', changes: [], says: `The plan has the ${field} as text. Nothing was changed.` });
    expect(run.stderr).not.toMatch(planted);
  });

  test('may read a field that dnx does not know from a file', async () => {
    writeFileSync(join(bed.directory, 'note'), `${SECRET}\n`);
    write(
      { provider: 'hetzner', name: 'Spare', token: { secret: 'file://token' }, note: { secret: 'file://note' } },
      'POST /providers/credentials',
      {},
    );
    const run = await bed.dnx('apply plan.json --yes');
    expect(run).toExit(0);
    expect(bed.sandbox.calls.at(-1)?.body).toMatchObject({ note: SECRET });
    expect(`${run.stdout}${run.stderr}${filesOfDnx()}`).not.toMatch(planted);
  });
});

test('an undo compares no password in a URL, and shows no secret that an edited history expects', async () => {
  await expect(bed.dnx(`git-provider create Spare --provider gitlab --url https://ada:${SECRET}@git.example.com --token @token`)).toExit(0);
  await expect(bed.dnx('undo --yes')).toExit(0, { stderr: expect.not.stringMatching(planted) });
  await expect(bed.dnx('env set APP_NAME=one --site shop.example.com')).toExit(0);
  const name = bed.sandbox.state.environment_variables.find(({ key }) => key === 'APP_NAME');
  if (name) name.value = SECRET;
  const file = join(bed.directory, 'state/history.jsonl');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/"value":"•+"/g, '"value":"guess"'));
  await expect(bed.dnx('undo --yes')).toExit(10, { stderr: expect.not.stringMatching(planted) });
});

test('the history keeps the name of what it cannot take back, and no other field', async () => {
  await expect(bed.dnx('server create web-3 --provider hetzner --region fsn1 --no-wait')).toExit(0);
  const [id] = await entries();
  expect((await bed.dnx(`history show ${id}`)).stdout).toContain('+ create server web-3\n  outcome  applied\n');
  expect((await bed.dnx(`history show ${id} --json`)).json()).toMatchObject({ changes: [{ body: { name: 'web-3' }, before: null }] });
});
