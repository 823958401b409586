import { isObject } from '../../base/json.ts';
import { phaseOf } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { databaseReader } from '../../platform/follow/readers.ts';
import { followStarted } from '../../platform/follow/work.ts';
import type { Target } from '../../platform/names/names.ts';

/** Waits until a new database can have users. One that shows no status can at once. */
export async function untilCreated(ctx: Context, server: Target, database: unknown): Promise<void> {
  if (!isObject(database) || phaseOf(database.status) !== 'going') return;
  const name = wordOf(database.name);
  const work = {
    reader: databaseReader(ctx, server.id),
    what: `database ${name}`,
    job: `creation of database ${name}`,
    doing: `Creating database ${name}`,
    resume: (id: string) => ['database', 'show', id, '--server', server.id],
    wait: true,
  };
  const { failure } = await followStarted(ctx, work, database);
  if (failure) throw failure;
}
