import { DnxError, usage } from '../base/errors.ts';
import { isObject } from '../base/json.ts';
import { quoted } from '../base/shell.ts';
import { wordOf } from '../base/text.ts';
import { command, group } from '../cli/language/command.ts';
import { ensuredShape, strict, updating } from '../cli/language/ensure.ts';
import { argument, flag, ifExists, list, reporting, required, rest, text, under } from '../cli/language/options.ts';
import { creation, did } from '../cli/language/resource.ts';
import { deleted, either, item, listOf, mapOf, nullable, objectOf, recordOf, severalOf, word, words } from '../cli/language/shape.ts';
import { textView as plain, rows } from '../cli/output/view.ts';
import { deployCalls, deploying } from '../features/env/deploy-after.ts';
import {
  createVariableEndpoint,
  deleteVariableEndpoint,
  nextDeploy,
  revealedColumns,
  type SiteVariable,
  siteVariables,
  updateVariableEndpoint,
  variablesEndpoint,
} from '../features/env/variables.ts';

/** The consent to send what could break a site, which `--yes` does not give. */
const confirming = {
  confirm: text('Site, to send what could break it: its APP_ENV, APP_DEBUG, APP_KEY or database', 'name'),
};

const listVariables = command({
  name: 'list',
  reveals: 'values',
  aliases: ['ls'],
  summary: 'List environment variables',
  calls: variablesEndpoint,
  options: { reveal: { ...flag('Show the values, which are masked in tables'), reveals: 'values' } },
  prints: () => listOf(recordOf(['id', ...siteVariables.columns])),
  examples: ['list shop.example.com', 'list shop.example.com --reveal', 'list shop.example.com --json'],
  run: async (ctx, { targets, options: { reveal } }) => {
    const [, , ...place] = creation('variable', targets);
    const first = ['env', 'set', 'KEY=VALUE', ...place];
    if (reveal || ctx.settings.format !== 'table')
      return rows(await ctx.shown<SiteVariable>(), revealedColumns, 'No environment variables.', first);
    const all = await ctx.list<SiteVariable>();
    const view = rows(all, siteVariables.columns, 'No environment variables.', first);
    const { session } = ctx.settings;
    const mayReveal = !session?.agent || session.showValues;
    return { view, ...(all.length > 0 && mayReveal && { note: 'Values are masked. Show them with --reveal.' }) };
  },
});

const get = command({
  name: 'get',
  reveals: 'values',
  aliases: ['show'],
  summary: 'Print the value of an environment variable',
  calls: `GET ${siteVariables.path}/{variable}`,
  prints: () => recordOf(['value']),
  examples: ['get shop.example.com APP_URL'],
  async run(ctx) {
    const { data } = await ctx.call();
    if (!isObject(data) || data.value === undefined) throw new DnxError('failed', 'The API response has no value.');
    return plain(wordOf(data.value), data);
  },
});

const set = command({
  name: 'set',
  aliases: ['create', 'update'],
  summary: 'Set environment variables',
  description:
    'Creates or updates each variable. The value of a KEY alone is typed, and not shown. Changes take effect on the next deployment.',
  calls: [createVariableEndpoint, variablesEndpoint, updateVariableEndpoint, deployCalls],
  options: {
    assignment: {
      ...argument(required(list('KEY=VALUE, or KEY to type the value or read it from a file', 'KEY=VALUE'))),
      check: checkAssignments,
      confidential: true,
    },
    from_file: text('Read the value from a file, or - for stdin', 'file|-'),
    ...deploying,
    ...confirming,
  },
  consent: async (ctx, { targets, options: { deploy }, consent: { yes, confirm } }) =>
    !deploy || yes || confirm !== undefined
      ? undefined
      : (await import('../features/link/confirmation.ts')).linkConsent(ctx, [targets], 'Change variables and deploy'),
  fields: {},
  prints: async () => (await import('../features/deploy/result.ts')).deployedAfterShape(either(item, listOf(item))),
  examples: [
    'set shop.example.com LOG_LEVEL=warning APP_DEBUG=false',
    'set shop.example.com LICENSE_KEY --from-file -',
    'set shop.example.com APP_DEBUG=true --confirm shop.example.com --deploy',
  ],
  run: async (ctx, { targets, options, body, consent }) =>
    (await import('../features/env/set.ts')).setVariables(ctx, targets, options, body, consent),
});

