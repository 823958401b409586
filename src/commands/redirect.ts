import { group } from '../cli/language/command.ts';
import { ensure } from '../cli/language/ensure.ts';
import { assumed, integer, natural, required, suggest, text } from '../cli/language/options.ts';
import { create, list, remove, resource, show, update } from '../cli/language/resource.ts';
import { columns } from '../cli/output/view.ts';

const redirects = resource({
  noun: 'redirect',
  path: '/servers/{server}/sites/{site}/redirects',
  columns: columns({ key: 'from', wrap: true }, { key: 'to', wrap: true }, 'type', { key: 'id', wide: true }),
  example: {
    target: '/sale',
    site: 'shop.example.com',
    create: '/old /new --type 301',
    update: '--to /collections/winter',
    ensure: '/sale /collections/winter',
  },
});

const fields = {
  from: natural(required(assumed(text('Path to redirect', 'path')))),
  to: natural(required(assumed(text('Path or URL to redirect to', 'path|url')))),
  type: suggest(assumed(integer('HTTP status', 'code')), '301', '302'),
};

export default group({
  name: 'redirect',
  commands: [
    list(redirects),
    show(redirects),
    create(redirects, fields),
    ensure(redirects, fields),
    update(redirects, fields),
    remove(redirects),
  ],
});
