import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import type { FunctionDefinition } from '@actions/expressions/funcs/info';

/** What an expression can name: `github`, `steps`, … */
export type Context = Readonly<Record<string, unknown>>;

/** The functions of a condition that GitHub's own library leaves to the runner. */
export interface Status {
  readonly failed: boolean;
  /** Whether a file of the workspace exists. */
  readonly exists: (file: string) => boolean;
}

/** Fills the expressions of a text. Secrets and outputs that do not exist are empty. */
export const fill = (text: unknown, context: Context): string =>
  String(text).replace(/\$\{\{(.*?)\}\}/gs, (_, expression: string) => evaluate(expression, context, []).coerceString());

/** The texts of an object, filled. */
export const filled = (texts: Readonly<Record<string, unknown>> = {}, context: Context): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, fill(text, context)]));

const STATUS = /\b(always|success|failure|cancelled)\(\)/;

/** Whether a job or step runs: unless it asks for the status, only after success. */
export function holds(condition: string | boolean | undefined, context: Context, { failed, exists }: Status): boolean {
  const text = String(condition ?? 'success()').replace(/^\$\{\{|\}\}$/g, '');
  const define = (name: string, value: (...args: readonly string[]) => boolean | string): FunctionDefinition => ({
    name,
    minArgs: 0,
    maxArgs: 255,
    call: (...args) => JSON.parse(JSON.stringify(value(...args.map((each) => each.coerceString()))), data.reviver),
  });
  const result = evaluate(STATUS.test(text) ? text : `success() && (${text})`, context, [
    define('always', () => true),
    define('success', () => !failed),
    define('failure', () => failed),
    define('cancelled', () => false),
    define('hashFiles', (...files) => (files.some(exists) ? 'hash' : '')),
  ]);
  return !['', 'false', '0'].includes(result.coerceString());
}

/** With the parser and evaluator of GitHub. */
function evaluate(expression: string, context: Context, functions: readonly FunctionDefinition[]): data.ExpressionData {
  const { tokens } = new Lexer(expression.trim()).lex();
  const parsed = new Parser(tokens, Object.keys(context), [...functions]).parse();
  const values = JSON.parse(JSON.stringify(context), data.reviver) as data.Dictionary;
  return new Evaluator(parsed, values, new Map(functions.map((each) => [each.name.toLowerCase(), each]))).evaluate();
}
