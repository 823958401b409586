import { task, variablesIn } from '../task.ts';

export default task({
  outright: 'Add and update the variables of blog.example.com from the file blog.env. Remove none.',
  loose: 'the blog needs what is in blog.env',
  files: { 'blog.env': 'APP_ENV=production\nAPP_DEBUG=false\nLOG_LEVEL=warning\n' },
  end: {
    changes: ['POST /servers/web-1/sites/blog.example.com/environment-variables'],
    holds: (state) => {
      const { LOG_LEVEL, DB_PASSWORD } = variablesIn(state, 'blog.example.com');
      return LOG_LEVEL === 'warning' && DB_PASSWORD === 'blog-password';
    },
  },
  solve: (dnx) => dnx('env push blog.example.com blog.env --yes'),
});
