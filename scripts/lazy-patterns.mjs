import { parseSync, Visitor } from 'rolldown/utils';

/**
 * A rolldown plugin: a pattern of Unicode properties inside a function is built when it is used. As a literal, Node builds it each time that it
 * parses the file, which takes as long as parsing 10 kB.
 */
export const lazyPatterns = () => ({
  name: 'lazy-patterns',
  renderChunk(code) {
    const found = [];
    let depth = 0;
    const enter = () => depth++;
    const leave = () => depth--;
    const functions = ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'];
    const visitor = new Visitor({
      ...Object.fromEntries(
        functions.flatMap((type) => [
          [type, enter],
          [`${type}:exit`, leave],
        ]),
      ),
      Literal(node) {
        if (depth > 0 && node.regex?.flags.includes('u') && /\\p\{/i.test(node.regex.pattern)) found.push(node);
      },
    });
    visitor.visit(parseSync('chunk.js', code).program);
    // From the end, so that positions stay right. Lines stay, so source maps do too.
    const lazy = found.reverse().reduce((text, { start, end, regex }) => {
      const call = `RegExp(${JSON.stringify(regex.pattern)}, ${JSON.stringify(regex.flags)})`;
      return text.slice(0, start) + call + text.slice(end);
    }, code);
    return { code: lazy, map: null };
  },
});
