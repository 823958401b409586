import { DnxError, usage } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { columns, rows } from '../../cli/output/view.ts';
import { fill } from '../../platform/api/endpoint.ts';
import { sitesEndpoint } from '../../platform/follow/readers.ts';
import { resourceName } from '../../platform/names/names.ts';
import { wordList } from '../audit/finding.ts';
import { reasonWords } from '../changes/clone.ts';
import { isPreview } from '../preview/names.ts';
import { compareState, type Narrowing } from './compare.ts';
import { type DriftReport, driftSummary, markdownReport, sarifReport, tableReport } from './drift-report.ts';
import { type DriftPart, type DriftRow, differs, keysOf, partsOf, rowOf, unreadRow } from './drift-rows.ts';
import { findState, readState, STATE_FILE, saveState } from './file.ts';
import { type Fleet, openFleet } from './fleet.ts';
import { type Comparison, type StateFile, unreadError } from './model.ts';
import { originsOf } from './sides.ts';

interface DriftOptions extends Narrowing {
  readonly file: string | undefined;
  /** The keys whose values at Deploynix go into the file; `all` for every one. */
  readonly accept: readonly string[] | undefined;
}

const shown = columns<DriftRow>(
  'outcome',
  'server',
  'site',
  'kind',
  { key: 'name', wrap: true },
  'field',
  { key: 'file', wrap: true },
  { key: 'deploynix', wrap: true },
  'side',
  { key: 'database', wide: true },
  { key: 'message', wide: true },
  { key: 'line', wide: true },
);

/** Compares a state file with Deploynix, and finds out which side moved. */
export async function showDrift(ctx: Context, { file, accept, ...narrowing }: DriftOptions) {
  const { world, clock, progress, settings } = ctx;
  const state = readState(file ?? findState(world) ?? STATE_FILE, world);
  const fleet = openFleet(ctx, 'drift');
  const comparison = await compareState(ctx, state, fleet, narrowing);
  const parts = partsOf(comparison);
  const chosen = accept ? partsToAccept(parts, accept) : parts;
  const { origins, file: path = state.name, why } = await originsOf(ctx, state, chosen.filter(differs));
  const listed = accept ? await acceptParts(state, chosen, ctx) : chosen;
  const items = [
    ...listed.map((part) => rowOf(part, state, origins.get(part))),
    ...comparison.unread.map((list) => unreadRow(list, settings)),
  ];
  const report: DriftReport = { name: state.name, path, rows: items, isAccepted: accept !== undefined, at: clock.now() };
  const previews = await previewsBeside(comparison, fleet);
  if (previews.length > 0) progress.note(`Previews are no difference: ${wordList(previews)}.`);
  if (why && !accept) progress.note(`Which side changed is unknown: ${reasonWords(why.message, why.fix)}`);
  const reports = {
    table: async (page: Parameters<typeof tableReport>[1]) => tableReport(report, page),
    sarif: async () => sarifReport(report),
    markdown: async () => markdownReport(report),
  };
  const isOpen = !accept && items.some(differs);
  // Something in a list that could not be read may differ, too.
  const exit = unreadError(comparison.unread, 'so differences may be missing') ?? (isOpen ? differenceFrom(state, file) : undefined);
  return { view: { ...rows(items, shown, ''), reports, sentence: driftSummary(report) }, exit };
}

/** The previews on the servers of a file that it does not name, as far as their lists were read. */
async function previewsBeside({ rows }: Comparison, fleet: Fleet): Promise<readonly string[]> {
  const servers = new Set(rows.flatMap(({ place }) => place.server?.id ?? []));
  const named = rows.map(({ item }) => item?.id);
  const lists = await Promise.all([...servers].map((server) => fleet.known(fill(sitesEndpoint, { server }).path)));
  return lists.flatMap((sites = []) =>
    sites.filter((site) => isPreview(site) && !named.includes(site.id)).map(({ domain }) => wordOf(domain)),
  );
}

function differenceFrom({ name }: StateFile, file: string | undefined): DnxError {
  const named = file === undefined ? [] : [file];
  return new DnxError('differences', `Deploynix differs from ${name}.`, {
    next: [
      { command: ['apply', ...named, '--dry-run'], why: 'Change Deploynix with' },
      { command: ['drift', ...named, '--accept', ALL], why: 'Change the file with' },
    ],
  });
}

const ALL = 'all';

/** The parts that these keys name. */
function partsToAccept(parts: readonly DriftPart[], keys: readonly string[]): readonly DriftPart[] {
  const open = parts.filter(differs);
  const known = open.flatMap(keysOf);
  const unknown = keys.find((word) => word !== ALL && !known.includes(word));
  if (unknown !== undefined)
    throw usage(
      `Nothing that differs is called '${unknown}'.${didYouMean(unknown, known)}`,
      `Use the name of a variable, a field or a resource, or ${ALL}.`,
    );
  return keys.includes(ALL) ? open : open.filter((part) => keysOf(part).some((key) => keys.includes(key)));
}

/** Writes the values at Deploynix into the file, whose mode and comments stay. Returns what was written. */
async function acceptParts(state: StateFile, parts: readonly DriftPart[], { progress, world }: Context): Promise<readonly DriftPart[]> {
  const { writeRows } = await import('./write.ts');
  const accepted = [...new Set(parts.map(({ row }) => row))].map((row) => ({
    ...row,
    differences: row.differences.filter(({ field }) => parts.some((part) => part.row === row && part.field === field)),
  }));
  const { text, secrets, kept, refused } = writeRows(state, accepted);
  const [first] = refused;
  if (first)
    throw usage(
      `${first.place} holds a secret, so it is not written to ${state.name}.`,
      'Accept the others by name, and change this one in the file.',
    );
  if (text !== state.text) saveState(state, text, world);
  if (secrets.length > 0) progress.note(`Only the names of these variables are in the file, under secrets: ${secrets.join(', ')}`);
  const names = kept.flatMap(({ entry, kind }) => resourceName(entry?.fields ?? {}, kind) ?? []);
  if (kept.length > 0) progress.warn(`The file keeps what it refers to, and names: ${names.join(', ')}`);
  return parts.filter(({ row }) => !kept.some(({ entry }) => entry !== undefined && entry === row.entry));
}
