import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PackError } from './error.ts';
import { platformOf } from './platform.ts';

describe('declarations of the platform', () => {
  it('are shipped as names, which stand beside any full declaration', () => {
    const text =
      'declare namespace Web {\n  interface A { readonly a: number }\n  const A: new () => A;\n}\n';
    assert.deepEqual(platformOf(text, 'web.d.ts'), {
      namespaces: ['Web'],
      text: 'declare namespace Web {\n    interface A {}\n}\n',
    });
  });

  it('are refused where they are more than namespaces, whose meaning would be lost', () => {
    for (const text of ['declare const fetch: () => void;', 'interface Window {}', "declare module 'a';"])
      assert.throws(() => platformOf(text, 'web.d.ts'), PackError, text);
  });
});
