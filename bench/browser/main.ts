// Proofs in a headless Chromium, a line of JSON a figure:  node bench/browser/main.ts KEY.zkey WITNESS.wtns [threads]

import { readFile } from 'node:fs/promises';
import { browserFigures } from './figures.ts';

const [zkey, wtns, threads = '2'] = process.argv.slice(2);
if (zkey === undefined || wtns === undefined) {
  console.error('usage: node bench/browser/main.ts KEY.zkey WITNESS.wtns [threads]');
  process.exit(2);
}
const figures = await browserFigures(await readFile(zkey), await readFile(wtns), Number(threads));
if (figures.length === 0) console.error('there is no Chromium here: apt-get install chromium');
for (const figure of figures) console.log(JSON.stringify(figure));
