import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { seeded } from '../../src/sandbox/index.ts';
import { type Bed, openBed, type Run, type RunOptions } from './dnx.ts';

export const BLOG = seeded.sites['blog.example.com'];
/** Names the site by id, which costs no request. */
const PRODUCTION = { server: { id: seeded.servers['web-1'], name: 'web-1' }, site: { id: BLOG, name: 'blog.example.com' } };

/** The file of that site if none is named. */
export const SITE_FILE = '.env.production';

/** A site whose variables a test sets and reads, and dotenv files in the directory of its bed. */
export interface EnvSite {
  readonly bed: Bed;
  /** Runs `dnx env VERB` for the site, which is linked. */
  env(words: readonly string[], options?: RunOptions): Promise<Run>;
  /** Runs it, and fails the test if it fails. */
  succeed(...words: readonly string[]): Promise<Run>;
  values(): Readonly<Record<string, string>>;
  /** Sets every variable, as in the dashboard. */
  setAll(values: Readonly<Record<string, string>>): void;
  /** Sets one variable, or removes it. */
  set(key: string, value: string | undefined): void;
  write(text: string, name?: string): void;
  /** Undefined if there is no such file. */
  read(name?: string): string | undefined;
  path(name?: string): string;
  close(): Promise<void>;
}

/** Opens a bed for the variables of one site. */
export async function openEnvSite(): Promise<EnvSite> {
  const bed = await openBed();
  const { environment_variables: all } = bed.sandbox.state;
  const isOurs = ({ site_id }: { readonly site_id: string }) => site_id === BLOG;
  const time = '2026-04-16T12:00:00Z';
  const site: EnvSite = {
    bed,
    env: (words, options) => bed.dnx(['env', ...words], options),
    async succeed(...words) {
      const run = await site.env(words);
      if (run.code !== 0) throw new Error(run.stderr);
      return run;
    },
    values: () => Object.fromEntries(all.filter(isOurs).map(({ key, value }) => [key, value])),
    setAll(values) {
      const others = all.filter((each) => !isOurs(each));
      const own = Object.entries(values).map(([key, value], index) => ({
        id: `01JQ8Z4T9G000000000ENV${String(index).padStart(4, '0')}`,
        site_id: BLOG,
        key,
        value,
        created_at: time,
        updated_at: time,
      }));
      all.splice(0, all.length, ...others, ...own);
    },
    set(key, value) {
      const { [key]: _, ...others } = site.values();
      site.setAll(value === undefined ? others : { ...site.values(), [key]: value });
    },
    write(text, name = SITE_FILE) {
      mkdirSync(dirname(site.path(name)), { recursive: true });
      writeFileSync(site.path(name), text);
    },
    read: (name) => (existsSync(site.path(name)) ? readFileSync(site.path(name), 'utf8') : undefined),
    path: (name = SITE_FILE) => join(bed.directory, name),
    close: () => bed.close(),
  };
  site.write(JSON.stringify({ environments: { production: PRODUCTION } }), '.deploynix.json');
  return site;
}
