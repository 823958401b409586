import type { DnxError } from '../../base/errors.ts';
import type { Env } from '../world.ts';
import type { Link, LinkEnvironment } from './link.ts';
import { placeProblem } from './link-problems.ts';
import type { Precedence } from './precedence.ts';
import type { Source } from './sources.ts';

type Parent = 'server' | 'site';

/** A server and site that a link file names by id. */
export type Linked = Readonly<Partial<Record<Parent, { readonly id: string; readonly label: string }>>>;

interface Sources extends Pick<Precedence, 'choose' | 'origins'> {
  readonly given: { readonly env?: string | undefined };
  readonly env: Env;
  readonly config: Source;
  readonly profile: string;
  readonly link: Source | undefined;
  readonly linking: Link | undefined;
  readonly unplaced: DnxError | undefined;
}

/**
 * The default server and site. `--env` overrides DNX_SERVER and DNX_SITE. A missing environment leaves both out, and one without
 * a site does not get that of the profile.
 */
export function parentsOf({ given, env, config, profile, link, linking, unplaced, choose, origins }: Sources) {
  const chosen = linking?.chosen;
  const keys = chosen && chosen.name !== '' ? ['environments', chosen.name] : [];
  const wrong = (name: Parent) => link && (link.problem('object', ...keys) ?? placeProblem(link, name, keys));
  const parent = (name: Parent) => {
    if (unplaced) return undefined;
    const word = chosen && wordOf(chosen, name);
    const own = given.env !== undefined;
    return choose(name, {
      environment: own ? undefined : env[`DNX_${name.toUpperCase()}`],
      'link file': word,
      // Ignored if a broken link file, or an environment, may have overridden it.
      profile: wrong(name) || own || chosen?.name ? undefined : config.text('profiles', profile, name),
    });
  };
  const parents = { server: parent('server'), site: parent('site') };
  const brokenFile = (name: Parent) => {
    if (parents[name] !== undefined || unplaced) return undefined;
    return wrong(name) ? link?.file : config.problem('text', 'profiles', profile, name) && config.file;
  };
  return {
    ...parents,
    linked: chosen ? linkedOf(chosen, origins) : {},
    broken: { server: brokenFile('server'), site: brokenFile('site') },
  };
}

const wordOf = (environment: LinkEnvironment, name: Parent): string | undefined => environment[name].name ?? environment[name].id;

/** What the link file names by id and is in use. A site needs the id of its server. */
function linkedOf(environment: LinkEnvironment, origins: Precedence['origins']): Linked {
  const place = (name: Parent) => {
    const { id, name: label = id } = environment[name];
    return id === undefined || label === undefined || origins[name] !== 'link file' ? undefined : { id, label };
  };
  const [server, site] = [place('server'), place('site')];
  return { ...(server && { server }), ...(server && site && { site }) };
}
