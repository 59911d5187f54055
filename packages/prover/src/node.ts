export { type OpenBackendOptions, openBackend } from './open-backend.ts';
