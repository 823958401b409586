import { composer, good, log, migration, start } from './log.ts';

/** Deployments that fail for a migration or a database, and the cause. */
export const database: readonly (readonly [name: string, cause: string, log: string])[] = [
  [
    'a table that exists, on PostgreSQL',
    'migration_table_exists',
    migration(
      'SQLSTATE[42P07]: Duplicate table: 7 ERROR:  relation "orders" already exists',
      'create table "orders" ("id" bigserial not null primary key)',
      'pgsql',
    ),
  ],
  [
    'a schema that the user may not write, on PostgreSQL',
    'database_privilege',
    migration(
      'SQLSTATE[42501]: Insufficient privilege: 7 ERROR:  permission denied for schema public\nLINE 1: create table "migrations" ("id" serial not null primary key,...',
      'create table "migrations" ("id" serial)',
      'pgsql',
    ),
  ],
  [
    'a foreign key, on MariaDB',
    'migration_foreign_key',
    migration(
      'SQLSTATE[HY000]: General error: 1005 Can\'t create table `shop`.`order_items` (errno: 150 "Foreign key constraint is incorrectly formed")',
    ),
  ],
  [
    'a query in a provider',
    'database_refused',
    log(`${start}${composer.replace(/\n {3}INFO[\s\S]*/, '')}
In Connection.php line 824:

  SQLSTATE[HY000] [2002] Connection refused (Connection: mysql, SQL: select * from \`settings\`)  


In Connector.php line 66:

  SQLSTATE[HY000] [2002] Connection refused  


Script @php artisan package:discover --ansi handling the post-autoload-dump event returned with error code 1
`),
  ],
  [
    'PostgreSQL that refuses connections',
    'database_refused',
    migration(
      'SQLSTATE[08006] [7] connection to server at "127.0.0.1", port 5432 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?',
      'select exists (select 1 from pg_class c)',
      'pgsql',
    ),
  ],
  [
    'rows that are not unique, on PostgreSQL',
    'migration_data',
    migration(
      'SQLSTATE[23505]: Unique violation: 7 ERROR:  could not create unique index "users_email_unique"\nDETAIL:  Key (email)=(maria@example.org) is duplicated.',
      'alter table "users" add constraint "users_email_unique" unique ("email")',
      'pgsql',
    ),
  ],
  [
    'a value that is too long',
    'migration_data',
    migration(
      "SQLSTATE[22001]: String data, right truncated: 1406 Data too long for column 'status' at row 1",
      'update `orders` set `status` = awaiting_payment',
    ),
  ],
  [
    'a privilege that the user lacks',
    'migration_failed',
    migration(
      'SQLSTATE[HY000]: General error: 1419 You do not have the SUPER privilege and binary logging is enabled (you *might* want to use the less safe log_bin_trust_function_creators variable)',
      'CREATE TRIGGER t',
    ),
  ],
  [
    'memory of the database, not of the server',
    'migration_failed',
    migration(
      'SQLSTATE[HY001]: Memory allocation error: 1038 Out of sort memory, consider increasing server sort buffer size',
      'select * from `orders` order by `payload`',
    ),
  ],
  [
    'Redis that refuses connections',
    'redis_refused',
    log(`${good}
   RedisException 

  Connection refused

  at vendor/laravel/framework/src/Illuminate/Redis/Connectors/PhpRedisConnector.php:178
    174▕         } else {
  ➜ 178▕         $client->{$persistent ? 'pconnect' : 'connect'}(...$parameters);
`),
  ],
  [
    'a key that is too long, after a warning about Node',
    'migration_key_length',
    migration(
      'SQLSTATE[42000]: Syntax error or access violation: 1071 Specified key was too long; max key length is 1000 bytes',
      'alter table `users` add unique `users_email_unique`(`email`)',
    ),
  ],
  [
    'a missing database, after a link that exists',
    'database_missing',
    log(`${good}   ERROR  The [public/storage] link already exists.  

In Connector.php line 66:

  SQLSTATE[HY000] [1049] Unknown database 'shop'  

`),
  ],
  [
    'a host that the database blocks',
    'migration_failed',
    migration(
      "SQLSTATE[HY000] [1129] Host '10.0.0.4' is blocked because of many connection errors; unblock with 'mariadb-admin flush-hosts'",
      'select 1',
    ),
  ],
];
