import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Agency, type Outcome, openAgency, openRealAgency } from '../support/agency.ts';
import { perTest } from '../support/fixtures.ts';
import { openReceiver } from '../support/receiver.ts';
import { sampled } from '../support/volume.ts';

/** What each script took under the limit of 60 requests a minute. DNX_TEST_FIGURES=1 prints it. */
const figures: Record<string, Pick<Outcome, 'seconds'> & { requests: number }> = {};
const note = (script: string, { calls, seconds }: Pick<Outcome, 'calls' | 'seconds'>) => {
  figures[script] ??= { requests: calls.length, seconds };
};

afterAll(() => {
  if (!process.env.DNX_TEST_FIGURES) return;
  const lines = Object.entries(figures).map(
    ([script, { requests, seconds }]) => `| ${script} | ${requests} | ${Math.round(seconds)} s |\n`,
  );
  process.stdout.write(`| script | requests | time |\n|---|---|---|\n${lines.join('')}`);
});

const CLIENT = ['new-client.example.com', 'web-5'];

/** What the sandbox has of the client, without ids and times. */
function clientIn({ sandbox: { state } }: Agency) {
  const [domain, server] = CLIENT;
  const { id: server_id } = state.servers.find(({ name }) => name === server) ?? {};
  const site = state.sites.find((listed) => listed.domain === domain);
  const onServer = <T extends { readonly server_id: string }>(rows: readonly T[]) => rows.filter((row) => row.server_id === server_id);
  const ofSite = <T extends { readonly site_id: string | null }>(rows: readonly T[]) => rows.filter((row) => row.site_id === site?.id);
  const databases = onServer(state.databases);
  const users = state.database_users.filter(({ database_id }) => databases.some(({ id }) => id === database_id));
  return {
    site: site && { type: site.type, branch: site.branch, php_version: site.php_version, status: site.status },
    certificates: ofSite(state.certificates).map(({ domain, status }) => ({ domain, status })),
    databases: databases.map(({ name }) => name),
    users: users.map(({ username }) => username),
    variables: Object.fromEntries(ofSite(state.environment_variables).map(({ key, value }) => [key, value])),
    queues: ofSite(state.queues).map(({ connection, queue, processes }) => ({ connection, queue, processes })),
    crontabs: onServer(state.crontabs).map(({ command, frequency }) => ({ command, frequency })),
    daemons: onServer(state.daemons).map(({ command, directory, processes }) => ({ command, directory, processes })),
  };
}