const { assignment, from_file } = set.options as NonNullable<typeof set.options>;

const ensure = command({
  name: 'ensure',
  summary: 'Create environment variables unless they exist',
  description:
    'Compares the values of existing variables, and never shows them. Without --update, what differs is kept. Changes take effect on the next deployment.',
  exits: '10 a value differs, with --strict',
  calls: [createVariableEndpoint, variablesEndpoint, { when: 'update', also: [updateVariableEndpoint] }],
  options: { assignment, from_file, update: updating, strict, ...confirming, ...reporting },
  fields: {},
  prints: () => severalOf(ensuredShape('variable')),
  examples: [
    'ensure shop.example.com APP_NAME=Shop LOG_LEVEL=warning',
    'ensure shop.example.com LOG_LEVEL=warning --update --json',
    'ensure shop.example.com LICENSE_KEY --from-file -',
  ],
  run: async (ctx, { targets, options, body, consent }) =>
    (await import('../features/env/set.ts')).ensureVariables(ctx, targets, options, body, consent),
});

/** Rejects a site that does not come first, and two values for one key. */
function checkAssignments(words: readonly string[]): void {
  const site = words.length > 1 && words.find((word) => /^[^=]+\.[^=]+$/.test(word));
  if (site) throw usage(`'${site}' is not KEY=VALUE.`, `If it is the site, put it first, or use --site ${quoted(site)}.`);
  const keys = words.map((word) => word.split('=', 1)[0]);
  const twin = keys.find((key, index) => keys.indexOf(key) < index);
  if (twin) throw usage(`${twin} is set twice; nothing was changed.`);
}

const unset = command({
  name: 'unset',
  aliases: ['delete', 'rm'],
  summary: 'Remove environment variables',
  description: 'Without its APP_KEY or database, a site does not work: to remove these, dnx asks for the name of the site.',
  calls: [deleteVariableEndpoint, variablesEndpoint],
  targets: 'all',
  consent: { level: 'moderate', deferred: true },
  options: { ...ifExists, ...confirming },
  prints: () => severalOf(deleted),
  examples: ['unset blog.example.com APP_DEBUG --yes'],
  run: async (ctx, { targets, options, consent }) =>
    (await import('../features/env/set.ts')).unsetVariables(ctx, targets, options, consent),
});

const history = command({
  name: 'history',
  summary: 'Show who changed which variables from this machine',
  description:
    'Lists when dnx set, changed or removed variables of a site from here, and in which command. Without values: dnx undo brings them back.',
  calls: variablesEndpoint,
  options: { key: argument(text('Only changes of this variable', 'KEY')) },
  prints: async () => listOf((await import('../features/plan/history.ts')).pastVariableShape),
  examples: ['history shop.example.com', 'history shop.example.com DB_PASSWORD'],
  run: async (ctx, { targets, options: { key } }) => (await import('../features/plan/history.ts')).variableHistory(ctx, targets, key),
});

const importVariables = command({
  name: 'import',
  summary: 'Import variables from the .env on the server',
  description:
    'Copies the variables of the .env on the server to Deploynix, overwriting those with the same name. Nothing is downloaded to this machine.',
  calls: `POST ${siteVariables.path}/pull`,
  consent: { level: 'moderate', warning: 'This overwrites variables with the same name in Deploynix.' },
  prints: () => item,
  examples: ['import shop.example.com --yes'],
  run: async (ctx, { targets }) => ({
    view: did(await ctx.call(), `Imported the .env of ${targets.site.label}`),
    next: nextDeploy(ctx, targets),
  }),
});

