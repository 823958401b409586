import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../../../cli/language/command.ts';
import { readJson } from '../../../machine/files/json-file.ts';
import { recordsIn } from './base-key.ts';
import type { Pairing } from './base-record.ts';

/** Warns that a file holds the variables of another site, such as those of production in a push to staging. */
export function warnElsewhere(ctx: Pick<Context, 'progress' | 'settings' | 'world'>, name: string, of: Pairing, label: string): void {
  const others = sitesOf(recordsIn(ctx), of);
  if (others.length === 0 || others.includes(of.site)) return;
  const environment = ctx.settings.link?.environments.find(({ site }) => site.id !== undefined && others.includes(site.id));
  const where = environment?.site.name ?? environment?.name ?? 'another site';
  ctx.progress.warn(`${name} was last synced with ${where}, not with ${label}.`);
}

/** The ids of the sites with which a file was pulled or pushed. */
function sitesOf(directory: string, { host, file }: Pairing): readonly string[] {
  try {
    const records = readdirSync(directory).filter((name) => name.endsWith('.json'));
    return records.flatMap((name) => {
      const record = readJson<Partial<Pairing>>(join(directory, name));
      return record.host === host && record.file === file && record.site !== undefined ? [record.site] : [];
    });
  } catch {
    return [];
  }
}
