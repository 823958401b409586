import { left, type Terminal } from './questions.ts';

const ENTER = ['\r', '\n'];
/** Ctrl-C and Ctrl-D, which arrive as keys in raw mode. */
const LEAVE = ['\u0003', '\u0004'];
const BACK = ['\u007f', '\b'];

/** Reads a line without showing it. */
export function secretFrom({ input, output, signal }: Terminal, prompt: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed = '';
    const end = (then: () => void) => {
      input.off('data', read);
      signal.removeEventListener('abort', leave);
      input.setRawMode?.(false);
      input.pause();
      output.write('\n');
      then();
    };
    const leave = () => end(() => reject(left()));
    const read = (chunk: unknown) => {
      for (const key of String(chunk)) {
        if (ENTER.includes(key)) return end(() => resolve(typed));
        if (LEAVE.includes(key)) return leave();
        typed = BACK.includes(key) ? typed.slice(0, -1) : typed + key;
      }
    };
    // Before the prompt, so that early input is not echoed.
    input.setRawMode?.(true);
    input.on('data', read);
    // A previous prompt has paused it.
    input.resume();
    signal.addEventListener('abort', leave);
    output.write(prompt);
  });
}
