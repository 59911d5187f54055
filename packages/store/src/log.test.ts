import { logCompliance } from './compliance.ts';
import { memoryLog } from './log.ts';

logCompliance('memoryLog', memoryLog);
