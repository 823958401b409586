import { vocabulary } from '../base/abilities.ts';
import { usage } from '../base/errors.ts';
import { HOUR } from '../base/time.ts';
import { command, group, type Tree } from '../cli/language/command.ts';
import { flag, ifExists, natural, required, text } from '../cli/language/options.ts';
import { anything, deleted, either, listOf, objectOf, recordOf, severalOf, word, words } from '../cli/language/shape.ts';
import { everyCommand } from '../cli/language/tree.ts';
import { columns, rows } from '../cli/output/view.ts';
import { type AbilityNeed, abilityNeed, commandAbilities } from '../features/token/abilities/arithmetic.ts';
import { needsOfLines } from '../features/token/abilities/needs.ts';
import { abilityOptions, chosenAbilities, leaseCalls, leaseOptions, printNotes } from '../features/token/choose.ts';
import { createToken } from '../features/token/mint.ts';
import { revokeAction, revokeTokens } from '../features/token/revoke.ts';
import { rotateToken } from '../features/token/rotate.ts';
import { auditTokens, hasEverything, needsAttention, type Token, tokenId } from '../features/token/token.ts';

interface Ability {
  readonly ability: string;
  readonly allows: readonly string[];
  /** Not documented in the API reference. */
  readonly assumed: readonly string[];
}

const { ability, preset, ...needed } = abilityOptions;

const abilityColumn = {
  key: 'abilities',
  cell: ({ abilities }: Token) => (hasEverything(abilities) ? 'every ability' : undefined),
  wrap: true,
} as const;

const listTokens = command({
  name: 'list',
  aliases: ['ls'],
  summary: 'List tokens',
  calls: 'GET /tokens',
  options: { audit: flag('Flag tokens that are unused, share a name or have every ability, and leases') },
  prints: () => listOf(recordOf(['id', 'name', 'abilities', 'last_used_at', 'created_at'])),
  examples: ['list', 'list --audit', 'list --json'],
  async run(ctx, { options: { audit: marked } }) {
    const shown = columns<Token>('name', 'id', abilityColumn, 'last_used_at', 'created_at');
    if (!marked) return rows(await ctx.shown<Token>(), shown, 'No tokens.');
    const found = await ctx.list<Token>();
    const held = await ctx.tokens.find();
    const audited = auditTokens(found, ctx.clock.now(), held && tokenId(held.token));
    const bad = audited.filter(needsAttention).length;
    const why = `${bad} of ${found.length} tokens ${bad === 1 ? 'needs' : 'need'} attention. To revoke one`;
    const { abilities: _, ...kept } = Object.fromEntries(shown.map((column) => [column.key, column]));
    const view = rows(audited, [...Object.values(kept), { key: 'audit', wrap: true }], 'No tokens.');
    return { view, next: bad > 0 ? [{ command: ['token', 'revoke', 'ID'], why }] : [] };
  },
});

const create = command({
  name: 'create',
  reach: 'account',
  summary: 'Create a token',
  description: 'Prints the token once, alone on stdout, or writes it to a file with --to-file.',
  calls: 'POST /tokens',
  fields: { name: natural(required(text('Token name, such as ci'))) },
  options: {
    ...needed,
    preset,
    ability,
    to_file: text('Write the token to a new file that only you can read', 'file'),
  },
  prints: () => objectOf({}, { id: anything, name: anything, token: word, file: word }),
  examples: ['create ci --for "deploy --wait"', 'create ci --preset ci-deploy', 'create ci --ability site:deploy'],
  run: (ctx, { options, body }) => createToken(ctx, options, body),
});

const revoke = command({
  name: 'revoke',
  reach: 'account',
  aliases: ['delete', 'rm'],
  summary: 'Revoke tokens',
  calls: 'DELETE /tokens/{token}',
  targets: 'all',
  consent: {
    level: 'moderate',
    action: (ctx, all) =>
      revokeAction(
        ctx,
        all.flatMap(({ token }) => token ?? []),
      ),
  },
  options: { ...ifExists, confirm: text('Name of the token that dnx itself uses, to revoke it without a prompt', 'name') },
  prints: () => severalOf(deleted),
  examples: ['revoke Grafana --yes'],
  run: (ctx, { targets, options }) =>
    revokeTokens(
      ctx,
      targets.map(({ token }) => token),
      options,
    ),
});

