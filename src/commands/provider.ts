import { command, group } from '../cli/language/command.ts';
import { list, resource } from '../cli/language/resource.ts';
import { listOf, recordOf } from '../cli/language/shape.ts';
import { columns, rows } from '../cli/output/view.ts';

const shown = columns('id', 'name');
const providers = resource({ noun: 'provider', path: '/providers', columns: shown, example: { target: 'hetzner' } });

const offers = (name: 'regions' | 'sizes' | 'images') =>
  command({
    name,
    summary: `List the ${name} of a provider`,
    calls: `GET /providers/{provider}/${name}`,
    prints: () => listOf(recordOf(shown)),
    examples: [`${name} hetzner`],
    run: async (ctx) => rows(await ctx.shown(), shown, `No ${name}.`),
  });

export default group({
  name: 'provider',
  commands: [list(providers), offers('regions'), offers('sizes'), offers('images')],
});
