import { AGO, FAILED, stamp } from '../../support/why-bed.ts';
import { type Known, logged } from './known.ts';

/** What Laravel 11 prints with Collision. */
const migrating = (name: string, message: string): string => `Deploying release ${FAILED}
Generating optimized autoload files
   INFO  Running migrations.

  ${name} ${'.'.repeat(40)} 14.61ms FAIL

   Illuminate\\Database\\QueryException

  ${message}

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

  10  database/migrations/${name}.php:14
      Illuminate\\Support\\Facades\\Facade::__callStatic("create")
`;

/** What Symfony prints without Collision: broken at 80 columns. */
const block = (message: string): string => {
  const pieces = message.match(/.{1,76}/g) ?? [];
  return [`In Connection.php line 829:`, ' '.repeat(80), ...pieces.map((piece) => `  ${piece.padEnd(76)}  `), ' '.repeat(80), ''].join(
    '\n',
  );
};

const exists = `SQLSTATE[42S01]: Base table or view already exists: 1050 Table 'subscription_invoices' already exists (Connection: mysql, SQL: create table \`subscription_invoices\` (\`id\` bigint unsigned not null auto_increment primary key) default character set utf8mb4 collate 'utf8mb4_unicode_ci')`;

const denied = (
  at: string,
): string => `[${at}] production.ERROR: SQLSTATE[HY000] [1045] Access denied for user 'shop'@'localhost' (using password: YES) (Connection: mysql, SQL: select * from \`sessions\` where \`id\` = 3fQ9mKc limit 1) {"exception":"[object] (Illuminate\\\\Database\\\\QueryException(code: 1045): SQLSTATE[HY000] [1045] Access denied for user 'shop'@'localhost' (using password: YES)
[stacktrace]
#0 /home/deploynix/shop/vendor/laravel/framework/src/Illuminate/Database/Connection.php(779): Illuminate\\\\Database\\\\Connection->runQueryCallback()
"}
`;

