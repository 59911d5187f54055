import { portableEd25519 } from './ed25519.ts';
import { ed25519Compliance } from './ed25519-test-support.ts';

ed25519Compliance(portableEd25519);
