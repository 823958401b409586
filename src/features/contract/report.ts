import { DnxError, usage } from '../../base/errors.ts';
import { plural } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { columns, type Result, rows } from '../../cli/output/view.ts';
import { readUserFile } from '../../machine/files/user-file.ts';
import { NetworkFault } from '../../machine/world.ts';
import { bodyText } from '../../platform/api/network/response.ts';
import { compareOperations } from './compare.ts';
import { type ContractDifference, differencePlace, differenceText } from './difference.ts';
import { readDocument } from './document.ts';
import { endpointsOf } from './known.ts';

const shown = columns<ContractDifference>(
  'kind',
  { key: 'operation', cell: differencePlace, wrap: true },
  'name',
  { key: 'difference', cell: differenceText, wrap: true },
  { key: 'basis', wide: true },
);

/** `dnx doctor --contract`: the differences between an OpenAPI document and what dnx knows. `fails`: exits with 10 if there are any. */
export async function compareContract(
  ctx: Pick<Context, 'clock' | 'progress' | 'settings' | 'signal' | 'tree' | 'world'>,
  place: string,
  fails: boolean,
): Promise<Result> {
  const { operations, unread } = readDocument(await load(ctx, place), place);
  await letSignalIn(ctx);
  const found = compareOperations(operations, await endpointsOf(ctx.tree));
  await letSignalIn(ctx);
  const assumed = found.filter(({ basis }) => basis === 'assumed').length;
  ctx.progress.note(`${count(operations.length, 'operation')}, ${count(found.length, 'difference')} (${assumed} in assumptions of dnx)`);
  if (unread.length > 0)
    ctx.progress.warn(
      `${count(unread.length, 'reference')} to other files or to nothing ${unread.length === 1 ? 'was' : 'were'} not read, such as ${unread[0]}`,
    );
  const exit = fails && found.length > 0 ? new DnxError('differences', `${place} and dnx differ.`) : undefined;
  return { view: rows(found, shown, 'No differences.'), exit };
}

/** Ends with a signal, which waited for work that takes seconds with a large document. */
const letSignalIn = ({ clock, signal }: Pick<Context, 'clock' | 'signal'>): Promise<void> => clock.sleep(5, signal);

const count = (number: number, noun: string): string => `${number} ${number === 1 ? noun : plural(noun)}`;

/** Reads a file or a URL, to which no token is sent. */
async function load({ world, settings, signal }: Pick<Context, 'world' | 'settings' | 'signal'>, place: string): Promise<string> {
  if (!/^https?:\/\//.test(place)) return readUserFile(place, world);
  if (!URL.canParse(place)) throw usage(`'${place}' is not a valid URL.`);
  const transport = await world.connect(settings.caFile);
  try {
    const response = await transport.request({ method: 'GET', url: place, headers: { accept: 'application/json' }, signal });
    if (response.status !== 200) throw usage(`${place} returned ${response.status}.`, 'Download the document, and pass the file.');
    return await bodyText(response);
  } catch (error) {
    if (error instanceof NetworkFault) throw new DnxError('network', `Could not read ${place}: ${error.message}.`, { cause: error });
    throw error;
  } finally {
    await transport.close();
  }
}
