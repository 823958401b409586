import { beforeAll, describe, expect, test } from 'vitest';
import { wordOf } from '../../src/base/text.ts';
import { markOf, previewDomain } from '../../src/features/preview/names.ts';
import { type ApiResponse, seeded } from '../../src/sandbox/index.ts';
import type { Run } from '../support/dnx.ts';
import { perSuite, perTest } from '../support/fixtures.ts';
import { plantPreview, plantVariable, previewNames } from '../support/planted-preview.ts';
import { withRows } from '../support/platform.ts';
import { openPreviewBed, PREVIEWS, type PreviewBed, previewLink, previewSettings } from '../support/preview-bed.ts';

type Thing = Readonly<Record<string, unknown>>;
interface Row {
  readonly branch: string;
  readonly site: string;
  readonly state: string;
  readonly deadline: string | null;
  readonly database: string | null;
}

/** Puts a preview of a branch there, and returns its domain. `values`: those of its DNX_PREVIEW. */
function plant(bed: PreviewBed, branch: string, site: Thing = {}, ...values: readonly string[]): string {
  const id = `site-${bed.sandbox.state.sites.length}`;
  plantPreview(bed, branch, { left: null, without: ['database', 'user'], site: { id, ...site } });
  for (const value of values) plantVariable(bed, id, 'DNX_PREVIEW', value);
  return wordOf(bed.sandbox.state.sites.at(-1)?.domain);
}

const ownerIn = ({ sandbox }: PreviewBed) => ({ host: sandbox.url, repository: 'example/shop', base: 'shop.example.com' });

/** Shows the rows of lists, and what is read alone, with these changes. An undefined field is not shown. */
const show = ({ sandbox }: PreviewBed, path: RegExp, change: (row: Thing) => Thing) =>
  sandbox.faults.always({ method: 'GET', path }, (answer: ApiResponse) => {
    const { data } = (answer.body ?? {}) as { readonly data?: Thing };
    if (answer.status >= 300) return answer;
    return Array.isArray(data)
      ? withRows(answer, (rows) => rows.map((row) => JSON.parse(JSON.stringify(change(row)))))
      : { ...answer, body: { data: JSON.parse(JSON.stringify(change(data ?? {}))) } };
  });

const SITES = /\/sites(\/[^/]+)?$/;
const REPOSITORY = seeded.gitRepositories['example/shop'];
const later = 'shop.example.com/2030-01-01T00:00:00Z';

/** What the API shows of a site beside what a preview has, and why it does not count then. */
const lookalikes: Readonly<Record<string, readonly [shown: Thing, why: string]>> = {
  'no branch': [{ branch: undefined }, 'Deploynix does not show its branch'],
  'branch null': [{ branch: null }, 'Deploynix does not show its branch'],
  'an empty branch': [{ branch: '' }, 'Deploynix does not show its branch'],
  'a masked branch': [{ branch: '********' }, 'Deploynix does not show its branch'],
  'a branch as a number': [{ branch: 7 }, 'Deploynix does not show its branch'],
  'a branch as an object': [{ branch: { name: 'x' } }, 'Deploynix does not show its branch'],
  'a branch in other case': [{ branch: 'A Branch In Other Case' }, "its domain is not that of its branch, 'A Branch In Other Case'"],
  'a branch with a space': [{ branch: 'a branch with a space ' }, "its domain is not that of its branch, 'a branch with a space '"],
  'another branch': [{ branch: 'release' }, 'its domain is not that of its branch, release'],
  'the branch of the base': [{ branch: 'main' }, 'its branch is main, that of shop.example.com'],
  'no repository': [{ git_repository_id: undefined }, 'Deploynix does not show its repository'],
  'repository null': [{ git_repository_id: null }, 'Deploynix does not show its repository'],
  'a masked repository': [{ git_repository_id: '••••••••' }, 'Deploynix does not show its repository'],
  'a repository as an object': [{ git_repository_id: { id: REPOSITORY } }, 'Deploynix does not show its repository'],
  'a repository by name': [{ git_repository_id: 'example/shop' }, 'its repository is not example/shop'],
  'another repository': [{ git_repository_id: seeded.gitRepositories['example/blog'] }, 'its repository is not example/shop'],
  'another server': [{ server_id: seeded.servers['web-1'] }, 'it is on another server'],
  'an alias': [{ alias: 'www.example.com' }, 'it has an alias'],
  'several aliases': [{ aliases: ['www.example.com'] }, 'it has an alias'],
  'aliases as objects': [{ domain_aliases: [{ name: 'www.example.com' }] }, 'it has an alias'],
  'aliases as text': [{ aliases: 'www.example.com' }, 'it has an alias'],
  'another domain': [{ domains: ['shop.example.com'] }, 'it has an alias'],
  'hidden aliases': [{ aliases: '********' }, 'it has an alias'],
  'no id': [{ id: undefined }, 'Deploynix shows no id of it'],
  'id null': [{ id: null }, 'Deploynix shows no id of it'],
  'an id that leads elsewhere': [{ id: '..' }, 'Deploynix shows no id of it'],
};

