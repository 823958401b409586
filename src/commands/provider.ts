import { command, group } from '../cli/language/command.ts';
import { list, resource } from '../cli/language/resource.ts';
import { columns, rows } from '../cli/output/view.ts';

/** A provider, and each thing that one offers: its id is the word to pass on. */
interface Choice {
  readonly id: string;
  readonly name: string;
}

const shown = columns<Choice>('id', 'name');
const providers = resource({ noun: 'provider', path: '/providers', columns: shown, example: { target: 'hetzner' } });

const offers = (name: 'regions' | 'sizes' | 'images') =>
  command({
    name,
    summary: `List the ${name} that a provider offers`,
    calls: `GET /providers/{provider}/${name}`,
    shows: shown,
    examples: [`${name} hetzner`],
    run: async (ctx) => rows(await ctx.list<Choice>(), shown, `It offers no ${name}.`),
  });

export default group({
  name: 'provider',
  commands: [list(providers), offers('regions'), offers('sizes'), offers('images')],
});
