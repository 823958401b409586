import { command, group } from '../cli/language/command.ts';
import { assumed, from, natural, required, text } from '../cli/language/options.ts';
import { answer, create, creation, list, remove, resource, show, update } from '../cli/language/resource.ts';
import { recordOf } from '../cli/language/shape.ts';
import { columns, type LateCells, rows } from '../cli/output/view.ts';

const repositories = resource({
  noun: 'git_repository',
  path: '/git-repositories',
  columns: columns('name', 'auto_deploy_enabled', 'created_at', { key: 'git_provider_id', wide: true }, { key: 'id', wide: true }),
  details: columns('name', 'auto_deploy_enabled', 'deploy_key', 'created_at', 'git_provider_id', 'id'),
  example: { target: 'example/blog', create: 'example/docs --git-provider-id GitHub', update: '--name example/journal' },
});

const fields = {
  name: natural(required(assumed(text('Owner and name, such as example/shop')))),
  git_provider_id: from(required(assumed(text('Git provider: name or id'))), { list: 'GET /git-providers', resolve: true }),
};

const everySite = 'This affects every site that uses the repository.';

const act = (verb: 'setup-deploy-key' | 'enable-auto-deploy' | 'disable-auto-deploy', summary: string, did: string) =>
  command({
    name: verb,
    summary,
    description: everySite,
    calls: `POST /git-repositories/{git_repository}/${verb}`,
    targets: 'each',
    prints: () => recordOf(repositories.details),
    examples: [`${verb} example/blog`],
    run: async (ctx, { targets }) => ({
      view: answer(await ctx.call(), repositories.details, `${did} ${targets.git_repository.label}`),
      note: everySite,
    }),
  });

const listRepositories = command({
  ...list(repositories),
  async run(ctx, { targets }) {
    let cells: LateCells['read'] | undefined;
    const read: LateCells['read'] = async (shown) => {
      const { providerNames } = await import('../features/overview/overview.ts');
      cells ??= providerNames(ctx);
      return cells(shown);
    };
    return {
      ...rows(await ctx.shown(), repositories.columns, 'No git repositories.', creation('git_repository', targets)),
      late: { key: 'git_provider_id', read },
    };
  },
});

export default group({
  name: 'git-repository',
  commands: [
    listRepositories,
    show(repositories),
    create(repositories, fields),
    update(repositories, { name: fields.name }),
    remove(repositories),
    act('setup-deploy-key', 'Create and show a deploy key', 'Created a deploy key for'),
    act('enable-auto-deploy', 'Deploy on every push', 'Turned on auto-deploy for'),
    act('disable-auto-deploy', 'Stop deploying on every push', 'Turned off auto-deploy for'),
  ],
});
