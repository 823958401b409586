import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { everyCommand } from '../../src/cli/language/tree.ts';
import { tree } from '../../src/commands/index.ts';
import { BANNER } from '../../src/features/logs/connection.ts';
import { needsOfLines } from '../../src/features/token/abilities/needs.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type Run, split } from '../support/dnx.ts';
import { addVariable, prepareClone, prepareFiles, preparePreview } from '../support/examples.ts';
import { deep, oneOfEach, sampled, turn } from '../support/volume.ts';

/**
 * Commands without an API operation, and those that need a password, a stored token, a profile, another platform, a plan or a change, which
 * `apply.test.ts` and `undo.test.ts` have, or a server, which `test/ssh` has.
 */
const excluded =
  /^(sandbox|completion|schema|help|db|tunnel|service|storage|cp|import|apply|undo|redo) |^(auth (login|refresh)|config delete-profile|doctor$|top$|unlink$|agent (un)?install$)/;

const web1 = seeded.servers['web-1'];
const db1 = seeded.servers['db-1'];
const shop = seeded.sites['shop.example.com'];
const shopDb = seeded.databases.shop;

/** The same commands with the options that change what they need. */
const combinations = [
  `deploy ${shop} --server ${web1}`,
  `deploy ${shop} --server ${web1} --no-wait`,
  `deploy ${shop} --server ${web1} --wait`,
  `deploy ${shop} --server ${web1} --wait --timeout 10m`,
  `deploy shop.example.com --server ${web1} --no-wait`,
  `deploy ${shop} --server web-1 --no-wait`,
  'deploy web-1/shop.example.com --wait',
  `deploy ${web1}/${shop} --wait`,
  `deploy ${web1}/shop.example.com --no-wait`,
  `deploy ${shop} --server ${web1} --verify-cmd true`,
  `deploy ${shop} --server ${web1} --verify-cmd true --rollback-on-fail`,
  `deploy ${shop} --server ${web1} --dry-run`,
  `deploy --all --server ${web1} --no-wait --yes`,
  `deploy ${shop} --server ${web1} --no-wait --guard --allow migrations`,
  `rollback ${shop} --server ${web1} --yes`,
  `rollback ${shop} --server ${web1} --yes --no-wait`,
  'rollback shop.example.com --server web-1 --yes --no-wait',
  `site show ${shop} --server ${web1}`,
  `site releases ${shop} --server ${web1}`,
  `site suspend ${shop} --server ${web1} --yes`,
  `site schedule ${shop} --server ${web1} --at 2099-12-01T02:00:00Z`,
  `server show ${web1}`,
  `server show ${web1} --json`,
  `server delete ${web1} --confirm ${web1}`,
  `server delete ${web1} --confirm web-1`,
  `server restart ${web1} --yes`,
  `server restart ${web1} web-2 --yes`,
  `server logs ${web1}`,
  `logs ${web1} -f`,
  `logs web-1 --source php`,
  'server create web-3 --provider hetzner --wait',
  'server create web-3 --provider hetzner --no-wait',
  `server list --sort name --limit 1`,
  `env list --server ${web1} --site ${shop}`,
  `env set A=b --server ${web1} --site ${shop}`,
  `env set A=b --server ${web1} --site ${shop} --deploy`,
  `env set A=b --server ${web1} --site ${shop} --deploy --no-wait`,
  `env edit --server ${web1} --site ${shop} --yes`,
  `env run --server ${web1} --site ${shop} -- true`,
  `env unset APP_URL --server ${web1} --site ${shop} --yes`,
  `env import --server ${web1} --site ${shop} --yes`,
  `env pull --server ${web1} --site ${shop}`,
  `env push --server ${web1} --site ${shop} --yes`,
  `env push --server ${web1} --site ${shop} --dry-run`,
  `env diff --server ${web1} --site ${shop}`,
  `certificate list --server ${web1}`,
  `certificate list --site ${shop} --server ${web1}`,
  `certificate create www.shop.example.com --site ${shop} --server ${web1} --wait`,
  `certificate create www.shop.example.com --site ${shop} --server ${web1} --no-wait`,
  `database delete ${shopDb} --server ${db1} --confirm shop`,
  `database delete ${shopDb} --server ${db1} --confirm ${shopDb}`,
  `database-user list --database ${shopDb} --server ${db1}`,
  `database-user show shop --database ${shopDb} --server ${db1}`,
  `backup create --database ${shopDb} --server ${db1} --wait`,
  `backup create --database ${shopDb} --server ${db1} --no-wait`,
  `backup create --site ${shop} --server ${web1} --no-wait`,
  `backup list --database ${shopDb} --server ${db1}`,
  `git-repository create example/docs --git-provider-id ${seeded.gitProviders.github}`,
  `api GET /servers/${web1}/sites/${shop}`,
  `api POST /servers/${web1}/restart`,
  `api DELETE /servers/${web1} --confirm ${web1}`,
  `backup restore ${seeded.backups['shop database, completed']} --confirm ${shopDb} --no-wait`,
  'auth whoami --json',
  `ssh --server ${web1}`,
  `ssh --server ${web1} --site ${shop}`,
  `ssh --server ${web1} --site ${shop} --print`,
  'ssh web-1 -- true',
  'ssh web-1/shop.example.com',
  `artisan --server ${web1} --site ${shop} migrate --force`,
  `tinker --server ${web1} --site ${shop}`,
];