describe.each([
  ['in this process, under the limit', openAgency],
  ['in processes', openRealAgency],
])('%s', { timeout: 60_000 }, (_, open) => {
  const agency = perTest<Agency>(open);
  const read = (name: string) => readFileSync(join(agency.directory, name), 'utf8');
  /** A token with the abilities that dnx computes, for a script if no command is given. */
  const tokenFor = async (script: string, command?: string) => {
    const needed = command === undefined ? ['--from-script', `${script}.sh`] : ['--for', command];
    const { exitCode, stdout } = await agency.dnx(['token', 'create', script, ...needed]);
    expect(exitCode).toBe(0);
    return { DNX_TOKEN: stdout.trim() };
  };

  test('audit.sh reports what is new and what was fixed', async () => {
    const env = await tokenFor('audit');
    await expect(agency.dnx('audit --baseline audit.jsonl --update-baseline', env)).toExit(0);
    await expect(agency.dnx('network-rule create 6379 --server web-1 --name Redis')).toExit(0);
    await expect(agency.dnx('queue restart exports --site shop.example.com')).toExit(0);
    const run = await agency.run('audit', [], { env });
    expect(run).toExit(10, { stdout: '', changes: [] });
    const [found, fixed] = read('audit.md').split('### Fixed since the baseline');
    expect(found?.match(/^\| \S+ (low|medium|high) .*/gm)).toEqual([expect.stringContaining('Redis (6379) is open to the world')]);
    expect(fixed).toContain('- queue-worker-stopped shop.example.com on web-1 (exports)\n');
    // Three, six for each server, and two for each site with PHP workers.
    expect(run.calls).toHaveLength(130);
    note('audit.sh', run);
  });

  test('notify.sh tells the chat how a deployment failed, also before it began', async () => {
    const chat = await openReceiver();
    agency.sandbox.state.fail_deploys = true;
    const notify = (env = {}) =>
      agency.run('notify', ['web-5/client-12.example.com'], { env: { CHAT_URL: `${chat.url}/hooks/1`, ...env } });
    const run = await notify();
    const rejected = await notify({ DNX_TOKEN: '9|expired' });
    await chat.close();
    expect([run.code, rejected.code]).toEqual([1, 4]);
    expect(chat.bodies.map(({ text, exit_code }) => [exit_code, text])).toEqual([
      [1, expect.stringMatching(/^✗ Deployment of client-12\.example\.com failed after \d+s$/)],
      [4, expect.stringMatching(/^✗ DNX_TOKEN was rejected by /)],
    ]);
    note('notify.sh', run);
  });

  test('canary.sh deploys one site first, and no other if that one fails', async () => {
    const { state, calls } = agency.sandbox;
    // Processes deploy a few, because they wait in real time.
    if (open === openRealAgency) state.sites.splice(8);
    const canary = state.sites.find(({ domain }) => domain === 'client-07.example.com');
    const liveOf = (id: string | undefined) => state.releases.find(({ site_id, active }) => site_id === id && active)?.id;
    const deployed = (first: number) =>
      calls.slice(first).flatMap(({ method, path, status }) => (method === 'POST' && status < 300 ? [path.split('/').at(-2)] : []));

    agency.addProgram('curl', '#!/bin/sh\nexit 22\n');
    const live = liveOf(canary?.id);
    const env = await tokenFor('canary');
    const first = calls.length;
    const broken = await agency.run('canary', ['client-07.example.com'], { env });
    expect(broken).toExit(12);
    expect([deployed(first)[0], new Set(deployed(first)).size, liveOf(canary?.id)]).toEqual([canary?.id, 1, live]);

    const asked = join(agency.directory, 'asked');
    agency.addProgram('curl', `#!/bin/sh\nfor word; do :; done\necho "$word" >> '${asked}'\n`);
    const before = calls.length;
    const run = await agency.run('canary', ['client-07.example.com'], { env });
    expect(run).toExit(0);
    const urls = read('asked').trim().split('\n');
    expect([deployed(before)[0], urls[0]]).toEqual([canary?.id, 'https://client-07.example.com/up']);
    expect(deployed(before).sort()).toEqual(state.sites.map(({ id }) => id).sort());
    expect(urls.sort()).toEqual(state.sites.map(({ domain }) => `https://${domain}/up`).sort());
    note('canary.sh', run);
  });

  test('copy-variables.sh gives a site what it does not share with another', async () => {
    const sites = ['shop.example.com', 'web-5/client-12.example.com'];
    const run = await agency.run('copy-variables', sites, { env: await tokenFor('copy-variables') });
    expect(run).toExit(0);
    const variables = (wanted: string) => {
      const { sites, environment_variables } = agency.sandbox.state;
      const id = sites.find(({ domain }) => domain === wanted)?.id;
      return Object.fromEntries(environment_variables.filter(({ site_id }) => site_id === id).map(({ key, value }) => [key, value]));
    };
    const { APP_KEY, APP_URL, DB_DATABASE, DB_USERNAME, DB_PASSWORD, ...shared } = variables('shop.example.com');
    expect([APP_KEY, APP_URL, DB_DATABASE, DB_USERNAME, DB_PASSWORD]).not.toContain(undefined);
    expect(variables('client-12.example.com')).toEqual(shared);
    // Values are secrets.
    for (const value of [shared.STRIPE_SECRET ?? '', APP_KEY ?? '']) expect(run.stdout + run.stderr).not.toContain(value);
    note('copy-variables.sh', run);
  });

  test('rotate-tokens.sh replaces those of pipelines, which differ, and no others', async () => {
    const { sandbox } = agency;
    const abilities: Readonly<Record<string, readonly string[]>> = { 'ci-shop': ['site:deploy', 'site:read'], 'ci-audit': ['server:read'] };
    const old = Object.entries(abilities).map(([name, allowed]) => sandbox.mint(allowed, { name }));
    const others = sandbox.state.tokens.filter(({ name }) => !name.startsWith('ci-'));
    const run = await agency.run('rotate-tokens', ['tokens']);
    expect(run).toExit(0);
    const rotated = sandbox.state.tokens.filter(({ name }) => name.startsWith('ci-'));
    expect(Object.fromEntries(rotated.map(({ name, abilities }) => [name, abilities]))).toEqual(abilities);
    expect(sandbox.state.tokens.filter(({ name }) => !name.startsWith('ci-'))).toEqual(others);
    expect(readdirSync(join(agency.directory, 'tokens')).sort()).toEqual(['ci-audit.token', 'ci-shop.token']);
    const works = async (token: string) => (await agency.dnx('whoami', { DNX_TOKEN: token })).exitCode === 0;
    for (const token of old) expect([await works(token), run.stdout.includes(token)]).toEqual([false, false]);
    for (const name of Object.keys(abilities)) expect(await works(read(`tokens/${name}.token`).trim())).toBe(true);
    note('rotate-tokens.sh', run);
  });

  test('verify-backups.sh prints the damaged ones', async () => {
    const env = await tokenFor('verify-backups');
    const run = await agency.run('verify-backups', [], { env });
    expect(run).toExit(0, { stdout: '[]' });
    note('verify-backups.sh', run);
    const { 'shop database, completed': database, 'shop application, completed': application } = seeded.backups;
    expect(run.changes).toEqual([`POST /backups/${database}/verify`, `POST /backups/${application}/verify`]);
    const path = `/backups/${application}/verify`;
    agency.sandbox.faults.next({ path }, { status: 422, body: { message: 'The checksum differs.' } });
    const damaged = await agency.run('verify-backups', [], { env });
    expect(damaged).toExit(12);
    expect(JSON.parse(damaged.stdout)).toEqual([{ backup: application, why: 'The checksum differs.' }]);
  });

  test('report.sh has a line for each site, and changes nothing', async () => {
    const run = await agency.run('report', [], { env: await tokenFor('report') });
    expect(run).toExit(0, { changes: [] });
    const lines = read('report.md').trimEnd().split('\n').slice(2);
    expect(lines).toHaveLength(40);
    expect(lines.find((line) => line.includes('client-12'))).toMatch(/^\| client-12\.example\.com \| web-5 \| \w{7} \| /);
    // Two, two for each server, and three for each site; one without PHP has no workers.
    expect(run.calls).toHaveLength(137);
    note('report.sh', run);
  });

  test('close-client.sh deletes what a plan showed, by one approval and on another machine', async () => {
    const provisioned = await agency.run('provision', CLIENT, { inside: true, env: await tokenFor('provision') });
    expect(provisioned).toExit(0);
    note('provision.sh', provisioned);
    const client = clientIn(agency);
    const others = agency.sandbox.state.sites.length - 1;
    const reader = await tokenFor('close-client');
    expect(agency.sandbox.state.tokens.at(-1)?.abilities.filter((ability) => !ability.endsWith(':read'))).toEqual([]);
    const plan = await agency.run('close-client', ['plan', ...CLIENT], { env: reader });
    expect(plan).toExit(0, { changes: [] });
    expect(clientIn(agency)).toEqual(client);
    const env = await tokenFor('close-client', 'apply close-1.json close-2.json close-3.json close-4.json');
    const run = await agency.run('close-client', ['apply', ...CLIENT], { machine: 'runner', env });
    expect(run).toExit(0);
    expect(run.changes).toHaveLength(4);
    const nothing = { site: undefined, certificates: [], databases: [], users: [], variables: {}, queues: [], crontabs: [], daemons: [] };
    expect([clientIn(agency), agency.sandbox.state.sites.length]).toEqual([nothing, others]);
    const again = await agency.run('close-client', ['apply', ...CLIENT], { machine: 'another', env });
    expect(again).toExit(0, { changes: [] });
    note('close-client.sh', { calls: [...plan.calls, ...run.calls], seconds: plan.seconds + run.seconds });
  });
});

