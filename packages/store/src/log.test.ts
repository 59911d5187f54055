import { memoryLog } from './log.ts';
import { logCompliance } from './log-test-support.ts';

logCompliance('memoryLog', memoryLog);
