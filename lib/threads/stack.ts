/**
 * The end of the stack, told before a section that it must not cut off in the middle.
 *
 * For any thread. Where a section has called for stack first, an exception for want of it comes from there, with
 * nothing begun: so no call of the system fails unheard, and no verb throws of what has happened.
 */

/** For a call of the system, and what tells of its failure. In words; all are twice what was measured. */
export const FOR_CALL: readonly number[] = new Array(512).fill(0)
/** For the rest of a commit, its wait for the disk included. */
export const FOR_COMMIT: readonly number[] = new Array(1024).fill(0)
/** For sealing, and where functions run for the first time: compiling them takes stack, too. */
export const FOR_SEALING: readonly number[] = new Array(8192).fill(0)

const nothing = (): void => {}

/** @throws RangeError where the stack has less room, as any call does where there is none */
export function callForStack(room: readonly number[]): void {
  // Arguments lie on the stack, however the function was compiled.
  Reflect.apply(nothing, undefined, room)
}
