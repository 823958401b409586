import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DriftRow } from '../../src/features/state/drift-rows.ts';
import { type ApiResponse, seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { withRows } from '../support/platform.ts';

const bed = perTest(() => openBed());

const { servers, sites } = seeded;
const WEB_1 = `GET /servers/${servers['web-1']}`;
const SHOP = `${WEB_1}/sites/${sites['shop.example.com']}`;
const everySite = ['GET /servers', ...Object.values(servers).map((id) => `GET /servers/${id}/sites`)];

/** Runs `dnx drift` on this file, with its rows in short: `different site shop.example.com branch main → dev`. */
async function drift(file: string, words = '', options: RunOptions = {}) {
  writeFileSync(join(bed.directory, 'deploynix.yml'), file);
  const run = await bed.dnx(`drift --json ${words}`, { cwd: bed.directory, ...options });
  const rows = run.stdout === '' ? [] : run.json<DriftRow[]>();
  const line = ({ outcome, kind, name, field, file: wanted, deploynix }: DriftRow) =>
    [outcome, kind, name, field, ...(field !== null && outcome === 'different' ? [`${deploynix} → ${wanted}`] : [])]
      .filter(Boolean)
      .join(' ');
  return { ...run, rows: rows.map(line) };
}

/** Makes the API leave these fields out of a list, or of a single resource, too. */
function leaveOut(path: string, fields: readonly string[]): void {
  const without = (item: object) => Object.fromEntries(Object.entries(item).filter(([field]) => !fields.includes(field)));
  bed.sandbox.faults.always({ method: 'GET', path }, (answer: ApiResponse) => {
    const { data } = answer.body as { readonly data: object };
    return Array.isArray(data) ? withRows(answer, (rows) => rows.map(without)) : { ...answer, body: { data: without(data) } };
  });
}

const refused = { status: 403, body: { message: 'Invalid ability provided.' } };

describe('where things are', () => {
  test('a server that is missing is an error, with the command that creates it', async () => {
    const run = await drift('servers:\n  app-9: { region: fsn1, size: cx22, databases: [shop] }\n');
    expect(run).toExit(6, {
      says: ["deploynix.yml:2:3: Server 'app-9' not found.", 'Create it with: dnx server create app-9 --region fsn1 --size cx22'],
    });
    expect(run.calls).toEqual(['GET /servers']);
  });

  test('a server with a name that is nearly right is no new one', async () => {
    const run = await drift('sites:\n  shop.example.com: { server: wbe-1, branch: main }\n');
    expect(run).toExit(6, { says: "deploynix.yml:2:3: Server 'wbe-1' not found. Did you mean 'web-1'?" });
    expect(run.stderr).not.toContain('server create');
  });

  test('a site without its server is the only one of its domain', async () => {
    const run = await drift('sites: { SHOP.example.com.: { branch: main } }');
    expect(run).toExit(0);
    expect(run.calls).toEqual(everySite);
    await expect(drift('sites: { staging.example.com: { branch: main } }')).toExit(6, {
      says: ['web-1/staging.example.com', 'web-2/staging.example.com', 'SERVER/SITE'],
    });
  });

  test('a domain on two servers is told apart by its server', async () => {
    const file = 'sites: { web-2/staging.example.com: { branch: main } }';
    const run = await drift(file);
    expect(run.rows).toEqual(['different site staging.example.com branch develop → main']);
    expect(run.calls).toEqual(['GET /servers', `GET /servers/${servers['web-2']}/sites`]);
  });

  test('everything of a site that is missing is missing', async () => {
    const run = await drift(
      'sites: { new.example.com: { server: web-1, branch: main, env: { A: b }, secrets: [APP_KEY], queues: [default] } }',
    );
    expect(run).toExit(10);
    expect(run.rows).toEqual(['missing site new.example.com', 'missing variable A', 'missing variable APP_KEY', 'missing queue default']);
    expect(run.calls).toEqual(['GET /servers', `${WEB_1}/sites`]);
  });

  test('so is everything of a site that is on no server', async () => {
    const run = await drift('sites: { new.example.com: { env: { A: b } } }');
    expect(run.rows).toEqual(['missing site new.example.com', 'missing variable A']);
    expect(run.calls).toEqual(everySite);
  });

  test('what was renamed keeps what it has', async () => {
    const file = 'sites: { store.example.com: { server: web-1, renamed_from: shop.example.com, env: { APP_ENV: production, NEW: a } } }';
    const run = await drift(file);
    expect(run.rows).toEqual(['different site store.example.com domain shop.example.com → store.example.com', 'missing variable NEW']);
    expect(run.calls).toContain(`${SHOP}/environment-variables`);
  });

  test('a rename that is done is none', async () => {
    await expect(drift('sites: { shop.example.com: { renamed_from: old.example.com, branch: main } }')).toExit(0);
  });

  test('a server that is renamed is found by its old name', async () => {
    const run = await drift('servers: { app-1: { renamed_from: web-1, databases: [blog] } }');
    expect(run.rows).toEqual(['different server app-1 name web-1 → app-1']);
  });
});

describe('what is read', () => {
  test('only the lists that the file names, each once', async () => {
    const file = `
servers:
  web-1: { databases: { blog: { users: { blog: {} } } }, crontabs: [] }
sites:
  web-1/shop.example.com: { repository: example/shop, env: { APP_ENV: production }, secrets: [APP_KEY] }
  web-1/blog.example.com: { repository: example/blog }
`;
    const run = await drift(file);
    expect(run).toExit(0, { stderr: '' });
    expect(run.calls.toSorted()).toEqual(
      [
        'GET /servers',
        'GET /git-repositories',
        `${WEB_1}/sites`,
        `${WEB_1}/databases`,
        `${WEB_1}/databases/${seeded.databases.blog}/users`,
        `${SHOP}/environment-variables`,
      ].toSorted(),
    );
  });

  test('--server and --site leave out the rest', async () => {
    const file = `
servers: { web-1: { databases: [nope] }, db-1: { databases: [nope] } }
sites:
  shop.example.com: { branch: dev, env: { NOPE: a } }
  api.example.com: { branch: dev }
repositories: { example/nope: {} }
`;
    const byServer = await drift(file, '--server web-2');
    expect(byServer.rows).toEqual(['different site api.example.com branch main → dev']);
    expect(byServer.calls).toEqual(['GET /servers', `GET /servers/${servers['web-2']}/sites`]);
    const bySite = await drift(file, '--site shop.example.com');
    expect(bySite.rows).toEqual(['different site shop.example.com branch main → dev', 'missing variable NOPE']);
    await expect(drift(file, '--site shop.exmaple.com')).toExit(6, {
      says: "deploynix.yml does not have shop.exmaple.com. Did you mean 'shop.example.com'?",
    });
  });

  test('a list that cannot be read has no differences, and is named', async () => {
    bed.sandbox.faults.always({ path: /environment-variables/ }, refused);
    const run = await drift('sites: { shop.example.com: { branch: dev, env: { A: b }, redirects: [{ from: /x, to: /y }] } }');
    expect(run).toExit(5);
    expect(run.rows).toEqual(['different site shop.example.com branch main → dev', 'missing redirect /x', 'unread variable']);
  });

  test('a site may be on the server whose sites cannot be read', async () => {
    bed.sandbox.faults.always({ path: `/servers/${servers['web-2']}/sites` }, refused);
    const run = await drift('sites: { shop.example.com: { branch: main }, api.example.com: { branch: main, env: { A: b } } }');
    expect(run).toExit(5);
    expect(run.rows).toEqual(['unread site']);
  });

  test('without the names of repositories, that of a site is unknown', async () => {
    bed.sandbox.faults.always({ path: '/git-repositories' }, refused);
    const run = await drift('sites: { shop.example.com: { branch: dev, repository: example/shop } }');
    expect(run).toExit(5);
    expect(run.rows).toEqual([
      'different site shop.example.com branch main → dev',
      'unknown site shop.example.com repository',
      'unread git_repository',
    ]);
  });

  test('what a list leaves out is read with one request', async () => {
    leaveOut('/servers/{server}/sites', ['git_repository_id', 'zero_downtime_enabled', 'branch']);
    const run = await drift('sites: { web-1/shop.example.com: { repository: example/shop, zero_downtime: true, branch: dev } }');
    expect(run.rows).toEqual(['different site shop.example.com branch main → dev']);
    expect(run.calls).toEqual(
      ['GET /servers', `${WEB_1}/sites`, 'GET /git-repositories', SHOP].toSorted(
        (one, other) => run.calls.indexOf(one) - run.calls.indexOf(other),
      ),
    );
  });

  test('what the API never shows is requested once, and unknown', async () => {
    leaveOut('/servers/{server}/crontabs', ['user']);
    leaveOut('/servers/{server}/crontabs/{crontab}', ['user']);
    const commands = bed.sandbox.state.crontabs.filter(({ server_id: id }) => id === servers['web-1']).map(({ command }) => command);
    const entries = commands.map((command) => JSON.stringify({ command, user: 'deploynix' }));
    const run = await drift(`servers: { web-1: { crontabs: [${entries.join(', ')}] } }`);
    expect(run).toExit(0);
    expect(run.rows).toEqual(commands.map((command) => `unknown crontab ${command} user`));
    expect(run.calls).toHaveLength(3);
  });

  test('a list of which the API hides a key is as if it could not be read', async () => {
    leaveOut('/servers/{server}/sites/{site}/redirects', ['from']);
    const run = await drift('sites: { shop.example.com: { redirects: [{ from: /x, to: /y }], owns: [redirects] } }');
    expect(run.rows).toEqual(['unread redirect']);
    expect(run.code).not.toBe(0);
  });

  test('it says how long it takes, if that is more than a minute', async () => {
    const lists = 'env: { APP_ENV: production }, queues: [default], redirects: [], certificates: true';
    const file = `sites: { web-1/shop.example.com: { ${lists} }, web-1/blog.example.com: { ${lists} } }`;
    const run = await drift(file, '', { env: { DNX_RATE_LIMIT: '5' } });
    expect(run.stderr).toContain('Reading 7 lists takes about 1m. Narrow it with --server or --site');
  });
});

describe('what is compared', () => {
  test('a file that names nothing costs no request', async () => {
    await expect(drift('servers: {}')).toExit(0, { calls: [] });
  });

  test('names for ids, actions as fields, spellings as what they mean', async () => {
    const file = `
sites:
  shop.example.com: { repository: Example/Shop, php_version: php8.3, web_directory: public, suspended: false, zero_downtime: true }
  docs.example.com: { repository: example/shop, suspended: false, zero_downtime: true }
  blog.example.com: { zero_downtime: false }
repositories: { example/shop: { git: GitHub, auto_deploy: true } }
`;
    const run = await drift(file);
    expect(run.rows).toEqual([
      'different site docs.example.com repository null → example/shop',
      'different site docs.example.com suspended true → false',
      'different site docs.example.com zero_downtime false → true',
    ]);
  });

  test('what only creation sets is compared, and cannot be changed', async () => {
    const run = await drift(
      'servers: { web-1: { region: fra1 } }\nsites: { shop.example.com: { zero_downtime: false, type: static, branch: dev } }',
    );
    expect(run).toExit(10);
    const changeable = run.json<DriftRow[]>().map(({ field, changeable }) => [field, changeable]);
    expect(changeable.toSorted()).toEqual([
      ['branch', true],
      ['region', false],
      ['type', false],
      ['zero_downtime', false],
    ]);
  });

  test('what a list has besides is nothing, unless the file owns the list', async () => {
    const redirects = 'redirects: [{ from: /agb, to: /terms }]';
    await expect(drift(`sites: { shop.example.com: { ${redirects} } }`)).toExit(0);
    const run = await drift(`sites: { shop.example.com: { ${redirects}, owns: [redirects] } }`);
    expect(run.rows).toEqual(['extra redirect /sale']);
  });

  test('what is there twice is named, and no difference', async () => {
    const { queues } = bed.sandbox.state;
    queues.push({ ...structuredClone(queues.find(({ queue }) => queue === 'mails') as (typeof queues)[number]), id: 'another' });
    const run = await drift('sites: { shop.example.com: { queues: [{ queue: mails, processes: 1 }] } }');
    expect(run).toExit(0);
    expect(run.rows).toEqual(['twin queue mails']);
  });

  test('what may be one of several is an error, with their ids', async () => {
    const { queues } = bed.sandbox.state;
    queues.push({ ...structuredClone(queues.find(({ queue }) => queue === 'mails') as (typeof queues)[number]), id: 'another' });
    const run = await drift('sites: { shop.example.com: { queues: [{ queue: mails, processes: 9 }] } }');
    expect(run).toExit(6, { says: ['another', 'deploynix.yml:1:39 may be any of them'] });
  });

  test('an expired certificate is none', async () => {
    const [certificate] = bed.sandbox.state.certificates.filter(({ site_id: id }) => id === sites['shop.example.com']);
    const file = 'sites: { shop.example.com: { certificates: true } }';
    await expect(drift(file)).toExit(0);
    if (certificate) certificate.expires_at = '2020-01-01T00:00:00Z';
    expect((await drift(file)).rows).toEqual(['missing certificate shop.example.com']);
  });

  test('a reference is not read to compare it', async () => {
    const run = await drift('sites: { shop.example.com: { env: { APP_NAME: op://vault/item/field, APP_ENV: env://APP_ENV } } }');
    expect(run).toExit(0);
    expect(run.rows).toEqual(['unknown variable APP_NAME value', 'unknown variable APP_ENV value']);
  });
});
