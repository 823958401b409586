import fc from 'fast-check';
import { DAY, HOUR, MINUTE } from '../../src/base/time.ts';
import { databaseName, markOf } from '../../src/features/preview/names.ts';
import { removeRow } from '../../src/sandbox/state.ts';
import { branchNames } from './preview-branches.ts';
import { type Machine, type Project, rowsIn, type Stop } from './preview-machine.ts';

/** What others do at Deploynix or at the Git host. */
const doings = ['rename', 'another branch', 'use the database', 'delete the site', 'delete the database', 'merge', 'push'] as const;

/** A line of ours, after what others did. */
interface Line {
  readonly verb: 'up' | 'down' | 'sweep';
  readonly branch: number;
  readonly stop: Stop | undefined;
  /** How long nothing happens before, in ms. */
  readonly gap: number;
  readonly doing: { readonly what: (typeof doings)[number]; readonly branch: number } | undefined;
}

/** The life of the previews of a project. */
export interface Story {
  readonly branches: readonly string[];
  readonly unstated: {
    readonly deploysNewSites: boolean;
    readonly databaseCreates: number | undefined;
    readonly deletes: number | undefined;
  };
  readonly lines: readonly Line[];
}

const branch = fc.nat({ max: 2 });

const line: fc.Arbitrary<Line> = fc.record({
  verb: fc.constantFrom('up', 'up', 'up', 'down', 'sweep'),
  branch,
  stop: fc.option(
    fc.record({
      request: fc.integer({ min: 1, max: 90 }),
      how: fc.constantFrom<Stop['how']>('killed before', 'killed after', 'killed after', 'answer lost'),
    }),
    { nil: undefined, freq: 2 },
  ),
  gap: fc.constantFrom(0, 0, 10 * MINUTE, 2 * HOUR, 4 * DAY),
  doing: fc.option(fc.record({ what: fc.constantFrom(...doings), branch }), { nil: undefined, freq: 1 }),
});

export const stories: fc.Arbitrary<Story> = fc.record({
  branches: fc.uniqueArray(branchNames, { minLength: 3, maxLength: 3 }),
  unstated: fc.record({
    deploysNewSites: fc.boolean(),
    databaseCreates: fc.constantFrom(undefined, undefined, 4_000),
    deletes: fc.constantFrom(undefined, undefined, 3_000),
  }),
  lines: fc.array(line, { minLength: 1, maxLength: 6, size: 'max' }),
});

const SITE = 'shop.example.com';
const LONG = 6 * DAY;

/** The words of a line. */
export const lineOf = (verb: Line['verb'], branchName: string): readonly string[] => {
  if (verb === 'up') return ['preview', 'up', '--yes', '--json', '--', branchName];
  return verb === 'down'
    ? ['preview', 'down', '--confirm', SITE, '--json', '--', branchName]
    : ['preview', 'sweep', '--confirm', SITE, '--json'];
};

/** Tells a story, and sweeps long after its branches are gone. Returns what is wrong. */
export async function told(machine: Machine, project: Project, story: Story): Promise<readonly string[]> {
  const teller = new Teller(machine, project, story);
  for (const each of story.lines) await teller.tell(each);
  return teller.end();
}

class Teller {
  private readonly machine: Machine;
  private readonly project: Project;
  private readonly story: Story;
  private readonly before: ReadonlyMap<string, string>;
  /** What others made of previews, by table and id. */
  private readonly theirs = new Map<string, string>();
  private readonly faults: string[] = [];
  private others = 0;

  constructor(machine: Machine, project: Project, story: Story) {
    this.machine = machine;
    this.project = project;
    this.story = story;
    this.before = rowsIn(this.state, true);
    const { deploysNewSites, databaseCreates, deletes } = story.unstated;
    this.state.unstated = {
      deploysNewSites,
      ...(databaseCreates !== undefined && { databaseCreates }),
      ...(deletes !== undefined && { deletes }),
    };
    project.branches = story.branches;
  }

  private get state() {
    return this.machine.bed.sandbox.state;
  }

  private nameOf(branch: number): string {
    return this.story.branches[branch] ?? '';
  }

  private mark(branch: number): string {
    return markOf(this.machine.owner, this.nameOf(branch));
  }

  async tell({ verb, branch, stop, gap, doing }: Line): Promise<void> {
    if (gap > 0) await this.machine.bed.clock.sleep(gap);
    if (doing) await this.happen(doing.what, doing.branch);
    const run = await this.machine.dnx(lineOf(verb, this.nameOf(branch)), { stop });
    const fault = (text: string) => this.faults.push(`${verb} ${this.nameOf(branch)}: ${text}`);
    if (run.code === 1 && /looks like a bug/.test(run.stderr)) fault(run.stderr);
    if (run.code !== 0) return;
    if (verb === 'up') for (const text of this.wrongWith(branch)) fault(text);
    if (verb === 'down' && this.sitesOf(branch).some(({ id }) => !this.theirs.has(`sites ${id}`))) fault('its site is there');
  }

  private sitesOf(branch: number) {
    return this.state.sites.filter(({ domain }) => domain.includes(this.mark(branch)));
  }

