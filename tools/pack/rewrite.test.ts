import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PackError } from './error.ts';
import { importedPaths, startedSources, withoutSourceNames } from './rewrite.ts';

describe('names of sources', () => {
  it('become names of JavaScript in declarations, wherever a module is named', () => {
    const text = [
      "import type { A } from './a.ts';",
      'export { B } from "../b/b.ts";',
      "export * from './c.ts';",
      "export declare const d: import('./d.ts').D;",
      "declare module '@sero/crypto' {}",
    ].join('\n');
    const changed = withoutSourceNames(text, 'x.d.ts');
    assert.equal(changed, text.replaceAll(/\.ts(['"])/g, '.js$1'));
    assert.deepEqual(importedPaths(changed, 'x.d.ts'), ['./a.js', '../b/b.js', './c.js', './d.js']);
  });

  it('become names of JavaScript where threads are started', () => {
    const text = "new Worker(new URL('./worker.ts', import.meta.url), { execArgv: [] }); f(`./a.js`);";
    assert.deepEqual(startedSources(text, 'x.ts'), ['./worker.ts']);
    assert.equal(withoutSourceNames(text, 'x.js'), text.replace('worker.ts', 'worker.js'));
  });

  it('are refused anywhere else, since what they mean is not known', () => {
    for (const text of [
      "const name = './worker.ts'; new Worker(new URL(name, import.meta.url));",
      "new URL('./worker.ts', base);",
      "join(here, '../worker.ts');",
    ]) {
      assert.deepEqual(startedSources(text, 'x.ts'), []);
      assert.throws(() => withoutSourceNames(text, 'x.js'), PackError, text);
    }
  });

  it('are left alone in comments, in prose and in declarations of the platform', () => {
    const text = "// './worker.ts'\nimport './platform.d.ts'; say('see ./worker.ts for more');";
    assert.equal(withoutSourceNames(text, 'x.js'), text);
  });
});