/** What the API may show of a preview that still counts as one. */
const previews: Readonly<Record<string, Thing>> = {
  'as the sandbox shows it': {},
  'no server': { server_id: undefined },
  'server null': { server_id: null },
  'a server in lower case': { server_id: PREVIEWS.id.toLowerCase() },
  'a repository in lower case': { git_repository_id: REPOSITORY.toLowerCase() },
  'no aliases': { aliases: [], alias: null, domain_aliases: '' },
  'a list of its domain': { listed: true },
  'a domain with a dot at its end': { dotted: true },
  'a domain in upper case': { upper: true },
};

/** The value of DNX_PREVIEW, or several; and whether the site still counts. */
const records: Readonly<Record<string, readonly [values: readonly string[], counts: boolean]>> = {
  'of the base': [[later], true],
  'in other case': [['Shop.Example.com/2030-01-01T00:00:00Z/seeded'], true],
  'twice the same': [[later, later], true],
  none: [[], true],
  hidden: [['********'], true],
  'of another site': [['blog.example.com/2030-01-01T00:00:00Z'], false],
  'of a longer domain': [['shop.example.com.au/2030-01-01T00:00:00Z'], false],
  empty: [[''], false],
  'without a time': [['shop.example.com'], false],
  'with a day alone': [['shop.example.com/2030-01-01'], false],
  'with a day that is none': [['shop.example.com/2030-02-31T99:00:00Z'], false],
  'with more after it': [[`${later}/seeded/x`], false],
  'of two sites': [[later, 'blog.example.com/2030-01-01T00:00:00Z'], false],
  'hidden beside a shown one': [[later, '********'], false],
};

/** Names of sites that have something of the mark in them. */
const names: Readonly<Record<string, (mark: string) => string>> = {
  'more after the mark': (mark) => `fix-${mark}2.preview.example.com`,
  'the mark in front': (mark) => `${mark}-fix.preview.example.com`,
  'the mark alone': (mark) => `${mark}.preview.example.com`,
  'the mark in the second label': (mark) => `fix.fix-${mark}.example.com`,
  'a wildcard': (mark) => `*.fix-${mark}.preview.example.com`,
  'the mark of the owner alone': (mark) => `fix-${mark.slice(0, 6)}.preview.example.com`,
  'no dash before the mark': (mark) => `fix${mark}.preview.example.com`,
  'an underscore in the slug': (mark) => `fix_cart-${mark}.preview.example.com`,
};

