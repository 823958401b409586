import { pickAbilities, presets } from '../account/pick.ts';
import { isObject } from '../api/reply.ts';
import { abilities, vocabulary } from '../auth/abilities.ts';
import { tokenIn } from '../auth/minted.ts';
import { command, group } from '../cli/command.ts';
import { list as listOf, remove, resource } from '../cli/crud.ts';
import { choice, list, natural, required, text } from '../cli/options.ts';
import { usage } from '../errors.ts';
import { columns, text as plain, rows } from '../output/view.ts';

interface Token {
  readonly id: number | string;
  readonly name: string;
  readonly abilities: readonly string[];
  readonly last_used_at: string | null;
  readonly created_at: string;
}

const tokens = resource({
  noun: 'token',
  path: '/tokens',
  columns: columns<Token>('id', 'name', 'abilities', { key: 'last_used_at', title: 'Last used' }, 'created_at'),
  example: { target: 'ci' },
});

const create = command({
  name: 'create',
  summary: 'Create a token; it is printed once, alone on stdout',
  endpoint: 'POST /tokens',
  options: {
    name: natural(required(text('What the token is for, such as ci'))),
    ability: list('An ability for the token', 'resource:action'),
    preset: choice('A ready-made set of abilities', Object.keys(presets)),
  },
  examples: ['create ci --ability site:deploy', 'create ci --preset ci-deploy'],
  async run(ctx, { name, ability, preset }) {
    const chosen =
      ability ?? (preset ? presets[preset]?.abilities : undefined) ?? (ctx.ask.allowed ? await pickAbilities(ctx.ask) : undefined);
    if (!chosen) throw usage('What may the token do?', 'Give --ability (repeatable) or --preset.');
    const unknown = chosen.filter((each) => !abilities.includes(each));
    if (unknown.length > 0)
      ctx.progress.warn(`Not in the API reference: ${unknown.join(', ')}. Deploynix decides. See: dnx token abilities`);
    const reply = await ctx.api.send('POST /tokens', {}, { body: { name, abilities: chosen } });
    const token = tokenIn(reply);
    ctx.progress.note(`Token ${name} created. It is shown this once:`);
    return plain(token, isObject(reply.body) ? reply.body : { token });
  },
});

interface Ability {
  readonly resource: string;
  readonly abilities: readonly string[];
}

export default group({
  name: 'token',
  noun: 'token',
  summary: 'API tokens and what they may do',
  commands: [
    listOf(tokens),
    create,
    { ...remove(tokens), name: 'revoke', aliases: ['delete', 'rm'], summary: 'Revoke a token', examples: ['revoke ci --yes'] },
    command({
      name: 'abilities',
      summary: 'List the abilities that a token can have',
      examples: ['abilities'],
      run: async () =>
        rows(
          Object.entries(vocabulary).map(
            ([resource, actions]): Ability => ({ resource, abilities: actions.map((action) => `${resource}:${action}`) }),
          ),
          columns<Ability>('resource', { key: 'abilities', cell: (item) => item.abilities.join(' ') }),
          '',
        ),
    }),
  ],
});