/** Failures of migrations and databases. */
export const database: readonly Known[] = [
  {
    name: 'a table that exists',
    state: logged(migrating('2026_11_20_120000_create_subscription_invoices_table', exists)),
    cause: 'migration_table_exists',
    title: 'creates the table subscription_invoices',
    line: "1050 Table 'subscription_invoices' already exists",
    fix: 'mark it as run',
  },
  {
    name: 'the same, in a block that is broken at 80 columns',
    state: logged(`Deploying release ${FAILED}\n${block(exists)}`),
    cause: 'migration_table_exists',
    title: 'creates the table subscription_invoices',
    line: "1050 Table 'subscription_invoices' already exists",
    fix: 'mark it as run',
  },
  {
    name: 'a column that exists, on PostgreSQL',
    state: logged(
      migrating(
        '2026_11_20_120000_add_vat_to_orders',
        'SQLSTATE[42701]: Duplicate column: 7 ERROR:  column "vat" of relation "orders" already exists (Connection: pgsql, SQL: alter table "orders" add column "vat" integer null)',
      ),
    ),
    cause: 'migration_column_exists',
    title: 'adds the column vat',
    line: 'column "vat" of relation "orders" already exists',
    fix: 'Schema::hasColumn',
  },
  {
    name: 'a foreign key of another type',
    state: logged(
      migrating(
        '2026_11_20_120000_create_items_table',
        "SQLSTATE[HY000]: General error: 3780 Referencing column 'order_id' and referenced column 'id' in foreign key constraint 'items_order_id_foreign' are incompatible. (Connection: mysql, SQL: alter table `items` add constraint `items_order_id_foreign` foreign key (`order_id`) references `orders` (`id`))",
      ),
    ),
    cause: 'migration_foreign_key',
    title: 'foreign key',
    line: "3780 Referencing column 'order_id'",
    fix: 'same type',
  },
  {
    name: 'rows that do not fit a unique index',
    state: logged(
      migrating(
        '2026_11_20_120000_make_email_unique',
        "SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry 'ada@example.com' for key 'users.users_email_unique' (Connection: mysql, SQL: alter table `users` add unique `users_email_unique`(`email`))",
      ),
    ),
    cause: 'migration_data',
    title: 'data does not fit',
    line: "1062 Duplicate entry '***' for key",
    fix: 'Change the data',
  },
  {
    name: 'migrations that ask',
    state: logged(`Deploying release ${FAILED}

   WARN  Application In Production.

 ┌ Are you sure you want to run this command? ──────────────────┐
 │ No                                                           │
 └──────────────────────────────────────────────────────────────┘

   WARN  Command cancelled.
`),
    cause: 'migration_confirmation',
    title: 'asked for a confirmation',
    line: 'Are you sure you want to run this command?',
    fix: '--force',
  },
  {
    name: 'a database that refuses connections',
    state: logged(
      migrating(
        '2026_11_20_120000_x',
        'SQLSTATE[HY000] [2002] Connection refused (Connection: mysql, SQL: select exists (select 1 from information_schema.tables) as `exists`)',
      ),
    ),
    cause: 'database_refused',
    title: 'does not accept connections',
    line: 'SQLSTATE[HY000] [2002] Connection refused',
    fix: 'systemctl status mysql',
  },
  {
    name: 'a wrong password of the database, only in the log of Laravel',
    state: {
      files: {
        'logs/deploy.log': `Deploying release ${FAILED}\nRunning the deploy script\n`,
        'shared/storage/logs/laravel.log': { content: () => denied(stamp()), ago: AGO - 30_000 },
      },
    },
    cause: 'database_denied',
    title: 'refuses the user or password',
    line: "[1045] Access denied for user 'shop'@'localhost' (using password: YES)",
    fix: 'dnx env list',
  },
  {
    name: 'the same, in the time zone of the application',
    state: {
      files: {
        'logs/deploy.log': `Deploying release ${FAILED}\nRunning the deploy script\n`,
        'shared/storage/logs/laravel.log': { content: () => denied(stamp(AGO - 30_000 - 9.5 * 3_600_000)), ago: AGO - 30_000 },
      },
    },
    cause: 'database_denied',
    title: 'refuses the user or password',
    line: '[1045] Access denied for user',
    fix: 'dnx env list',
  },
  {
    name: 'the same, shortly before midnight, in a daily log that is no longer the newest',
    state: {
      files: {
        'logs/deploy.log': `Deploying release ${FAILED}\nRunning the deploy script\n`,
        'shared/storage/logs/laravel-2026-11-24.log': { content: () => denied(stamp()), ago: AGO - 30_000 },
        'shared/storage/logs/laravel-2026-11-25.log': { content: () => `[${stamp(10_000)}] production.INFO: Sent 3 mails\n`, ago: 10_000 },
      },
    },
    cause: 'database_denied',
    title: 'refuses the user or password',
    line: '[1045] Access denied for user',
    fix: 'dnx env list',
  },
  {
    name: 'a missing database, on PostgreSQL',
    state: logged(
      migrating(
        '2026_11_20_120000_x',
        'SQLSTATE[08006] [7] connection to server at "127.0.0.1", port 5432 failed: FATAL:  database "shop" does not exist (Connection: pgsql, SQL: select 1)',
      ),
    ),
    cause: 'database_missing',
    title: 'The database shop does not exist',
    line: 'database "shop" does not exist',
    fix: 'dnx database create shop',
  },
  {
    name: 'Redis that refuses connections',
    state: logged(
      `Deploying release ${FAILED}\n> php artisan cache:clear\n\n   RedisException\n\n  Connection refused\n\nPredis\\Connection\\ConnectionException: Connection refused [tcp://127.0.0.1:6379]\n`,
    ),
    cause: 'redis_refused',
    title: 'Redis does not accept connections',
    line: 'Connection refused',
    fix: 'redis-server',
  },
];
