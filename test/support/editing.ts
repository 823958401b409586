import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { seeded } from '../../src/sandbox/index.ts';
import type { Bed, Run, RunOptions } from './dnx.ts';

export const edit = 'env edit --site blog.example.com';

/** Renames the variables of that site which could break it, so that they change without its name. */
export function renameVariables({ sandbox }: Bed): void {
  const names: Readonly<Record<string, string>> = { APP_ENV: 'APP_NAME', APP_DEBUG: 'APP_THEME' };
  for (const each of sandbox.state.environment_variables)
    if (each.site_id === seeded.sites['blog.example.com']) each.key = names[each.key] ?? each.key;
}

/** The requests of a run that change something, without ids. */
export const changes = ({ calls }: Run): string[] =>
  calls.filter((call) => !call.startsWith('GET')).map((call) => call.replace(/\/servers\/\w+\/sites\/\w+|\/\w+$/g, '').trim());

/** The variables at Deploynix of the site that is edited. */
export function variablesOf(bed: () => Bed, site: keyof typeof seeded.sites = 'blog.example.com') {
  const own = () => bed().sandbox.state.environment_variables.filter((each) => each.site_id === seeded.sites[site]);
  return {
    own,
    values: (): Readonly<Record<string, string>> => Object.fromEntries(own().map(({ key, value }) => [key, value])),
    /** Changes a variable, as somebody else does. */
    elsewhere(key: string, value: string) {
      const variable = own().find((each) => each.key === key);
      if (!variable) throw new Error(`no ${key}`);
      variable.value = value;
    },
  };
}

/** The private files that an editor left. */
export const remains = ({ directory }: Bed): readonly string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('private'));

/** What a user does to the file in the editor. */
export type Change = (text: string) => string;

/** An editor that makes one change each time it is opened. On a terminal if there are keys. */
export function editor(changes: readonly Change[], keys?: string): RunOptions {
  const left = [...changes];
  return {
    env: { EDITOR: 'edit', NO_COLOR: '1' },
    ...(keys !== undefined && { keys, columns: 200 }),
    child({ args }) {
      const file = args.at(-1) ?? '';
      const change = left.shift();
      if (!change) throw new Error('The editor was opened too often.');
      writeFileSync(file, change(readFileSync(file, 'utf8')));
      return 0;
    },
  };
}

/** Sets a variable that is in the file. */
export const set =
  (key: string, value: string): Change =>
  (text) =>
    text.replace(new RegExp(`^${key}=.*$`, 'm'), `${key}=${value}`);
/** Removes a variable. */
export const drop =
  (key: string): Change =>
  (text) =>
    text.replace(new RegExp(`^${key}=.*\n`, 'm'), '');

/** Notes the text before another change. */
export const noted =
  (seen: string[], change: Change): Change =>
  (text) => {
    seen.push(text);
    return change(text);
  };
