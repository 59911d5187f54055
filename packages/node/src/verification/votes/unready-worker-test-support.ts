/** A thread that never becomes ready: what a program that is not there, or lacks memory, does. */

throw new Error('this thread cannot work');
