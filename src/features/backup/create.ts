import { usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { workResult } from '../../cli/language/resource.ts';
import type { Column } from '../../cli/output/view.ts';
import { within } from '../../platform/api/deadline.ts';
import { backupReader, backupsEndpoint, siteEndpoint } from '../../platform/follow/readers.ts';
import type { Creation } from '../../platform/names/creation.ts';
import { idIn, type Targets, targetIds } from '../../platform/names/names.ts';

interface BackupOptions {
  readonly wait: boolean | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  readonly columns: (nameOf: Context['nameOf']) => readonly Column[];
}

const listOfDatabase = 'GET /servers/{server}/databases/{database}/backups';
const ofDatabase = 'POST /servers/{server}/databases/{database}/backups';
const ofApplication = 'POST /backups/application';

/** Backs up a database or a site, and waits for it. */
export const backUp = (ctx: Context, targets: Partial<Targets>, start: () => ReturnType<Context['call']>, options: BackupOptions) => {
  const { database, site } = targets;
  const what = database ? `database ${database.label}` : (site?.label ?? '');
  return workResult(ctx, {
    reader: backupReader(ctx),
    what,
    job: `backup of ${what}`,
    doing: `Backing up ${what}`,
    did: `Backed up ${what}`,
    start,
    creates: creationIn(targets, options.body),
    columns: options.columns(ctx.nameOf),
    wait: options.wait,
    resume: () => ['backup', 'list'],
  });
};

function creationIn({ server, database, site }: Partial<Targets>, body: BackupOptions['body']): Creation {
  const noun = 'backup';
  if (server && database) {
    const see = ['backup', 'list', '--database', database.label, '--server', server.label];
    return { noun, list: { endpoint: listOfDatabase, params: targetIds({ server, database }) }, sent: body, see };
  }
  const sent = { ...(site && { site_id: site.id }), ...body };
  return {
    noun,
    list: { endpoint: backupsEndpoint, query: { type: 'application' } },
    sent,
    see: ['backup', 'list', '--type', 'application'],
  };
}

/** Prompts for a site or a database, and backs it up. The prompts do not count towards --timeout. */
export async function backUpPicked(outer: Context, options: BackupOptions) {
  if (!outer.ask.allowed)
    throw usage('No database or site given.', 'Use --database with --server, or --site for the application of a site.');
  const left = outer.deadline - outer.clock.elapsed();
  const path = await outer.ask.select('What do you want to back up?', [
    { name: 'The application of a site', value: siteEndpoint },
    { name: 'A database', value: ofDatabase },
  ]);
  const targets = await outer.resolve(path);
  const nameOf: Context['nameOf'] = (noun, id) => (targets[noun]?.id === idIn(id) ? targets[noun]?.label : outer.nameOf(noun, id));
  const ctx = { ...outer, ...within(outer, left), nameOf };
  const { site, ...others } = targets;
  const { body } = options;
  const start = () =>
    site
      ? ctx.api.send(ofApplication, {}, { body: { site_id: site.id, ...body } })
      : ctx.api.send(ofDatabase, targetIds(others), { body: Object.keys(body).length > 0 ? body : undefined });
  const result = await backUp(ctx, targets, start, options);
  return { ...result, answers: Object.fromEntries(Object.entries(targets).map(([noun, { label }]) => [noun, label])) };
}