  /** What is wrong with a preview that is said to be up. */
  private wrongWith(branch: number): readonly string[] {
    const { state } = this;
    const [site, ...others] = this.sitesOf(branch);
    if (!site || others.length > 0) return [`${others.length + (site ? 1 : 0)} sites`];
    const variables = state.environment_variables.filter(({ site_id }) => site_id === site.id);
    const values = new Map(variables.map(({ key, value }) => [key, value]));
    const name = values.get('DB_DATABASE');
    const database = state.databases.find((row) => row.server_id === site.server_id && row.name === name);
    const user = state.database_users.find((row) => row.database_id === database?.id && row.username === values.get('DB_USERNAME'));
    const live = state.releases.find(({ site_id, active }) => site_id === site.id && active);
    const last =
      variables
        .map(({ updated_at }) => updated_at)
        .sort()
        .at(-1) ?? '';
    const sharing = state.environment_variables.filter(
      ({ key, value, site_id }) => key === 'DB_DATABASE' && value === name && site_id !== site.id,
    );
    const mustBe: Readonly<Record<string, boolean>> = {
      'the branch': site.branch === this.nameOf(branch),
      'a database of its own': name === databaseName(this.mark(branch)) && database !== undefined && sharing.length === 0,
      'a user': user !== undefined && values.has('DB_PASSWORD'),
      'a record': values.get('DNX_PREVIEW')?.startsWith(`${SITE}/`) === true,
      'a key': values.get('APP_KEY')?.startsWith('base64:') === true && values.size === variables.length,
      'a deployment after the last variable': live !== undefined && live.created_at >= last,
    };
    return Object.entries(mustBe).flatMap(([what, isSo]) => (isSo ? [] : [`without ${what}`]));
  }

  private async happen(what: (typeof doings)[number], branch: number): Promise<void> {
    const { state, project } = this;
    const site = this.sitesOf(branch)[0];
    const database = state.databases.find(({ name }) => name === databaseName(this.mark(branch)));
    this.others += 1;
    switch (what) {
      case 'merge':
        project.branches = project.branches.filter((name) => name !== this.nameOf(branch));
        return;
      case 'push':
        project.branches = [...new Set([...project.branches, this.nameOf(branch)])];
        return;
      case 'delete the site':
        if (site && !this.theirs.has(`sites ${site.id}`)) removeRow(state, 'site', site);
        return;
      case 'delete the database':
        if (database && !this.theirs.has(`databases ${database.id}`)) removeRow(state, 'database', database);
        return;
      default:
        // Whatever is going on ends before somebody works on it.
        await this.machine.bed.clock.sleep(2 * MINUTE);
        if (what === 'use the database') this.use(branch);
        else if (site) this.takeOver(site, what === 'rename' ? { domain: `real-${this.others}.example.com` } : { branch: 'release/1' });
    }
  }

  /** Makes a site of somebody else of a preview. */
  private takeOver(site: (typeof this.state.sites)[number], change: Partial<typeof site>): void {
    Object.assign(site, change);
    this.keep((text) => text.includes(site.id));
    const names = this.state.environment_variables.filter(({ site_id }) => site_id === site.id).map(({ value }) => value);
    const databases = this.state.databases.filter(({ name, server_id }) => server_id === site.server_id && names.includes(name));
    for (const { id } of databases) this.keep((text) => text.includes(id));
  }

  /** Gives another site of the server the database of a preview. */
  private use(branch: number): void {
    const { state } = this;
    const database = state.databases.find(({ name }) => name === databaseName(this.mark(branch)));
    const [like] = state.sites;
    if (!database || !like) return;
    const id = `01J000000000000000000THE${String(this.others).padStart(2, '0')}`;
    state.sites.push({ ...like, id, server_id: database.server_id, domain: `uses-${this.others}.example.com` });
    const [variable] = state.environment_variables;
    if (variable)
      state.environment_variables.push({ ...variable, id: id.replace('THE', 'VAR'), site_id: id, key: 'REPORTS_DB', value: database.name });
    this.keep((text) => text.includes(id) || text.includes(database.id));
  }

  private keep(isTheirs: (text: string) => boolean): void {
    for (const [key, text] of rowsIn(this.state, true)) if (isTheirs(text)) this.theirs.set(key, text);
  }

  async end(): Promise<readonly string[]> {
    const { machine, project } = this;
    project.branches = [];
    await machine.bed.clock.sleep(LONG);
    const swept = await machine.dnx(lineOf('sweep', ''));
    if (swept.code !== 0) this.faults.push(`the last sweep ended with ${swept.code}: ${swept.stderr}`);
    // What was deleted may be shown a little longer.
    await machine.bed.clock.sleep(MINUTE);
    const after = rowsIn(this.state, true);
    const must = new Map([...this.before, ...this.theirs]);
    for (const [key, text] of must) if (after.get(key) !== text) this.faults.push(`gone or changed: ${key} ${text}, now ${after.get(key)}`);
    for (const [key, text] of after) if (!must.has(key)) this.faults.push(`left: ${key} ${text}`);
    return this.faults;
  }
}