describe('a site that is like a preview', () => {
  const bed = perSuite(() => openPreviewBed());
  const domains = new Map<string, string>();
  let run: Run;
  let listed: readonly Row[];

  beforeAll(async () => {
    const shown = new Map<unknown, Thing>();
    const shows = Object.entries(lookalikes).map(([name, [fields]]): readonly [string, Thing] => [name, fields]);
    for (const [name, { upper, dotted, listed: isListed, ...fields }] of [...shows, ...Object.entries(previews)]) {
      const domain = plant(bed, name, {}, later);
      domains.set(name, upper ? domain.toUpperCase() : dotted ? `${domain}.` : domain);
      shown.set(domain, { ...fields, domain: domains.get(name), ...(isListed === true && { domains: [domain] }) });
    }
    for (const [name, [values]] of Object.entries(records)) domains.set(`record ${name}`, plant(bed, `record ${name}`, {}, ...values));
    for (const [name, domainOf] of Object.entries(names))
      domains.set(name, plant(bed, name, { domain: domainOf(markOf(ownerIn(bed), name)) }, later));
    show(bed, SITES, (site) => ({ ...site, ...shown.get(site.domain) }));
    run = await bed.dnx('preview list --json', { lies: true });
    listed = run.json();
  });

  const reasonOf = (name: string) =>
    run.stderr
      .split('\n')
      .find((line) => line.includes(` ${domains.get(name)} on previews-1 does not count`))
      ?.replace(/.*does not count as a preview: /, '');
  const isListed = (name: string) => listed.some(({ site }) => site === domains.get(name));

  test.each(Object.keys(lookalikes))('is none with %s', (name) => {
    expect(isListed(name)).toBe(false);
    expect(reasonOf(name)).toBe(`${lookalikes[name]?.[1]}.`);
  });

  test.each(Object.keys(previews))('is one with %s', (name) => {
    expect(reasonOf(name)).toBeUndefined();
    expect(isListed(name)).toBe(true);
  });

  test.each(Object.keys(records))('with a DNX_PREVIEW %s', (name) => {
    const counts = records[name]?.[1] === true;
    expect(isListed(`record ${name}`)).toBe(counts);
    expect(reasonOf(`record ${name}`)).toBe(counts ? undefined : 'its DNX_PREVIEW is not one of shop.example.com.');
  });

  test.each(Object.keys(names))('is none with %s in its domain', (name) => {
    expect(isListed(name)).toBe(false);
    expect(reasonOf(name)).toBe('its domain is not one that dnx makes.');
  });

  test('was read without a change, and each only once', () => {
    expect(run).toExit(0, { changes: [] });
    expect(new Set(run.calls).size).toBe(run.calls.length);
  });

  // The last one, because it removes what the others are about.
  test('is what a sweep removes, and it removes nothing else', async () => {
    const before = bed.sandbox.state.sites.map(({ domain }) => domain);
    const sweep = await bed.dnx('preview sweep --confirm shop.example.com --json', { lies: true });
    const after = bed.sandbox.state.sites.map(({ domain }) => domain);
    const removed = before.filter((domain) => !after.includes(domain));
    const counted = [...Object.keys(previews), ...Object.keys(records).flatMap((key) => (records[key]?.[1] ? [`record ${key}`] : []))];
    expect(removed.sort()).toEqual(counted.map((name) => (domains.get(name) ?? '').toLowerCase().replace(/\.$/, '')).sort());
    expect(sweep).toExit(0, { changes: removed.map(() => expect.stringMatching(/^DELETE .*\/sites\/site-\d+$/)) });
  });
});

