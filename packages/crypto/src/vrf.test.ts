import { portableVrf } from './vrf.ts';
import { vrfCompliance } from './vrf-test-support.ts';

vrfCompliance(portableVrf);