const sides = under('Conflicts', {
  ours: list('Use the value of the file for this variable; * for every conflict', 'KEY'),
  theirs: list('Use the value at Deploynix for this variable; * for every conflict', 'KEY'),
});
const file = argument(text('Dotenv file (default .env.ENVIRONMENT)', 'file'));
const allowing = {
  allow_file: { ...list('File outside of the project that a file:// reference may read', 'PATH'), reach: 'machine' },
} as const;

const pull = command({
  name: 'pull',
  reveals: 'values',
  summary: 'Download variables into a dotenv file',
  description:
    'Writes what changed at Deploynix since the last pull or push into the file, or prints it with -. Comments, order, local variables and local changes stay. If a variable changed on both sides, nothing is written.\n\nThe default file is named after the environment of the link file, as .env.production, or after the domain. Your own .env is used only if you name it, and refused if it is for this machine, as with APP_ENV=local.',
  effect: 'local',
  exits: '10 a variable changed on both sides, or the file is for this machine',
  calls: [variablesEndpoint],
  options: {
    file: { ...file, help: 'Dotenv file (default .env.ENVIRONMENT), or - for stdout' },
    ...sides,
    force: flag('Overwrite local changes'),
    dry_run: { ...flag('Show what would be written, without writing'), effect: 'read' },
  },
  prints: async () => either((await import('../features/env/sync/show.ts')).variableSummary, mapOf(nullable(word))),
  examples: ['pull shop.example.com', 'pull blog.example.com .env.staging', 'pull shop.example.com -'],
  run: async (ctx, { targets, options }) => (await import('../features/env/sync/pull.ts')).pullVariables(ctx, targets, options),
});

const push = command({
  name: 'push',
  summary: 'Upload the changes in a dotenv file',
  description:
    'Sends what changed in the file since the last pull or push. If a variable changed on both sides, nothing is sent. Changes take effect on the next deployment.\n\nThe default file is the one that env pull writes. A local APP_ENV or database, APP_DEBUG=true and another APP_KEY need the name of the site.',
  exits: '10 a variable changed on both sides, 12 some variables were not sent',
  calls: [
    variablesEndpoint,
    createVariableEndpoint,
    updateVariableEndpoint,
    { when: 'prune', also: [deleteVariableEndpoint] },
    deployCalls,
  ],
  consent: { level: 'moderate', deferred: true },
  options: {
    file,
    ...sides,
    prune: flag('Also remove variables that were removed from the file'),
    ...allowing,
    ...deploying,
    ...confirming,
    ...reporting,
  },
  prints: async () => {
    const [{ deployedAfterShape }, { variableSummary }] = await Promise.all([
      import('../features/deploy/result.ts'),
      import('../features/env/sync/show.ts'),
    ]);
    return deployedAfterShape(variableSummary);
  },
  examples: ['push shop.example.com --yes', 'push shop.example.com --dry-run', 'push shop.example.com --deploy --yes'],
  run: async (ctx, { targets, options, consent }) =>
    (await import('../features/env/sync/push.ts')).pushVariables(ctx, targets, options, consent),
});

const copy = command({
  name: 'copy',
  reveals: 'values',
  summary: 'Copy the variables of a site to another',
  description:
    'Creates and updates variables, and removes none. Values are never shown or written to a file. Changes take effect on the next deployment. Leave out what belongs to one site, such as its APP_URL, APP_KEY and database, with --except.\n\nAnother APP_ENV, APP_KEY or database needs the name of the site that would get it.',
  exits: '12 some variables were not sent',
  calls: [variablesEndpoint, createVariableEndpoint, updateVariableEndpoint, deployCalls],
  consent: { level: 'moderate', deferred: true },
  options: {
    from: { ...argument(required(text('Site to copy from', 'from'))), names: 'site', precedes: true },
    except: list('Leave out this variable', 'KEY'),
    only: list('Copy only this variable', 'KEY'),
    ...deploying,
    ...confirming,
    ...reporting,
  },
  prints: async () => {
    const [{ deployedAfterShape }, { copySummary }] = await Promise.all([
      import('../features/deploy/result.ts'),
      import('../features/env/sync/copy.ts'),
    ]);
    return deployedAfterShape(copySummary);
  },
  examples: [
    'copy shop.example.com blog.example.com --only MAIL_FROM_NAME --yes',
    'copy shop.example.com blog.example.com --except APP_KEY --except DB_DATABASE --dry-run',
  ],
  run: async (ctx, { targets, options, consent }) =>
    (await import('../features/env/sync/copy.ts')).copyVariables(ctx, targets, options, consent),
});

