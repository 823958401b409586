import { tokenFingerprint } from '../../machine/credentials/fingerprint.ts';

/** The last line of a script. It shows whether a file is as dnx wrote it. */
const LINE = /\n# dnx ([\da-f]{14})\n$/;

/** A script with its checksum. */
export const withChecksum = (script: string): string => `${script}\n# dnx ${tokenFingerprint(script, 'completion')}\n`;

/** True for a script as some version of dnx wrote it. */
export function isUnchanged(text: string): boolean {
  const [line = '', sum] = LINE.exec(text) ?? [];
  return line !== '' && sum === tokenFingerprint(text.slice(0, -line.length), 'completion');
}
