import { statSync } from 'node:fs';
import { DnxError, isError, usage } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import type { Given } from '../../../cli/language/options.ts';
import { nullable, objectOf, oneOf, type Printed, word } from '../../../cli/language/shape.ts';
import { type Column, columns, rows } from '../../../cli/output/view.ts';
import { pathOf } from '../../../machine/world.ts';
import { type Located, targetIds } from '../../../platform/names/names.ts';
import { requireTwo, siteNamed } from '../../site/named.ts';
import { parseDotenv } from '../dotenv/dotenv.ts';
import { openLocal, siteFileName } from '../local-file.ts';
import { resolveReferences } from '../references.ts';
import { remoteSide } from '../remote.ts';
import { type SiteVariable, variablesEndpoint } from '../variables.ts';
import { openBase } from './base-record.ts';
import { countedVariables } from './show.ts';
import { type Base, changedSince, comparedSides, type Side, type UNKNOWN } from './steps.ts';

type EnvDiffOptions = Given<{
  file_or_site: string;
  other_site: string;
  reveal: boolean;
  exit_code: boolean;
  allow_file: readonly string[];
}>;

type DiffContext = Context<typeof variablesEndpoint>;

/** A variable that differs, or that cannot be compared because its value is hidden. */
export const variableDifference = objectOf(
  { key: word, change: oneOf('changed', 'only_here', 'only_there', 'unknown') },
  {
    /** The side that changed since the last pull or push, if there is a record of it. */
    base: oneOf('here', 'there', 'both'),
    /** Only with `--reveal`. Null if it is missing or hidden. */
    here: nullable(word),
    there: nullable(word),
  },
);
export type VariableDifference = Printed<typeof variableDifference>;

interface SidePair {
  readonly here: Side;
  readonly there: Side;
  readonly base: Base | undefined;
  /** Where the sides are, in words such as `in .env`. */
  readonly places: Readonly<Record<'here' | 'there', string>>;
  readonly titles: readonly [here: string, there: string];
}

/** `dnx env diff`: compares a dotenv file with a site, or two sites. */
export async function diffVariables(
  ctx: DiffContext,
  { file_or_site: here, other_site: there, reveal = false, exit_code, allow_file = [] }: EnvDiffOptions,
) {
  const isSites = here !== undefined && !isFile(here, ctx);
  const compared = isSites ? await ofSites(ctx, here, there) : await ofFile(ctx, here, there, allow_file);
  const items = differencesOf(compared, reveal);
  const shown = columns<VariableDifference>(
    'key',
    { key: 'change', cell: ({ change }) => changeWords(change, compared), tone: ({ change }) => tones[change] },
    ...(compared.base
      ? [{ key: 'base', title: 'since the last pull', cell: (item: VariableDifference) => changedWhere(item, compared) }]
      : []),
    ...(reveal
      ? [
          { key: 'here', title: compared.titles[0], wrap: true as const },
          { key: 'there', title: compared.titles[1], wrap: true as const },
        ]
      : []),
  );
  const count = items.filter(({ change }) => change !== 'unknown').length;
  const exit =
    exit_code && count > 0 ? new DnxError('differences', `${countedVariables(count)} ${count === 1 ? 'differs' : 'differ'}.`) : undefined;
  return { view: rows(items, shown as readonly Column[], 'No differences.'), exit };
}

/** `web-1/shop.example.com`. */
const SITE_PATH = /^[^.~/\\][^/\\]*\/(?!.*\.env\b)[^/\\]+\.[^/\\.]+$/;

/** A word is a file if there is one of that name, if it starts with a dot, or if it contains a slash and is no SERVER/SITE. Else it is a site. */
const isFile = (word: string, { world }: DiffContext): boolean =>
  (/^[.~]|[/\\]/.test(word) && !SITE_PATH.test(word)) || statSync(pathOf(word, world), { throwIfNoEntry: false })?.isFile() === true;

async function ofFile(
  ctx: DiffContext,
  name: string | undefined,
  there: string | undefined,
  allowed: readonly string[],
): Promise<SidePair> {
  const targets = await siteNamed(ctx, there);
  const { site } = targets;
  const file = openLocal(name ?? siteFileName(ctx, targets), ctx);
  if (file.text === undefined) throw usage(`${file.name} does not exist.`, 'Name another file, or two sites.');
  const here = await resolveReferences(parseDotenv(file.text, file.name), { directory: file.directory, allowed }, ctx);
  const side = await variablesAt(ctx, targets);
  const base = await openBase(ctx, { host: ctx.settings.host, site: site.id, file: file.path });
  const places = { here: `in ${file.name}`, there: 'at Deploynix' };
  return { here, there: side, base: base.known ? base : undefined, places, titles: ['file', 'Deploynix'] };
}

async function ofSites(ctx: DiffContext, here: string, there: string | undefined): Promise<SidePair> {
  const hereSite = await siteNamed(ctx, here).catch((error: unknown) => {
    throw isError(error, 'not_found') ? error.withHint(`If it is a file, use ./${here}.`) : error;
  });
  const thereSite = await siteNamed(ctx, there);
  requireTwo(hereSite, thereSite);
  const titles = [here, there ?? thereSite.site.label] as const;
  const places = { here: `in ${titles[0]}`, there: `in ${titles[1]}` };
  return { here: await variablesAt(ctx, hereSite), there: await variablesAt(ctx, thereSite), base: undefined, places, titles };
}

const variablesAt = async ({ api }: DiffContext, at: Located): Promise<Side> =>
  remoteSide(await api.list<SiteVariable>(variablesEndpoint, targetIds({ ...at })));

const differencesOf = ({ here, there, base }: SidePair, reveal: boolean): readonly VariableDifference[] =>
  comparedSides(here, there).flatMap(({ key, change }): readonly VariableDifference[] => {
    if (change === 'equal') return [];
    const ours = here.get(key);
    const theirs = there.get(key);
    const since = base && changedSince(base, key, ours, theirs);
    return [
      {
        key,
        change,
        ...((since === 'here' || since === 'there' || since === 'both') && { base: since }),
        ...(reveal && { here: shownValue(ours), there: shownValue(theirs) }),
      },
    ];
  });

const shownValue = (value: string | typeof UNKNOWN | undefined): string | null => (typeof value === 'string' ? value : null);

const changeWords = (change: VariableDifference['change'], { places }: SidePair): string => {
  if (change === 'only_here') return `+ only ${places.here}`;
  if (change === 'only_there') return `- only ${places.there}`;
  return change === 'changed' ? '~ changed' : '? unknown';
};

const tones = { changed: 'yellow', only_here: 'green', only_there: 'red', unknown: 'dim' } as const;

const changedWhere = ({ base }: VariableDifference, { places }: SidePair): string | undefined =>
  base && (base === 'both' ? 'changed on both sides' : `changed ${places[base]}`);
