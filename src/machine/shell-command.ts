import type { Program, World } from './world.ts';

/** Runs a command line of the user in sh, or in cmd on Windows. cmd removes the outer quotes and reads the rest as typed. */
export const shellCommand = (command: string, { platform }: Pick<World, 'platform'>): Omit<Program, 'env' | 'cwd'> =>
  platform === 'win32' ? { file: 'cmd', args: ['/d', '/s', '/c', `"${command}"`], verbatim: true } : { file: 'sh', args: ['-c', command] };
