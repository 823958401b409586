import { DnxError, isError } from '../../src/base/errors.ts';
import { osKeychain } from '../../src/machine/credentials/keychain.ts';
import type { Clock } from '../../src/machine/world.ts';

// A separate process around the keychain. Its argument is a list of operations in JSON: `["read", ACCOUNT]`, `["write", ACCOUNT, SECRET]` or
// `["remove", ACCOUNT]`; it prints a line of JSON for each. With ATTENDED, a person can unlock the keyring; the driver writes to stderr when
// it waits for that.

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

const perform = async ([operation, account = '', secret = '']: readonly string[]): Promise<object> => {
  const keychain = osKeychain({ env: process.env, platform: process.platform, clock, signal: interrupt.signal });
  const attended = process.env.ATTENDED ? { waiting: () => void process.stderr.write('waiting\n') } : undefined;
  try {
    const value =
      operation === 'write'
        ? await keychain.write(account, secret, attended)
        : operation === 'remove'
          ? await keychain.remove(account, attended)
          : await keychain.read(account, attended);
    return { exitCode: 0, value: value ?? null };
  } catch (error) {
    if (!isError(error)) {
      throw error;
    }
    return { exitCode: error.exitCode, code: error.code, message: error.message, hint: error.hint };
  }
};

const main = async (operations: readonly (readonly string[])[]): Promise<void> => {
  for (const operation of operations) {
    const start = performance.now();
    const answer = await perform(operation);
    process.stdout.write(`${JSON.stringify({ ...answer, ms: performance.now() - start })}\n`);
  }
};

void main(JSON.parse(process.argv[2] ?? '')).then(() => process.exit());
