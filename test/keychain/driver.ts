import { DnxError, isError } from '../../src/base/errors.ts';
import { osKeychain } from '../../src/machine/credentials/keychain.ts';
import type { Clock } from '../../src/machine/world.ts';

// A separate process around the keychain: `read ACCOUNT`, `write ACCOUNT SECRET` or `remove ACCOUNT`; prints one line of JSON.
// With ATTENDED, a person can unlock the keyring; the driver writes to stderr when it waits for that.

const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort(new DnxError('interrupted', 'Interrupted')));

const clock: Pick<Clock, 'sleep'> = {
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
};

const main = async (operation = '', account = '', secret = ''): Promise<number> => {
  const keychain = osKeychain({ env: process.env, platform: process.platform, clock, signal: interrupt.signal });
  const attended = process.env.ATTENDED ? { waiting: () => void process.stderr.write('waiting\n') } : undefined;
  try {
    const value =
      operation === 'write'
        ? await keychain.write(account, secret, attended)
        : operation === 'remove'
          ? await keychain.remove(account, attended)
          : await keychain.read(account, attended);
    process.stdout.write(`${JSON.stringify({ value: value ?? null })}\n`);
    return 0;
  } catch (error) {
    if (!isError(error)) {
      throw error;
    }
    process.stdout.write(`${JSON.stringify({ code: error.code, message: error.message, hint: error.hint })}\n`);
    return error.exitCode;
  }
};

void main(...process.argv.slice(2)).then((code) => process.exit(code));
