import { cancelled, type Detail, DnxError, isError, isStop, orError, usage } from '../../base/errors.ts';
import { inParallel } from '../../base/parallel.ts';
import { andList, bytes, capitalized, counted } from '../../base/text.ts';
import { utcOf } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { nullable, number, objectOf, type Printed, word } from '../../cli/language/shape.ts';
import { safeLine } from '../../cli/output/text.ts';
import { columns, done, rows } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { everyServer, type Member, memberAt } from '../remote/fleet.ts';
import type { Machine } from '../remote/machine.ts';
import { readSections, type ScriptSection } from '../remote/sections.ts';
import { AT_A_TIME } from '../remote/side-by-side.ts';
import { unasked } from '../remote/ssh.ts';
import { hasStopped, type Unit, unitsIn } from '../remote/units.ts';
import SERVICES from './services.sh';

/** A service of a server, in the words of systemd. */
export const serviceShape = objectOf({
  server: word,
  name: word,
  status: word,
  detail: word,
  changed_at: nullable(word),
  memory_bytes: nullable(number),
  at_boot: word,
});
type Service = Printed<typeof serviceShape>;

const shown = columns<Service>(
  'server',
  { key: 'name', title: 'Service' },
  'status',
  { key: 'changed_at', title: 'Since' },
  { key: 'memory_bytes', title: 'Memory', cell: ({ memory_bytes }) => bytes(memory_bytes) },
  { key: 'at_boot', title: 'At boot' },
  { key: 'detail', wide: true },
);

const LIST_MS = 30_000;
/** systemd gives a service 90 s. */
const CHANGE_MS = 150_000;

/** `dnx service list`: the services of a server, or of every one. A server that cannot be read is named. */
export async function listServices(ctx: Context, targets: Targets, { all, user }: Given<{ all: boolean; user: string }>) {
  ctx.progress.spin('Reading services');
  const empty = 'No services that dnx knows.';
  if (!all) {
    const { machine } = (await memberAt(ctx, targets, user)).place();
    return rows(await servicesOf(ctx, machine), shown, empty);
  }
  const silent = unasked(ctx);
  const members = await everyServer(ctx, user);
  const readOne = ({ name, place }: Member) =>
    orError((async () => servicesOf(silent, place().machine))()).then((services) => {
      if (!(services instanceof DnxError)) return services;
      ctx.progress.failed(`${safeLine(name)}: ${services.message}${services.hint === undefined ? '' : ` ${services.hint}`}`, []);
      return undefined;
    });
  const read = await inParallel(members, readOne, AT_A_TIME);
  const failed = read.filter((services) => services === undefined).length;
  const exit = failed > 0 ? new DnxError('partial', `${failed} of ${counted(read.length, 'server')} could not be read.`) : undefined;
  const services = read.flatMap((found) => found ?? []);
  return { view: rows(services, shown, empty), exit };
}

async function servicesOf(ctx: Context, machine: Machine): Promise<readonly Service[]> {
  const sections = await readServices(ctx, machine, ['list', ''], LIST_MS);
  if (sections.at(-1)?.name !== 'end') throw new DnxError('failed', `${machine.server.label} ran no command over SSH.`);
  return unitsOf(sections).map((unit) => serviceOf(unit, machine));
}

const verbs = {
  restart: { doing: 'Restarting', done: 'restarted' },
  reload: { doing: 'Reloading', done: 'reloaded' },
} as const;
type Action = keyof typeof verbs;

