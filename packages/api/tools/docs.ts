// Writes docs/rpc.md anew from the declarations of the methods.

import { writeFileSync } from 'node:fs';
import { rpcPage } from './page.ts';

writeFileSync(new URL('../../../docs/rpc.md', import.meta.url), rpcPage());