describe('a database that is like that of a preview', () => {
  const bed = perTest(() => openPreviewBed());

  /** Puts databases on the server of previews, and returns what `preview list` says of them. */
  async function listed(...rows: readonly Thing[]): Promise<Run> {
    const [like] = bed.sandbox.state.databases;
    if (!like) throw new Error('The sandbox has no database.');
    for (const [index, row] of rows.entries())
      bed.sandbox.state.databases.push({ ...like, id: `database-${index}`, server_id: PREVIEWS.id, ...row } as typeof like);
    plant(bed, 'fix/cart', {}, later);
    return bed.dnx('preview list --json', { lies: true });
  }
  const own = () => previewNames(bed, 'fix/cart').database;
  const says = (name: string, why: string) => `The database ${name} on previews-1 does not count as a preview: ${why}.`;

  test('counts by its whole name alone', async () => {
    const others = [`${own()}_old`, `x${own()}`, own().toUpperCase(), own().slice(0, -6), `pv_aaaaaa${own().slice(3, 9)}`];
    const run = await listed(...[own(), ...others, 'pv_', 'shop'].map((name) => ({ name })));
    expect(run).toExit(0, { says: others.map((name) => says(name, 'its name is not one that dnx makes')) });
    expect(run.stderr).not.toMatch(/ (pv_|shop) on /);
    expect(run.json()).toMatchObject([{ branch: 'fix/cart', database: own() }]);
  });

  test('does not count if the API shows two of its name', async () => {
    const run = await listed({ name: own() }, { name: own() });
    expect(run).toExit(0, { says: says(own(), 'another one has the same name') });
    expect(run.json()).toMatchObject([{ branch: 'fix/cart', database: null }]);
  });

  test.each<readonly [shown: Thing, why: string]>([
    [{ id: undefined }, 'Deploynix shows no id of it'],
    [{ id: '' }, 'Deploynix shows no id of it'],
    [{ server_id: seeded.servers['db-1'] }, 'it is on another server'],
  ])('does not count with %j', async (shown, why) => {
    show(bed, /\/databases$/, (row) => (row.name === own() ? { ...row, ...shown } : row));
    const run = await listed({ name: own() });
    expect(run).toExit(0, { says: says(own(), why) });
    expect(run.json()).toMatchObject([{ branch: 'fix/cart', database: null }]);
  });

  test('counts on its own server', async () => {
    const run = await listed({ name: own(), server_id: seeded.servers['db-1'] });
    expect(run).toExit(0);
    expect(run.json()).toMatchObject([{ branch: 'fix/cart', database: null }]);
  });
});