const diff = command({
  name: 'diff',
  compares: true,
  summary: 'Compare a dotenv file with a site, or two sites',
  description:
    'A word is a file if it exists, starts with a dot or contains a slash, except SERVER/SITE; otherwise it is an environment of the link file or a site. The second one is the linked site by default.',
  exits: '10 there are differences, with --exit-code',
  calls: [variablesEndpoint],
  targets: 'optional',
  options: {
    file_or_site: { ...argument(text('Dotenv file (default .env.ENVIRONMENT), or a site', 'file|site')), names: 'site' },
    other_site: { ...argument(text('Site', 'site')), names: 'site' },
    reveal: { ...flag('Show the values'), reveals: 'values' },
    ...allowing,
    exit_code: flag('Exit with 10 if there are differences'),
  },
  prints: async () => listOf((await import('../features/env/sync/diff.ts')).variableDifference),
  examples: ['diff -s shop.example.com', 'diff blog.example.com shop.example.com', 'diff .env.staging shop.example.com --reveal'],
  run: async (ctx, { options }) => (await import('../features/env/sync/diff.ts')).diffVariables(ctx, options),
});

const edit = command({
  name: 'edit',
  reveals: 'values',
  summary: 'Edit the environment variables of a site in your editor',
  description:
    'Opens $VISUAL, $EDITOR, the editor of Git, nano or vi on a private file, which is removed afterwards; if you cancel, your draft is kept for a day. Before anything is sent, dnx shows the changes and asks. Variables that changed at Deploynix meanwhile are not overwritten.',
  effect: 'program',
  exits: '1 canceled, 10 a variable also changed at Deploynix',
  calls: [variablesEndpoint, createVariableEndpoint, updateVariableEndpoint, deleteVariableEndpoint, deployCalls],
  consent: { level: 'moderate', deferred: true },
  options: { ...allowing, ...deploying, ...confirming },
  prints: async () =>
    (await import('../features/deploy/result.ts')).deployedAfterShape(
      objectOf({ site: word, added: words, changed: words, removed: words }),
    ),
  examples: ['edit shop.example.com', 'edit shop.example.com --deploy --yes'],
  run: async (ctx, { targets, options, consent }) =>
    (await import('../features/env/edit/edit.ts')).editVariables(ctx, targets, options, consent),
});

const run = command({
  name: 'run',
  reveals: 'values',
  summary: 'Run a command with the environment variables of a site',
  description:
    'Adds the variables to the environment of the command, without writing a file. They override your own. Only those that the .env.example or .env of the project names are passed on, and none that dnx or Node.js reads, such as PATH and HTTPS_PROXY.\n\nIf dnx fails before the command starts, stderr ends with an error of dnx.',
  effect: 'program',
  exits: 'those of the command; 128 and the signal if one ended it',
  calls: variablesEndpoint,
  options: {
    all: flag('Also pass on variables that the project does not name'),
    command: rest('Command to run'),
  },
  examples: ['run shop.example.com -- printenv APP_URL', 'run shop.example.com -- php artisan tinker'],
  run: async (ctx, { options }) => (await import('../features/env/with-variables.ts')).runWithVariables(ctx, options.command, options.all),
});

export default group({
  name: 'env',
  noun: 'variable',
  commands: [listVariables, get, set, ensure, unset, history, importVariables, pull, push, copy, diff, edit, run],
});
