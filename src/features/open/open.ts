import { DnxError, isError, orError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { done, textView } from '../../cli/output/view.ts';
import { envWithoutSecrets } from '../../machine/env.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { World } from '../../machine/world.ts';
import { segment } from '../../platform/api/endpoint.ts';
import { certificatesEndpoint } from '../../platform/follow/readers.ts';
import { isId, siteUrl, type Target, type Targets, targetIds } from '../../platform/names/names.ts';
import { briefApi, certificateIn, orUndefined } from '../overview/overview.ts';

/** `dnx open`. */
export async function openUrl(ctx: Context, targets: Targets, { dashboard, print }: Given<{ dashboard: boolean; print: boolean }>) {
  const { data } = await ctx.call<JsonObject>();
  const { server, site } = targets;
  if (site && !dashboard) return openWebsite(ctx, targets, site, data ?? {}, print);
  return show(ctx, dashboardUrl(ctx.settings, { server, site }), print);
}

/** Opens a site at its domain, or prints the URL. */
export const openWebsite = async (ctx: Context, targets: Targets, target: Target, site: JsonObject, print = false) =>
  show(ctx, await websiteOf(ctx, targets, target, site), print);

async function show(ctx: Context, url: string, print = false) {
  if (print) return { view: textView(url, { url }) };
  if (await browse(ctx, url)) return { view: done(`Opened ${url}`, { url }) };
  return { view: textView(url, { url }), note: 'No browser found.' };
}

/** The URL of a site: https if a certificate is valid, or if the token cannot read certificates. */
async function websiteOf(ctx: Context, targets: Targets, { label }: Target, site: JsonObject): Promise<string> {
  const certificates = await orUndefined(briefApi(ctx).list<JsonObject>(certificatesEndpoint, targetIds(targets), { casual: true }));
  const reader = { now: ctx.clock.now(), terminal: false };
  const domain = wordOf(site.domain) || (isId(label) ? '' : label);
  if (domain === '') throw new DnxError('failed', `Deploynix returned no domain for site '${label}'.`);
  const url = siteUrl(domain, !certificates || certificateIn(certificates, reader).valid ? 'https' : 'http');
  // What a browser is given has the host name in ASCII.
  if (url !== undefined) return new URL(url).origin;
  const command = ['open', label, ...(targets.server ? ['--server', targets.server.label] : []), '--dashboard'];
  throw new DnxError('failed', `No browser can open the domain '${domain}'.`, {
    next: [{ command, why: 'See the site in the dashboard' }],
  });
}

/** The dashboard's page of a server or a site. Its path is assumed: the API reference does not say. */
function dashboardUrl({ host }: Pick<Settings, 'host'>, { server, site }: Readonly<Record<'server' | 'site', Target | undefined>>) {
  const parts = [server && ['servers', segment(server.id)], site && ['sites', segment(site.id)]];
  return [host, ...parts.flatMap((part) => part ?? [])].join('/');
}

const INTERRUPTED = 130;

/** Opens a URL with the first command of `$BROWSER` that succeeds, or with the default browser. False if there is none. */
async function browse(ctx: Context, url: string): Promise<boolean> {
  const { world } = ctx;
  const commands = commandsIn(world, url);
  const release = ctx.progress.hold();
  try {
    if (commands.length > 0) await runFirst(ctx, commands);
    return commands.length > 0 || (hasDesktop(world) && (await world.open(url)));
  } catch (error) {
    throw isError(error, 'failed') ? error.withHint(`Open this URL yourself: ${url}`) : error;
  } finally {
    release();
  }
}

/** Runs these commands until one succeeds. They have the terminal, as w3m needs it. */
async function runFirst({ signal, world }: Context, commands: readonly (readonly string[])[]): Promise<void> {
  const env = envWithoutSecrets(world.env);
  let failure: DnxError | undefined;
  for (const [file = '', ...args] of commands) {
    const redirected = world.stdout.isTTY === true ? {} : { output: 'stderr' as const };
    const ended = await orError(world.spawn({ file, args, env, foreground: true, ...redirected }));
    signal.throwIfAborted();
    if (ended === 0) return;
    if (ended === INTERRUPTED) throw new DnxError('interrupted', 'Interrupted.');
    failure = new DnxError('failed', typeof ended === 'number' ? `The browser '${file}' exited with code ${ended}.` : ended.message);
  }
  throw failure;
}

/** The commands of `$BROWSER`, separated by colons as for xdg-open. `%s` is the URL, which otherwise comes last. No shell reads them. */
function commandsIn({ env, platform }: Pick<World, 'env' | 'platform'>, url: string): readonly (readonly string[])[] {
  return (env.BROWSER ?? '')
    .split(platform === 'win32' ? ';' : ':')
    .map(wordsIn)
    .filter(([file]) => file !== undefined)
    .map((words) => (words.some((word) => word.includes('%s')) ? words.map((word) => word.replaceAll('%s', () => url)) : [...words, url]));
}

/** The words of a command. What is in quotes is one, and a backslash is part of a path. */
const wordsIn = (command: string): readonly string[] =>
  (command.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? []).map((word) => word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'));

/** True if a browser may be able to show itself. One that opens on the other side of an SSH session is of no use. */
function hasDesktop({ env, platform }: Pick<World, 'env' | 'platform'>): boolean {
  if (env.DISPLAY || env.WAYLAND_DISPLAY) return true;
  if (env.SSH_CONNECTION || env.SSH_CLIENT || env.SSH_TTY) return false;
  // WSL opens the browser of Windows, and Termux that of Android.
  return ['darwin', 'win32', 'android'].includes(platform) || Boolean(env.WSL_DISTRO_NAME);
}
