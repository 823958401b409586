import { FAILED } from '../../support/why-bed.ts';

/** The start of a deployment. */
export const start = `Deploying release ${FAILED}
Cloning into '/home/deploynix/shop.example.com/releases/${FAILED}'...
HEAD is now at b085a9d Queue the invoice mails
`;
/** Composer that succeeds. */
export const composer = `Installing dependencies from lock file
Verifying lock file contents can be installed on current platform.
Package operations: 3 installs, 0 updates, 0 removals
  - Downloading laravel/framework (v12.38.1)
  - Installing symfony/error-handler (v7.3.4): Extracting archive
  - Installing nunomaduro/collision (v8.8.2): Extracting archive
  - Installing laravel/framework (v12.38.1): Extracting archive
Package swiftmailer/swiftmailer is abandoned, you should avoid using it. Use symfony/mailer instead.
Generating optimized autoload files
Class App\\Support\\helpers located in ./app/Support/helper.php does not comply with psr-4 autoloading standard (rule: App\\ => ./app). Skipping.
> Illuminate\\Foundation\\ComposerScripts::postAutoloadDump
> @php artisan package:discover --ansi

   INFO  Discovering packages.  

  laravel/sanctum ....................................................... DONE
  nunomaduro/collision .................................................. DONE

84 packages you are using are looking for funding.
Use the \`composer fund\` command to find out more!
`;
/** npm and Vite that succeed, with warnings. */
export const npm = `npm warn deprecated inflight@1.0.6: This module is not supported, and leaks memory. Do not use it.
npm warn deprecated glob@7.2.3: Glob versions prior to v9 are no longer supported
npm warn EBADENGINE Unsupported engine {
npm warn EBADENGINE   package: 'vite@7.1.2',
npm warn EBADENGINE   required: { node: '^20.19.0 || >=22.12.0' },
npm warn EBADENGINE   current: { node: 'v20.18.1', npm: '10.8.2' }
npm warn EBADENGINE }

added 312 packages, and audited 313 packages in 9s

2 moderate severity vulnerabilities

Run \`npm audit\` for details.

> build
> vite build

vite v6.3.5 building for production...
transforming...
✓ 512 modules transformed.
(!) Some chunks are larger than 500 kB after minification. Consider:
- Using dynamic import() to code-split the application
✓ built in 3.21s
`;
/** Artisan that succeeds. */
export const artisan = `
   INFO  Caching framework bootstrap, configuration, and metadata.  

  config ......................................................... 14.51ms DONE
  events .......................................................... 1.29ms DONE
  routes ......................................................... 18.18ms DONE
  views ......................................................... 104.78ms DONE

`;
/** All of it. */
export const good = start + composer + npm + artisan;
const end = `Deployment failed. Exit code: 1\n`;

/** A deployment that failed. */
export const log = (text: string): string => `${text}${end}`;

/** A migration that failed, as Laravel prints it with Collision. */
export const migration = (
  message: string,
  sql = 'create table `orders` (`id` bigint unsigned not null auto_increment primary key)',
  connection = 'mysql',
) =>
  log(`${good}
   INFO  Running migrations.  

  2026_11_25_080000_create_orders_table ......................... 12.51ms FAIL

   Illuminate\\Database\\QueryException 

  ${message} (Connection: ${connection}, SQL: ${sql})

  at vendor/laravel/framework/src/Illuminate/Database/Connection.php:824
    820▕                     $this->getName(), $query, $this->prepareBindings($bindings), $e
    821▕                 );
    822▕             }
    823▕ 
  ➜ 824▕             throw new QueryException(
    825▕                 $this->getName(), $query, $this->prepareBindings($bindings), $e
    826▕             );
    827▕         }
    828▕     }

      +9 vendor frames 

  10  database/migrations/2026_11_25_080000_create_orders_table.php:14
      Illuminate\\Support\\Facades\\Facade::__callStatic("create")
      +26 vendor frames 

`);