const rotate = command({
  name: 'rotate',
  reach: 'account',
  summary: 'Replace a token with a new one',
  description:
    "The new token has the same name and abilities. If dnx itself uses the old token, the new one replaces it where it is stored; otherwise it is printed, or written to a file with --to-file. The old token is revoked last, so one of the two always works.\n\n--match rotates every token whose name matches, such as 'ci-*', except leases and the token in use. One after the other, each new token is created and written to a file in the directory of --to-file, and then the old one is revoked. If it is killed, run it again: it continues.",
  calls: [
    'DELETE /tokens/{token}',
    { when: 'match', instead: 'GET /tokens' },
    { when: 'match', also: ['DELETE /tokens/{token}'] },
    'GET /tokens',
    'POST /tokens',
    'GET /user',
  ],
  consent: { level: 'moderate', deferred: true },
  options: {
    match: text('Rotate every token whose name matches; * is any text', 'pattern'),
    to_file: text('Write the new token to a new file that only you can read; with --match, one for each in this directory', 'file'),
  },
  prints: () => severalOf(objectOf({ name: anything }, { id: anything, abilities: anything, revoked: anything, file: word })),
  examples: ['rotate Grafana --yes', 'rotate --match "G*" --to-file tokens --yes'],
  async run(ctx, { targets, options: { match, to_file }, consent: { yes } }) {
    if (match === undefined) return rotateToken(ctx, targets.token.id, { to_file, yes });
    return (await import('../features/token/rotate-all.ts')).rotateTokens(ctx, { match, to_file, yes });
  },
});

const LEASE_MS = HOUR;

const lease = command({
  name: 'lease',
  reach: 'account',
  summary: 'Run a command with a token of its own',
  description:
    'Creates a token that can do only what you allow, gives it to the command in DNX_TOKEN, and revokes it when the command ends. In it, dnx uses this token alone, and neither your sign-in nor another profile. After --ttl the token is revoked, too, and the command goes on without it. If dnx is killed, the next dnx command revokes it.',
  calls: [...leaseCalls],
  effect: 'program',
  exits: 'those of the command',
  options: {
    ...needed,
    preset,
    ability,
    ...leaseOptions('1h'),
  },
  examples: ['lease --for "deploy --wait" -- ./deploy.sh', 'lease --preset read-only --ttl 10m -- sh'],
  async run(ctx, { options: { command, ttl, ...choosing } }) {
    const abilities = await chosenAbilities(ctx, choosing);
    if (!abilities) throw usage('No abilities given.', 'Use --for "deploy --wait", --preset ci-deploy or --ability site:deploy.');
    return (await import('../features/lease/lease.ts')).runLeased(ctx, { kind: 'lease', command, abilities, ttlMs: ttl ?? LEASE_MS });
  },
});

const abilities = command({
  name: 'abilities',
  effect: 'read',
  summary: 'List abilities, or those that a command needs',
  options: needed,
  prints: () => either(listOf(abilityNeed), listOf(objectOf({ ability: word, allows: words, assumed: words }))),
  examples: ['abilities', 'abilities --for "deploy --wait" --for "env set"'],
  async run(ctx, { options: { for: lines, from_script: scripts } }) {
    if (!lines && !scripts) {
      const shown = columns<Ability>('ability', {
        key: 'allows',
        cell: ({ allows, assumed }) => [...allows, ...assumed.map((path) => `${path} (assumed)`)].join(', '),
        wrap: true,
      });
      return rows(await allowances(ctx.tree), shown, '');
    }
    const needed = await needsOfLines({ lines: lines ?? [], scripts: scripts ?? [] }, ctx.tree, ctx.world);
    printNotes(needed, ctx.progress);
    const flags = needed.abilities.flatMap(({ ability }) => ['--ability', ability]);
    const shown = columns<AbilityNeed>(
      'ability',
      { key: 'assumed', title: 'Basis', cell: ({ assumed }) => (assumed ? 'assumed' : 'stated') },
      { key: 'reasons', title: 'Why', cell: ({ reasons }) => [...new Set(reasons.map(({ because }) => because))].join('; '), wrap: true },
    );
    const next = [{ command: ['token', 'create', 'NAME', ...flags], why: 'Create a token with these abilities' }];
    return {
      view: rows(needed.abilities, shown, needed.unclear.length > 0 ? '' : 'No ability needed: any token can do that.'),
      next: flags.length > 0 ? next : [],
    };
  },
});

async function allowances(tree: Tree): Promise<Ability[]> {
  const needs = (await everyCommand(tree)).flatMap(({ path, command }) => commandAbilities(command).map((need) => ({ ...need, path })));
  return Object.entries(vocabulary).flatMap(([resource, actions]) =>
    actions.map((action): Ability => {
      const matching = needs.filter(({ ability }) => ability === `${resource}:${action}`);
      const paths = (assumed: boolean) => [...new Set(matching.filter((need) => need.assumed === assumed).map(({ path }) => path))];
      return { ability: `${resource}:${action}`, allows: paths(false), assumed: paths(true) };
    }),
  );
}

export default group({
  name: 'token',
  commands: [listTokens, create, revoke, rotate, lease, abilities],
});
