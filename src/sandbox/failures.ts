import type { FailureName, SiteRow } from './records.ts';
import type { Head, State } from './state.ts';

/** Why a deployment fails: what its log says, and what makes the next one succeed. */
interface Failure {
  /** When it fails, in ms after it began: late enough to be seen in progress. */
  readonly after: number;
  /** The step that fails instead of the one that its log has there, in ms. */
  readonly step: number;
  readonly log: (site: SiteRow, release: string) => string;
  readonly isFixed: (state: State, site: SiteRow) => boolean;
}

const NEEDED_PHP = '8.4';
const NEEDED_VARIABLE = 'STRIPE_WEBHOOK_SECRET';

/** By the name that `--fail-deploys` takes. The output is that of the real programs. */
export const failures: Readonly<Record<FailureName, Failure>> = {
  build: {
    after: 7_000,
    step: 4_900,
    log: ({ domain }, release) => `✗ Build failed in 431ms
error during build:
[vite]: Rollup failed to resolve import "alpinejs" from "/home/deploynix/${domain}/releases/${release}/resources/js/app.js".
This is most likely unintended because it can break your application at runtime.
npm error Lifecycle script \`build\` failed with error:
npm error code 1`,
    isFixed: isPushed('build'),
  },
  composer: {
    after: 6_000,
    step: 2_000,
    log: ({ php_version }) => `Your lock file does not contain a compatible set of packages. Please run composer update.

  Problem 1
    - Root composer.json requires php ^${NEEDED_PHP} but your php version (${php_version}.14) does not satisfy that requirement.
`,
    isFixed: (_, { php_version }) => isPhp(php_version, NEEDED_PHP),
  },
  disk: {
    after: 6_000,
    step: 3_000,
    log: ({ domain }, release) => `
In Filesystem.php line 312:

  file_put_contents(/home/deploynix/${domain}/releases/${release}/vendor/composer/installed.json): Failed to write 8192 bytes, errno=28 No space left on device
`,
    isFixed: ({ damage }, { server_id }) => damage !== undefined && !damage.includes(`disk ${server_id}`),
  },
  migration: {
    after: 7_000,
    step: 5_600,
    log: () => `   INFO  Running migrations.

  2026_03_02_101500_create_invoices_table ........................ 14.61ms FAIL

   Illuminate\\Database\\QueryException

  SQLSTATE[42S01]: Base table or view already exists: 1050 Table 'invoices' already exists (Connection: mysql, SQL: create table \`invoices\` (\`id\` bigint unsigned not null auto_increment primary key))

  at vendor/laravel/framework/src/Illuminate/Database/Connection.php:824
`,
    isFixed: isPushed('migration'),
  },
  permission: {
    after: 6_500,
    step: 4_000,
    log: ({ domain }, release) => `> @php artisan package:discover --ansi

  The stream or file "/home/deploynix/${domain}/releases/${release}/storage/logs/laravel.log" could not be opened in append mode: Failed to open stream: Permission denied

Script @php artisan package:discover --ansi handling the post-autoload-dump event returned with error code 1`,
    isFixed: ({ damage }, { id }) => damage !== undefined && !damage.includes(`permission ${id}`),
  },
  variable: {
    after: 6_500,
    step: 4_000,
    log: () => `> @php artisan config:cache

   RuntimeException

  Missing environment variable: ${NEEDED_VARIABLE}

  at config/services.php:12
`,
    isFixed: ({ environment_variables }, { id }) =>
      environment_variables.some(({ site_id, key }) => site_id === id && key === NEEDED_VARIABLE),
  },
};

/** Why a deployment of a site that starts now fails; undefined if it does not. Composer judges what was really pushed. */
export function deployFailure(state: State, site: SiteRow): FailureName | undefined {
  const { fail_deploys: named, damage } = state;
  if (typeof named === 'string' && !failures[named].isFixed(state, site)) return named;
  for (const name of ['disk', 'permission'] as const) if (damage !== undefined && !failures[name].isFixed(state, site)) return name;
  const { php } = headOf(state, site) ?? {};
  return php !== undefined && !isPhp(site.php_version, php) ? 'composer' : undefined;
}

/** The commit that a deployment of a site builds; undefined if its repository is not in the sandbox. */
export function headOf({ heads, git_repositories }: State, { git_repository_id, branch }: SiteRow): Head | undefined {
  const repository = git_repositories.find(({ id }) => id === git_repository_id);
  return heads?.[`${repository?.name} ${branch}`];
}

/** True if another commit was pushed since the site failed for this reason. */
function isPushed(name: string): Failure['isFixed'] {
  return (state, site) => {
    const head = headOf(state, site);
    const failed = state.releases.filter(({ site_id, failure }) => site_id === site.id && failure === name);
    return head !== undefined && failed.length > 0 && failed.every(({ commit_hash }) => commit_hash !== head.commit_hash);
  };
}

function isPhp(version: string | null, needed: string): boolean {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  const [least = 0, lesser = 0] = needed.split('.').map(Number);
  return major > least || (major === least && minor >= lesser);
}
