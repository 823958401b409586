import { DnxError, usage } from '../base/errors.ts';
import { type Context, command } from '../cli/language/command.ts';
import { flag, text } from '../cli/language/options.ts';
import { everyCommand } from '../cli/language/tree.ts';
import { columns, rows } from '../cli/output/view.ts';
import { compare, type Difference } from '../features/doctor/contract.ts';
import { examine } from '../features/doctor/doctor.ts';
import { readUserFile } from '../machine/files/user-file.ts';
import { NetworkFault } from '../machine/world.ts';
import { textOf } from '../platform/api/response.ts';

const shown = columns<Difference>('basis', 'kind', 'operation', 'name', { key: 'difference', wrap: true });

export default command({
  name: 'doctor',
  summary: 'Check your setup and suggest fixes',
  description:
    'The output contains no secrets, so you can paste it into a ticket. With --contract, compares an OpenAPI document with the commands of dnx instead.',
  exits: '1 a check failed; 10 differences, with --contract and --exit-code',
  options: {
    contract: text('OpenAPI 3 document to compare with (JSON or YAML)', 'file|url'),
    exit_code: flag('With --contract, exit 10 if there are differences'),
  },
  examples: ['doctor', 'doctor --json', 'doctor --contract openapi.json'],
  async run(ctx, { options: { contract, exit_code } }) {
    if (contract === undefined) return examine(ctx);
    const { readDocument } = await import('../features/doctor/openapi.ts');
    const document = readDocument(await load(ctx, contract), contract);
    const found = compare(document, await everyCommand(ctx.tree));
    const assumed = found.filter(({ basis }) => basis === 'assumed').length;
    ctx.progress.note(`${document.length} operations, ${found.length} differences (${assumed} in assumptions of dnx)`);
    const exit = exit_code && found.length > 0 ? new DnxError('differences', `${contract} and dnx differ.`) : undefined;
    return { view: rows(found, shown, 'No differences.'), exit };
  },
});

/** Reads a file or a URL, to which no token is sent. */
async function load({ world, settings, signal }: Pick<Context, 'world' | 'settings' | 'signal'>, place: string): Promise<string> {
  if (!/^https?:\/\//.test(place)) return readUserFile(place, world);
  if (!URL.canParse(place)) throw usage(`'${place}' is not a valid URL.`);
  const transport = await world.connect(settings.caFile);
  try {
    const response = await transport.request({ method: 'GET', url: place, headers: { accept: 'application/json' }, signal });
    if (response.status !== 200) throw usage(`${place} returned ${response.status}.`, 'Download the document, and pass the file.');
    return await textOf(response);
  } catch (error) {
    if (error instanceof NetworkFault) throw new DnxError('network', `Could not read ${place}: ${error.message}.`, { cause: error });
    throw error;
  } finally {
    await transport.close();
  }
}
