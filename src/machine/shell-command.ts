import type { Program, World } from './world.ts';

/** A command line of the user as a program: sh, or cmd on Windows, which gets it as it is, in quotes that it removes. */
export const shellCommand = (command: string, { platform }: Pick<World, 'platform'>): Omit<Program, 'env' | 'cwd'> =>
  platform === 'win32' ? { file: 'cmd', args: ['/d', '/s', '/c', `"${command}"`], verbatim: true } : { file: 'sh', args: ['-c', command] };
