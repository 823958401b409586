import type { Topic } from '../../language/topic.ts';
import { examples, joined, listed, type Page, wrapped } from './page.ts';

/** A help topic, as wide as the page. */
export const topicHelp = ({ title, body }: Topic, page: Page): string =>
  joined([
    page.bold(wrapped(title, page.width)),
    ...body.map((block) => {
      if (typeof block === 'string') return wrapped(block, page.width);
      return 'run' in block ? examples(block.run, page) : listed([['', block]], page)[0];
    }),
  ]);