const leaves = (await everyCommand(tree)).filter(({ path }) => !excluded.test(`${path} `) && !excluded.test(path));
const commandOf = (line: string) => leaves.findLast(({ path }) => `${line} `.startsWith(`${path} `))?.path;
const examples = leaves.flatMap(({ group, command }) =>
  command.examples
    .filter((each) => !/dnx login|--verify |--schema|^edit (?!.*--yes)/.test(each) && `${group.name} ${each}`.trim() !== 'why web-1')
    .map((each) => `${group.name} ${each}`.trim().replace(/ > \S+$/, '')),
);

/** `ensure --update` creates only what is missing, and its examples update what exists. */
const creates = (line: string, omitted: string): boolean => / ensure .*--update/.test(line) && omitted.endsWith(':create');

/** Lists what the token can read, and warns of the rest. */
const warns = (line: string, omitted: string): boolean =>
  line.startsWith('audit ') && line.includes('--fail-on none')
    ? omitted !== 'server:read'
    : line.startsWith('report')
      ? omitted !== 'server:read'
      : /^certificate list --(all|server \S+)$/.test(line) && omitted === 'site:read';

/**
 * What a line may need, but not in a new sandbox: a preview needs no new password of a user and no certificate, `ensure` creates nothing that
 * exists, and what compares all lists reads on without one that has nothing to show.
 */
const spares = (line: string, omitted: string): boolean =>
  (/^(drift|export|audit)\b/.test(line) && !/^(server|site):read$/.test(omitted)) ||
  (/^(site|certificate) ensure /.test(line) && omitted.endsWith(':create')) ||
  (/^preview (up|open) /.test(line) && ['database:update', 'database:delete', 'certificate:read'].includes(omitted));

/** Commands that read what ssh prints, instead of handing the terminal over to it. */
const readsSsh = (line: string): boolean => /^logs |^(ssh|artisan) --(all|on) /.test(line);

/** A PATH with an ssh that finds no logs. Whatever it is to run succeeds. */
function pathWithSsh(directory: string): string {
  writeFileSync(join(directory, 'ssh'), `#!/bin/sh\nprintf '%s\\n' '${BANNER}' S Q\n`, { mode: 0o755 });
  return `${directory}:${process.env.PATH}`;
}

interface RunWith {
  /** Removes what an example of `ensure --update` updates. */
  readonly missing?: boolean;
}

/** Runs a line in a new sandbox, with an owner's token that has only these abilities. */
async function runWith(line: string, abilities: readonly string[], { missing = false }: RunWith = {}): Promise<Run> {
  const bed = await openBed();
  try {
    if (missing) for (const list of ['redirects', 'crontabs', 'daemons', 'queues'] as const) bed.sandbox.state[list].length = 0;
    for (const site of bed.sandbox.state.sites)
      if (site.id === shop && line.includes('unschedule')) site.scheduled_deploy_at = '2099-01-01T00:00:00Z';
    prepareFiles(bed.directory);
    prepareClone(bed, line);
    preparePreview(bed, line);
    return await bed.dnx(split(line), {
      env: { DNX_TOKEN: bed.sandbox.mint(abilities), DNX_SITE: '', ...(readsSsh(line) && { PATH: pathWithSsh(bed.directory) }) },
      stdin: 'a-secret-from-stdin\n',
      child: addVariable,
      // The site of an example does not answer.
      elsewhere: () => {},
    });
  } finally {
    await bed.close();
  }
}

async function needsOf(line: string): Promise<string[]> {
  const world = { cwd: '/', home: '/', env: {}, platform: 'linux', signal: new AbortController().signal } as const;
  const needs = await needsOfLines({ lines: [line], scripts: [] }, tree, world);
  return needs.abilities.map(({ ability }) => ability);
}

const shown = oneOfEach(examples, commandOf);

describe('the computed abilities are sufficient and minimal for', () => {
  test.each([...new Set([...sampled(shown, 70, 5), ...sampled(combinations, 25, 4)])].map((line, row) => [line, row] as const))(
    '%s',
    async (line, row) => {
      const needs = await needsOf(line);
      await expect(runWith(line, needs)).toExit(0);
      // Every third line also without one of its abilities, and each line without any in deep runs.
      for (const omitted of deep || row % 3 === 0 ? turn(needs, row / 3) : []) {
        if (spares(line, omitted)) continue;
        const less = await runWith(
          line,
          needs.filter((each) => each !== omitted),
          { missing: creates(line, omitted) },
        );
        // Several targets are reported one by one, and together as 12.
        const codes = warns(line, omitted) ? [0] : [5, 12];
        expect(codes, `without ${omitted}: ${less.stdout}${less.stderr}`).toContain(less.code);
        if (warns(line, omitted))
          expect(`${less.stdout}${less.stderr}`).toMatch(
            new RegExp(`is missing the ability ${omitted}|probably lacks ${omitted}|To read everything: dnx token create report`),
          );
        if (less.code === 5) expect(less.stderr, `without ${omitted}`).toMatch(new RegExp(`${omitted}|dnx token create \\S+ --for`));
      }
    },
  );

  test('every command that calls the API', () => {
    const uncovered = leaves.filter(({ path }) => !examples.some((line) => line === path || line.startsWith(`${path} `)));
    expect(uncovered.map(({ path }) => path)).toEqual([]);
    expect(combinations.length).toBeGreaterThanOrEqual(30);
  });
});
