import { siteIn, task } from '../task.ts';

export default task({
  outright: 'Schedule a deployment of blog.example.com in 90 minutes.',
  loose: 'Deploy the blog when the meeting is over, in an hour and a half',
  end: {
    changes: ['POST /servers/web-1/sites/blog.example.com/schedule-deploy'],
    holds: (state) => siteIn(state, 'blog.example.com').scheduled_deploy_at !== null,
  },
  solve: (dnx) => dnx('site schedule blog.example.com --in 90m'),
});
