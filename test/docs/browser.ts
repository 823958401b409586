import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { CELL } from './svg.ts';

/** The Debian package and program. */
export const BROWSER = 'chromium-headless-shell';

/** How Chromium draws a picture. */
export interface Drawn {
  /** The texts with a character outside of its column. */
  readonly displaced: readonly string[];
  /** The lowest contrast between a text and the background. */
  readonly contrast: number;
}

/** Draws SVG in Chromium, for a light or a dark page. */
export const drawnByBrowser = (scheme: 'light' | 'dark', pictures: readonly string[]): Promise<readonly Drawn[]> =>
  inBrowser(`${measure}(${JSON.stringify(pictures)}, ${CELL.width})`, { scheme });

/**
 * Evaluates an expression on an empty page of Chromium, which may read the files of a website, and resolves with its value, or what it promises.
 * `isStill`: for who prefers less motion.
 */
export async function inBrowser<Value>(expression: string, { scheme = 'light', site = '', isStill = false } = {}): Promise<Value> {
  const directory = mkdtempSync(join(tmpdir(), 'dnx-browser-'));
  const page = join(directory, 'page.html');
  const script = `const site = ${JSON.stringify(pathToFileURL(site).href)};
    Promise.resolve((${expression})).catch(String).then((value) => {
      const result = document.createElement('pre');
      result.textContent = encodeURIComponent(JSON.stringify(value));
      document.body.replaceChildren(result);
    });`;
  writeFileSync(page, `<body><script>${script.replaceAll('</', '<\\/')}</script>`);
  const mode = `--blink-settings=preferredColorScheme=${scheme === 'dark' ? 0 : 1}`;
  const args = ['--no-sandbox', '--disable-gpu', '--allow-file-access-from-files', '--virtual-time-budget=60000', mode];
  if (isStill) args.push('--force-prefers-reduced-motion');
  try {
    const { stdout } = await execa(BROWSER, [...args, `--user-data-dir=${directory}`, '--dump-dom', pathToFileURL(page).href], {
      env: { HOME: directory },
    });
    return JSON.parse(decodeURIComponent(/<pre>(.*)<\/pre>/.exec(stdout)?.[1] ?? ''));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs in the browser. Contrast is that of WCAG. */
const measure = `((pictures, width) => {
  const luminance = (color) => {
    const linear = (each) => (each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
    const [red, green, blue] = color.match(/[\\d.]+/g).map((each) => linear(each / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
  };
  const isDisplaced = (span) => {
    const start = Number(span.getAttribute('x'));
    const count = span.getNumberOfChars();
    return [...span.textContent].some((_, at) => at >= count || Math.abs(start + at * width - span.getStartPositionOfChar(at).x) > width / 2);
  };
  return pictures.map((picture) => {
    const svg = document.importNode(new DOMParser().parseFromString(picture, 'image/svg+xml').documentElement, true);
    document.body.replaceChildren(svg);
    const background = luminance(getComputedStyle(svg.querySelector('rect')).fill);
    const spans = [...svg.querySelectorAll('tspan')];
    const ratios = spans.map((span) => luminance(getComputedStyle(span).fill) / background);
    return {
      displaced: spans.filter(isDisplaced).map((span) => span.textContent),
      contrast: Math.min(...ratios.map((ratio) => Math.max(ratio, 1 / ratio))),
    };
  });
})`;