describe('provision.sh', () => {
  const agency = perTest(openRealAgency);

  test('leaves the same, at whichever request it is killed and run again', async () => {
    const initial = structuredClone(agency.sandbox.state);
    const whole = await agency.run('provision', CLIENT, { inside: true });
    expect(whole).toExit(0);
    const wanted = clientIn(agency);
    expect(wanted).toEqual({
      site: { type: 'laravel', branch: 'main', php_version: '8.4', status: 'active' },
      certificates: [{ domain: 'new-client.example.com', status: 'active' }],
      databases: ['new_client_example_com'],
      users: ['new_client_example_com'],
      variables: {
        APP_ENV: 'production',
        DB_DATABASE: 'new_client_example_com',
        DB_USERNAME: 'new_client_example_com',
        QUEUE_CONNECTION: 'redis',
        DB_PASSWORD: readFileSync(join(agency.directory, 'db-password'), 'utf8').trim(),
      },
      queues: [{ connection: 'redis', queue: 'default', processes: 2 }],
      crontabs: [{ command: 'php /home/deploynix/new-client.example.com/current/artisan schedule:run', frequency: '* * * * *' }],
      daemons: [{ command: 'php artisan reverb:start', directory: '/home/deploynix/new-client.example.com/current', processes: 1 }],
    });
    const again = await agency.run('provision', CLIENT, { inside: true });
    expect(again).toExit(0, { changes: [] });

    const requests = whole.calls.map((_, index) => index + 1);
    for (const killedAt of sampled(requests, 2, 8)) {
      Object.assign(agency.sandbox.state, structuredClone(initial));
      const killed = await agency.run('provision', CLIENT, { killedAt });
      const finished = await agency.run('provision', CLIENT, { inside: true });
      expect([killed.code, finished.code], `killed at request ${killedAt}: ${finished.stderr}`).toEqual([undefined, 0]);
      expect(clientIn(agency), `killed at request ${killedAt}`).toEqual(wanted);
    }
  }, 300_000);
});

