/** Frames of one chunk back to where they stand in the source, behind frames of the next: pure. */

/**
 * A chunk cut from an open group ends with a copy of the next chunk's first frames, among which stand the last of
 * its own. The copies are left out, and each of those own frames waits until as many frames of the next chunk have
 * passed as there were copies before it.
 */
export class LeadOut<Frame> {
  /** Of the chunk before, in decode order. */
  #waiting: { readonly frame: Frame; readonly behind: number }[] = [];

  /** The frames of the next chunk in decode order, undefined for each that is a copy, to the source's order. */
  async *reordered(chunk: AsyncIterable<Frame | undefined>): AsyncGenerator<Frame, void, undefined> {
    const waitingNow = this.#waiting;
    this.#waiting = [];
    let copies = 0;
    let passed = 0;
    for await (const frame of chunk) {
      if (frame === undefined) copies++;
      else if (copies > 0) this.#waiting.push({ frame, behind: copies });
      else {
        yield frame;
        passed++;
        while (waitingNow[0] && waitingNow[0].behind <= passed) yield waitingNow.shift()!.frame;
      }
    }
    for (const { frame } of waitingNow) yield frame;
  }
}
