import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const FPM = '/usr/sbin/php-fpm8.4';

/** A PHP-FPM with a static pool, configured where servers have it. */
export async function openFpm(children: number) {
  const directory = mkdtempSync('/tmp/dnx-fpm-');
  chmodSync(directory, 0o755);
  const pools = `/etc/php/0.${process.pid}`;
  mkdirSync(join(pools, 'fpm/pool.d'), { recursive: true });
  const pool = join(pools, 'fpm/pool.d/shop.conf');
  const socket = join(directory, 'shop.sock');
  writeFileSync(
    pool,
    `; a comment\n[shop]\nuser = www-data\ngroup = www-data\nlisten = ${directory}/$pool.sock ; of the pool\nlisten.mode = 0666\npm = static\npm.max_children = ${children}\n`,
  );
  writeFileSync(join(directory, 'fpm.conf'), `[global]\nerror_log = ${directory}/log\ninclude = ${pool}\n`);
  writeFileSync(join(directory, 'slow.php'), '<?php sleep(60);');
  const program = spawn(FPM, ['-F', '-y', join(directory, 'fpm.conf')], { stdio: 'ignore' });
  while (!existsSync(socket)) await delay(10);
  const requests: Socket[] = [];
  return {
    /** Sends requests that take long, and resolves once the pool has them. */
    async keepBusy(count: number) {
      for (let index = 0; index < count; index++) {
        const request = connect(socket).on('error', () => {});
        requests.push(request);
        await once(request, 'connect');
        request.write(fastCgi(join(directory, 'slow.php')));
      }
      const open = () => execFileSync('ss', ['-xan'], { encoding: 'utf8' }).match(new RegExp(`ESTAB.* ${socket} `, 'g'))?.length ?? 0;
      while (open() < Math.min(count, children)) await delay(10);
    },
    async close() {
      for (const request of requests) request.destroy();
      const exit = once(program, 'exit');
      program.kill('SIGQUIT');
      setTimeout(() => program.kill('SIGTERM'), 50).unref();
      await exit;
      for (const path of [directory, pools]) rmSync(path, { recursive: true, force: true });
    },
  };
}

/** A request for a script, in records of FastCGI. */
function fastCgi(script: string): Buffer {
  const record = (type: number, content: Buffer) =>
    Buffer.concat([Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]), content]);
  const parameters = Object.entries({ SCRIPT_FILENAME: script, REQUEST_METHOD: 'GET' }).map(([name, value]) =>
    Buffer.concat([Buffer.from([name.length, value.length]), Buffer.from(name + value)]),
  );
  return Buffer.concat([
    record(1, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])),
    record(4, Buffer.concat(parameters)),
    record(4, Buffer.alloc(0)),
    record(5, Buffer.alloc(0)),
  ]);
}
