import { releasesIn, task } from '../task.ts';

export default task({
  outright: 'Deploy blog.example.com.',
  loose: 'ship the blog',
  end: {
    changes: ['POST /servers/web-1/sites/blog.example.com/deploy'],
    holds: (state) => releasesIn(state, 'blog.example.com')[0]?.active === true,
  },
  solve: (dnx) => dnx('deploy blog.example.com', { wait: 'watch blog.example.com' }),
});
