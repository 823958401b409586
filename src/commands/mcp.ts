import { command } from '../cli/language/command.ts';
import { flag, list, text } from '../cli/language/options.ts';
import { nothing } from '../cli/output/view.ts';

export default command({
  name: 'mcp',
  summary: 'Let an AI agent use dnx, over the Model Context Protocol',
  description:
    'A server on standard input and output, which a client such as an editor starts. It has four tools: find, read, change and wait. What changes something is shown as a plan, and applied once the person at the client has approved it. A client that cannot ask gets the plan, for a person to apply.\n\nCommands that run programs or change this computer are left to people.',
  effect: 'program',
  options: {
    read_only: flag('Offer no changes'),
    server: text('Touch nothing but this server', 'server'),
    site: { ...text('Touch nothing but this site', 'site'), short: 's' },
    allow: list('Offer only these changes: a group such as env, or a command such as deploy', 'kind'),
    show_values: { ...flag('Show the values of variables, and the rows of databases'), reveals: 'values' },
  },
  examples: ['mcp', 'mcp --read-only', 'mcp --site shop.example.com --allow deploy --allow env'],
  async run(ctx, { options: { read_only: readOnly = false, server, site, allow = [], show_values: showValues = false } }) {
    const { serveMcp } = await import('../features/mcp/server.ts');
    if (ctx.world.stdin.isTTY) ctx.progress.note('Waiting for a client on standard input. See: dnx mcp --help');
    await serveMcp(ctx, { readOnly: readOnly || ctx.settings.readOnly, server, site, allow, showValues });
    return nothing;
  },
});
