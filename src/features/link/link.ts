import linkSchema from '../../../docs/link.schema.json';
import { cancelled, usage } from '../../base/errors.ts';
import { isObject, type JsonObject, own } from '../../base/json.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import { either, jsonSchema, nullable, objectOf, word, yes } from '../../cli/language/shape.ts';
import { data, done } from '../../cli/output/view.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { type Located, resourceName, sameName, type Target } from '../../platform/names/names.ts';
import { chooseSite } from './choose.ts';
import {
  environmentToLink,
  type LinkFile,
  type NamedSite,
  openLinkFile,
  shownPath,
  siteIn,
  withEnvironments,
  withField,
  writeLinkFile,
} from './file.ts';

interface LinkOptions {
  readonly default: boolean | undefined;
  readonly confirm_deploys: boolean | undefined;
  readonly schema: boolean | undefined;
}

const placeShape = objectOf({ id: nullable(word), name: nullable(word) });
export const linkShape = either(
  objectOf({ file: word, environment: word, server: placeShape, site: placeShape, default: yes, confirm: yes }),
  jsonSchema,
);

/** Links the project of this directory to a site: the given one, or one to pick. */
export async function linkProject(ctx: Context, targets: Located | undefined, options: LinkOptions, { yes }: GivenConsent) {
  if (options.schema) return { view: data(linkSchema) };
  const { settings, world } = ctx;
  const before = openLinkFile(settings, world);
  const name = environmentToLink(before, settings.environment);
  // Without a site, these options change the environment that is there.
  const stays = !targets && (options.default || options.confirm_deploys !== undefined) ? siteIn(before, name) : undefined;
  const of = stays ?? (targets ? await named(ctx, targets) : await chooseSite(ctx));
  if (!stays) await confirmReplacement(ctx, openLinkFile(settings, world), name, of, yes);
  // Read again, because a person may have taken minutes to pick and confirm.
  const file = openLinkFile(settings, world);
  const environment = linked(own(file.environments, name), of, options);
  const environments = withField(file.environments, name, environment);
  const isFirst = Object.keys(file.environments).length === 0;
  const chosen = options.default || isFirst ? name : file.default;
  const changed = withEnvironments(file, environments, chosen);
  writeLinkFile(file, changed);
  if (file.converted) ctx.progress.note(`The site that ${shownPath(file.path, world.cwd)} named is now its environment production.`);
  const { confirm = false } = Object.hasOwn(environment, 'confirm') ? environment : changed;
  const asks = confirm !== false;
  const place = ({ id = null, label = null }: { readonly id?: string | null; readonly label?: string | null }) => ({ id, name: label });
  const option = chosen === name ? [] : ['--env', name];
  return {
    view: done(
      `Linked this project to ${linkedSiteName(of)} as ${name}${asks ? ', which asks before deployments' : ''}`,
      { file: file.path, environment: name, server: place(of.server), site: place(of.site), default: chosen === name, confirm: asks },
      [['file', shownPath(file.path, world.cwd)]],
    ),
    next: [
      { command: ['status', ...option], why: 'Next' },
      { command: ['deploy', ...option], why: 'Deploy with' },
    ],
  };
}

/** The names of a site that was given, as the API has them: what was remembered or given by id may have another one. */
async function named(ctx: Context, targets: Located): Promise<Located> {
  const read = async (noun: 'server' | 'site', endpoint: Endpoint): Promise<Target> => {
    const { data: found } = await ctx.call<JsonObject>(endpoint);
    return { id: targets[noun].id, label: (isObject(found) && resourceName(found, noun)) || targets[noun].label };
  };
  // A domain was just found in a list, or checked.
  const isById = targets.site.label === targets.site.id;
  return {
    site: isById ? await read('site', 'GET /servers/{server}/sites/{site}') : targets.site,
    server: await read('server', 'GET /servers/{server}'),
  };
}

function linked(before: unknown, of: NamedSite, { confirm_deploys }: LinkOptions): JsonObject {
  const old = isObject(before) ? before : {};
  const place = (key: 'server' | 'site') => {
    const { id, label } = of[key];
    if (label === undefined) return old[key];
    const kept = own(old, key);
    return id === undefined ? kept : { ...(isObject(kept) && kept), id, name: label };
  };
  const placed = withField(withField(old, 'server', place('server')), 'site', place('site'));
  return confirm_deploys === undefined ? placed : withField(placed, 'confirm', confirm_deploys);
}

async function confirmReplacement({ ask, progress }: Context, file: LinkFile, name: string, of: NamedSite, yes: boolean): Promise<void> {
  const before = siteIn(file, name);
  if (!before || yes || isSame(before, of)) return;
  const sentence = `${name} is linked to ${linkedSiteName(before)}.`;
  if (!ask.allowed) throw usage(`${sentence} Nothing was changed.`, 'Use --yes to replace it, or --env to link another environment.');
  progress.warn(sentence);
  if (!(await ask.confirm(`Link ${name} to ${linkedSiteName(of)} instead?`))) throw cancelled();
}

/** True for the same id, or for the same domain on a server that may be the same. */
function isSame(before: NamedSite, now: NamedSite): boolean {
  if (before.site.id !== undefined && before.site.id === now.site.id) return true;
  const [domain, server] = [before.site.label ?? '', before.server];
  const isThere =
    server.label === undefined || server.label === now.server.label || [server.id, server.label].includes(now.server.id ?? '');
  return isThere && (sameName('site', domain, now.site.label ?? '') || domain === now.site.id);
}

/** `shop.example.com (web-1)`. */
const linkedSiteName = ({ server, site }: NamedSite): string => `${site.label}${server.label === undefined ? '' : ` (${server.label})`}`;
