import { siteIn, task } from '../task.ts';

export default task({
  outright: 'Take back the last change that dnx made from this machine.',
  loose: 'oops, that was the wrong site. take it back',
  before: ['site suspend blog.example.com --yes'],
  // Over MCP, a change is taken back like any other.
  mcp: false,
  end: {
    changes: ['POST /servers/web-1/sites/blog.example.com/resume'],
    holds: (state) => siteIn(state, 'blog.example.com').status === 'active',
  },
  async solve(dnx) {
    await dnx('history --json --limit 1');
    await dnx('undo --yes');
  },
});