describe('what says whose a site is', () => {
  const bed = perTest(() => openPreviewBed());
  const list = async () => (await bed.dnx('preview list --json', { lies: true })).json<readonly Row[]>().map(({ branch }) => branch);

  test('is the link file: a site that it names is no preview', async () => {
    const site = plant(bed, 'fix/cart', {}, later);
    expect(await list()).toEqual(['fix/cart']);
    const production = { server: { name: 'web-1' }, site: { name: 'shop.example.com' } };
    const stages = (qa: object) => previewLink({}, { environments: { production, qa: { server: { name: PREVIEWS.name }, site: qa } } });
    for (const named of [{ name: site.toUpperCase() }, { id: bed.sandbox.state.sites.at(-1)?.id }]) {
      bed.link(stages(named));
      const run = await bed.dnx('preview list --json');
      expect(run).toExit(0, { says: `${site} on previews-1 does not count as a preview: a link file names it.` });
      expect(run.json()).toEqual([]);
    }
  });

  test('is the host, the repository and the domain of the base site', async () => {
    plant(bed, 'fix/cart', {}, later);
    for (const change of [{ host: 'https://deploynix.io' }, { repository: 'example/blog' }, { base: 'blog.example.com' }]) {
      const owner = { ...ownerIn(bed), ...change };
      plant(bed, 'fix/cart', { domain: previewDomain(previewSettings.domain, 'fix/cart', markOf(owner, 'fix/cart')) }, later);
    }
    const run = await bed.dnx('preview list --json');
    expect(run).toExit(0);
    expect(run.json()).toMatchObject([{ site: previewNames(bed, 'fix/cart').domain }]);
    expect(run.stderr).not.toContain('does not count');
  });

  test('is not the pattern: after it changes, the previews are the same', async () => {
    plant(bed, 'fix/cart', {}, later);
    bed.link(previewLink({ domain: '{branch}.other.example.org' }));
    expect(await list()).toEqual(['fix/cart']);
  });

  test('is the server: another one is not read', async () => {
    plant(bed, 'fix/cart', { server_id: seeded.servers['web-2'] }, later);
    const run = await bed.dnx('preview list --json');
    expect(run).toExit(0);
    expect(run.json()).toEqual([]);
    expect(run.calls.filter((call) => call.includes(seeded.servers['web-2']))).toEqual([]);
  });

  test('is a server once, however often the link file names it', async () => {
    bed.link(previewLink({ server: [PREVIEWS.name, PREVIEWS.name.toUpperCase(), '203.0.113.20'] }));
    plant(bed, 'fix/cart', {}, later);
    expect(await list()).toEqual(['fix/cart']);
  });

  test('is read from the site itself where the list is a summary', async () => {
    const site = plant(bed, 'fix/cart', {}, later);
    show(bed, /\/sites$/, ({ id, domain }) => ({ id, domain }));
    expect(await list()).toEqual(['fix/cart']);
    show(bed, new RegExp(`/sites/${bed.sandbox.state.sites.at(-1)?.id}$`), (row) => ({ ...row, id: seeded.sites['blog.example.com'] }));
    await expect(bed.dnx('preview list --json')).toExit(0, {
      stdout: '[]\n',
      says: `${site} on previews-1 does not count as a preview: Deploynix shows`,
    });
  });

  test('is not the base site, whatever name it has by now', async () => {
    bed.link(previewLink({ server: [PREVIEWS.name, 'web-1'] }));
    const { domain } = previewNames(bed, 'fix/cart');
    const base = seeded.sites['shop.example.com'];
    // Somebody renames it after dnx found it.
    bed.sandbox.faults.next({ method: 'GET', path: `/servers/${seeded.servers['web-1']}/databases` }, (answer) => {
      for (const site of bed.sandbox.state.sites) if (site.id === base) Object.assign(site, { domain, branch: 'fix/cart' });
      return answer;
    });
    await expect(bed.dnx('preview list --json')).toExit(0, {
      stdout: '[]\n',
      says: `${domain} on web-1 does not count as a preview: it is the base site.`,
    });
  });

  test('is nothing if the branch of the base site is hidden', async () => {
    plant(bed, 'fix/cart', {}, later);
    show(bed, SITES, (site) => (site.domain === 'shop.example.com' ? { ...site, branch: null } : site));
    await expect(bed.dnx('preview list --json')).toExit(0, {
      stdout: '[]\n',
      says: 'does not count as a preview: Deploynix does not show the branch of shop.example.com.',
    });
  });

  test('must be readable', async () => {
    plant(bed, 'fix/cart', {}, later);
    const variables = { method: 'GET', path: new RegExp(`/${bed.sandbox.state.sites.at(-1)?.id}/environment-variables$`) };
    bed.sandbox.faults.next(variables, { status: 200, body: { data: { DNX_PREVIEW: later } } });
    await expect(bed.dnx('preview list --json')).toExit(0, {
      stdout: '[]\n',
      says: 'does not count as a preview: it cannot be read',
    });
    bed.sandbox.faults.next(variables, { status: 403, body: { message: 'Forbidden.' } });
    await expect(bed.dnx('preview list --json')).toExit(5, { stdout: '' });
    // It went away after the list was read.
    bed.sandbox.faults.next(variables, { status: 404, body: { message: 'Not found.' } });
    await expect(bed.dnx('preview list --json')).toExit(0, { stdout: '[]\n', stderr: expect.not.stringContaining('does not count') });
    for (const path of [/\/databases$/, new RegExp(`/servers/${PREVIEWS.id}/sites$`)]) {
      bed.sandbox.faults.next(
        { method: 'GET', path },
        { status: 200, body: { data: [], meta: { current_page: 1, last_page: 1, total: 3 } } },
      );
      await expect(bed.dnx('preview list --json')).toExit(1, { stdout: '' });
    }
  });
});
