/** Lets other work of this thread run, in every JavaScript engine. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
