/** A time of its own for each frame, as encoders need, where a source shows several at one: pure. */

/**
 * The times that a segment's frames have in its chunk: each its own, one tick past the frame before where that one has
 * it already. Frames stay before `endTicks`, for which those at the end move forward where there is no other room.
 *
 * @param shownTicks In display order.
 * @returns Undefined if there are more frames than ticks before `endTicks`.
 */
export function distinctTicks(shownTicks: Float64Array, endTicks = Infinity): Float64Array | undefined {
  const distinct = Float64Array.from(shownTicks);
  for (let i = 1; i < distinct.length; i++) distinct[i] = Math.max(distinct[i]!, distinct[i - 1]! + 1);
  let next = endTicks;
  for (let i = distinct.length - 1; i >= 0 && distinct[i]! >= next; i--) next = distinct[i] = next - 1;
  // The first frame is where all times are counted from.
  return distinct.length > 0 && distinct[0] !== shownTicks[0] ? undefined : distinct;
}
