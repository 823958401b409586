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

const shown = columns<Difference>('basis', 'kind', 'operation', 'name', 'difference');

export default command({
  name: 'doctor',
  summary: 'Check your setup and suggest fixes',
  description:
    'Exit code 1: something failed. The output holds no secrets and can be pasted into a ticket. With --contract, an OpenAPI document is compared with what dnx declares instead, what dnx had to assume first.',
  options: {
    contract: text('Compare with this OpenAPI 3 document, in JSON or YAML', 'file|url'),
    exit_code: flag('With --contract, exit 10 when there are differences'),
  },
  examples: ['doctor', 'doctor --json', 'doctor --contract openapi.json'],
  async run(ctx, { options: { contract, exit_code } }) {
    if (contract === undefined) return examine(ctx);
    const { readDocument } = await import('../features/doctor/openapi.ts');
    const document = readDocument(await load(ctx, contract), contract);
    const found = compare(document, await everyCommand(ctx.tree));
    const assumed = found.filter(({ basis }) => basis === 'assumed').length;
    ctx.progress.note(
      `${document.length} operations in the document; ${found.length} differences, ${assumed} of them in what dnx assumes.`,
    );
    const exit = exit_code && found.length > 0 ? new DnxError('differences', `${contract} and dnx differ.`) : undefined;
    return { view: rows(found, shown, 'The document and dnx agree.'), exit };
  },
});

/** A file, or what a URL answers; no token is sent there. */
async function load({ world, signal }: Pick<Context, 'world' | 'signal'>, place: string): Promise<string> {
  if (!/^https?:\/\//.test(place)) return readUserFile(place, world);
  if (!URL.canParse(place)) throw usage(`“${place}” is not a URL.`);
  const transport = await world.connect();
  try {
    const response = await transport.request({ method: 'GET', url: place, headers: { accept: 'application/json' }, signal });
    if (response.status !== 200) throw usage(`${place} answered ${response.status}.`, 'Save the document to a file, and give that.');
    return await textOf(response);
  } catch (error) {
    if (error instanceof NetworkFault) throw new DnxError('network', `Cannot read ${place}: ${error.message}.`, { cause: error });
    throw error;
  } finally {
    await transport.close();
  }
}