describe('40 sites', { timeout: 60_000 }, () => {
  const agencies = [perTest<Agency>(openAgency), perTest<Agency>(openAgency)] as const;

  /** Deploys all of them, by a script in so many jobs, and checks that each was deployed once and is live. */
  async function deployed({ sandbox, directory, run }: Agency, script: string, jobs: number) {
    const { sites, servers, releases } = sandbox.state;
    const serverOf = ({ server_id }: (typeof sites)[number]) => servers.find(({ id }) => id === server_id)?.name;
    writeFileSync(join(directory, 'sites.txt'), sites.map((site) => `${serverOf(site)}/${site.domain}\n`).join(''));
    const before = new Set(releases.map(({ id }) => id));
    const start = sandbox.now();
    const numbers = Array.from({ length: jobs }, (_, index) => String(index + 1));
    const runs = await Promise.all(numbers.map((number) => run(script, [number], { machine: `job-${number}` })));
    for (const ended of runs) expect(ended).toExit(0);
    const live = sandbox.state.releases.filter(({ id, active }) => active && !before.has(id));
    expect(live.map(({ site_id }) => site_id).sort()).toEqual(sites.map(({ id }) => id).sort());
    expect(sandbox.calls.filter(({ method, status }) => method === 'POST' && status < 300)).toHaveLength(40);
    return { calls: sandbox.calls.map(({ path }) => path), seconds: (sandbox.now() - start) / 1000 };
  }

  test('ten machines without a shared disk need little more than one, as the documentation says', async () => {
    const one = await deployed(agencies[0], 'deploy-all', 1);
    const ten = await deployed(agencies[1], 'deploy-share', 10);
    note('deploy-all.sh', one);
    note('deploy-share.sh (ten jobs)', ten);
    expect(ten.seconds).toBeLessThanOrEqual(1.25 * one.seconds);
    expect(ten.calls.length).toBeLessThanOrEqual(1.5 * one.calls.length);
    const rows = [...readFileSync('docs/ci.md', 'utf8').matchAll(/^\| (?:one job|a matrix).* \| (\d+) \| (\d+) s \|$/gm)];
    const documented = rows.map(([, requests, seconds]) => ({ requests: Number(requests), seconds: Number(seconds) }));
    // Within a tenth.
    const nearly = (number: number) => expect.closeTo(number, -Math.log10(number / 5));
    expect(documented).toEqual([one, ten].map(({ calls, seconds }) => ({ requests: nearly(calls.length), seconds: nearly(seconds) })));
  });
});
