import { wordOf } from '../../base/text.ts';
import { command } from '../../cli/language/command.ts';
import { assumed, from, natural, prompted, required, suggest, text } from '../../cli/language/options.ts';
import { answer, created, creationOf, type Resource } from '../../cli/language/resource.ts';

/** The default web directory of each framework. */
const served: Readonly<Record<string, string>> = { laravel: '/public', statamic: '/public', wordpress: '/', static: '/' };

/** The fields of `site create`. */
export const siteFields = {
  domain: natural(required(assumed(text('Domain', 'domain')))),
  type: prompted(suggest(assumed(text('Site type')), 'laravel', 'wordpress', 'statamic', 'static', 'nextjs', 'nuxt')),
  git_repository_id: prompted(
    from(assumed(text('Git repository: name or id', 'repository')), { list: 'GET /git-repositories', resolve: true }),
    { none: 'No repository' },
  ),
  branch: prompted(assumed(text('Branch to deploy')), {
    when: ({ git_repository_id }) => git_repository_id !== undefined,
    offers: () => ['main'],
  }),
  web_directory: prompted(assumed(text('Web directory, such as /public', 'path')), {
    offers: ({ type }) => [served[String(type)] ?? []].flat(),
  }),
  php_version: prompted(suggest(assumed(text('PHP version')), '8.0', '8.1', '8.2', '8.3', '8.4'), {
    when: ({ type }) => !['static', 'nextjs', 'nuxt'].includes(String(type)),
  }),
};

/** `dnx site create`. Prompts for missing fields on a terminal. */
export const createSite = ({ details }: Pick<Resource, 'details'>) =>
  command({
    name: 'create',
    summary: 'Create a site',
    description: 'On a terminal, prompts for missing options.',
    calls: 'POST /servers/{server}/sites',
    fields: siteFields,
    shows: details,
    examples: ['create new.example.com --type laravel --server web-1'],
    async run(ctx, { targets, body }) {
      const domain = wordOf(body.domain);
      const of = creationOf('site', 'GET /servers/{server}/sites', targets, body);
      return {
        view: answer(await created(ctx, of, () => ctx.call()), details, `Created site ${domain}`),
        next: [{ command: ['deploy', domain], why: 'Next' }],
      };
    },
  });
