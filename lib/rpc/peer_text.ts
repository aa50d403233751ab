/** What a peer says in words, kept short. */

const MAX_CHARACTERS = 500;

/** A text that is kept, logged and shown again and again, on every page each second; it ends in `…` where it is cut. */
export function peerText(text: string): string {
  const characters = [...text.slice(0, 2 * MAX_CHARACTERS + 1)];
  return characters.length > MAX_CHARACTERS ? `${characters.slice(0, MAX_CHARACTERS - 1).join("")}…` : text;
}
