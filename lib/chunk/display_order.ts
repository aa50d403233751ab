/** Decode order against display order. */

/**
 * For each packet in decode order, how many are shown before it. Packets of the same time keep their order.
 *
 * @param times Presentation times in decode order, in any unit.
 */
export function displayRanks(times: ArrayLike<number>): Uint32Array {
  const order = Uint32Array.from({ length: times.length }, (_, index) => index);
  order.sort((a, b) => times[a]! - times[b]! || a - b);
  const ranks = new Uint32Array(times.length);
  order.forEach((packet, rank) => ranks[packet] = rank);
  return ranks;
}
