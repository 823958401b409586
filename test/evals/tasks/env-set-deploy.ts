import { task, variablesIn } from '../task.ts';

export default task({
  outright: 'Set LOG_LEVEL of blog.example.com to debug, and deploy it.',
  loose: 'I need debug logs of the blog, live',
  end: {
    changes: ['POST /servers/web-1/sites/blog.example.com/environment-variables', 'POST /servers/web-1/sites/blog.example.com/deploy'],
    holds: (state) => variablesIn(state, 'blog.example.com').LOG_LEVEL === 'debug',
  },
  async solve(dnx) {
    await dnx('env set blog.example.com LOG_LEVEL=debug');
    await dnx('deploy blog.example.com', { wait: 'watch blog.example.com' });
  },
});
