/** Numbers that look random and are the same again for the same seed. */
export interface Random {
  /** At least 0, less than `limit`. */
  integer(limit: number): number;
  bytes(length: number): Uint8Array;
}

/** @see https://en.wikipedia.org/wiki/Xorshift */
export function randomFrom(seed: number): Random {
  let state = seed | 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  return {
    integer: (limit) => next() % limit,
    bytes(length) {
      const words = new Uint32Array(Math.ceil(length / 4));
      for (let at = 0; at < words.length; at++) words[at] = next();
      return new Uint8Array(words.buffer, 0, length);
    },
  };
}