/** `dnx service restart` and `reload`: tests the configuration, acts where the SSH user may, and reads how the service is afterwards. */
export async function changeService(
  ctx: Context,
  targets: Targets,
  action: Action,
  { service, user, yes }: Given<{ user: string }> & { readonly service: string; readonly yes: boolean },
) {
  if (!/^[A-Za-z0-9][\w.@-]*$/.test(service)) throw usage(`'${service}' is not the name of a service.`, 'See: dnx service list');
  const { machine, site } = (await memberAt(ctx, targets, user)).place();
  const { php } = site ?? machine;
  const { label } = machine.server;
  const name = php !== undefined && /^(php|fpm|php-fpm)$/.test(service) ? `php${php}-fpm` : service.replace(/\.service$/, '');
  const { doing, done: did } = verbs[action];
  if (action === 'restart' && !yes) {
    ctx.progress.warn('Its sites may be down until it is back up.');
    if (!(await ctx.ask.confirm(`Restart ${name} on ${label}?`))) throw cancelled();
  }
  ctx.progress.spin(`${doing} ${name}`);
  const unknown = { command: ['service', 'list', label], why: `See whether it ${did}` };
  const sections = await readServices(ctx, machine, [action, name], CHANGE_MS).catch((error: unknown) => {
    throw isError(error, 'network', 'timed_out') || isStop(error) ? (error as DnxError).with({ next: [unknown] }) : error;
  });
  const units = unitsOf(sections);
  const unit = units.find((found) => found.name === name) ?? units[0];
  const failed = failureIn({ action, name, label }, sections, units);
  if (failed || !unit) throw failed ?? new DnxError('failed', `${label} did not say how ${name} is.`, { next: [unknown] });
  return done(`${capitalized(did)} ${name} on ${label}`, serviceOf(unit, machine));
}

async function readServices(ctx: Context, machine: Machine, args: readonly string[], limitMs: number) {
  const sections = await readSections(ctx, machine, SERVICES, args, limitMs);
  if (sections.some(({ name }) => name === 'none'))
    throw new DnxError('failed', `systemd does not answer on ${machine.server.label}, so dnx does not know its services.`);
  return sections;
}

const unitsOf = (sections: readonly ScriptSection[]): readonly Unit[] =>
  unitsIn(sections.find(({ name }) => name === 'services')?.body.toString('utf8') ?? '');

const serviceOf = ({ name, state, detail, since, memory, atBoot }: Unit, { server }: Machine): Service => ({
  server: server.label,
  name,
  status: state,
  detail,
  changed_at: utcOf(since) ?? null,
  memory_bytes: memory,
  at_boot: atBoot,
});

interface Change {
  readonly action: Action;
  readonly name: string;
  /** Of the server. */
  readonly label: string;
}

/** Why a service is not as it should be; undefined if it is, or the script did not end. */
function failureIn(change: Change, sections: readonly ScriptSection[], units: readonly Unit[]): DnxError | undefined {
  const { action, name, label } = change;
  const section = (word: string) => sections.find((found) => found.name === word);
  const failed = (message: string, lines: string, command: readonly string[], why: string) =>
    new DnxError('failed', message, { details: detailsOf(lines, label), next: [{ command: ['ssh', label, '--', ...command], why }] });
  if (section('missing')) {
    const names = units.map((unit) => unit.name);
    return new DnxError('not_found', `No service ${name} on ${label}.`, {
      hint: names.length > 0 ? `It has ${andList(names)}.` : undefined,
    });
  }
  const ran = section('ran')?.words;
  if (!ran) {
    const [check = '', problems = ''] = section('broken')?.words ?? [];
    const message = `The configuration of ${name} on ${label} is broken, so it was not ${verbs[action].done}.`;
    return check === '' ? undefined : failed(message, problems, ['sudo', ...check.split(' ')], 'Test it again');
  }
  const [code, output = '', user = '', systemctl = ''] = ran;
  if (code === REFUSED)
    return new DnxError('forbidden', `${user} may not ${action} ${name} on ${label}.`, {
      details: detailsOf(output, label),
      hint: `To allow it, add this line with visudo: ${user} ALL=(root) NOPASSWD: ${systemctl} ${action} ${name}`,
      next: [{ command: ['ssh', label, '--user', 'root', '--', 'systemctl', action, name], why: 'As root' }],
    });
  const runs = ({ state }: Unit): boolean => state === 'active' || state === 'reloading';
  // An old version of PostgreSQL may be stopped beside the one in use.
  const down = units.find((unit) => !runs(unit) && (unit.state !== 'inactive' || hasStopped(unit) || !units.some(runs)));
  if (code === '0' && !down) return undefined;
  const message = down
    ? `${down.name} on ${label} is ${down.state} (${down.detail}) after the ${action}.`
    : `Could not ${action} ${name} on ${label}.`;
  const journal = section('journal')?.body.toString('utf8').trim();
  return failed(message, (down && journal) || output, ['systemctl', 'status', name], 'See its state');
}

/** The code of the script if neither this user nor sudo may do it. */
const REFUSED = '77';

const detailsOf = (text: string, label: string): readonly Detail[] => {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-10).map((line) => [label, safeLine(line)]);
};
