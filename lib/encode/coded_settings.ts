/** Settings of pictures as people see them, for pictures as they are coded: pure. */
import type { EncodeSettings } from "./settings.ts";

/**
 * What an encoder is told of settings that were asked for: those whose pictures a player turns by a quarter are coded
 * lying, and have their sides swapped.
 *
 * @param video Of the source; its degrees, by which the output's pictures are turned as well.
 */
export function codedSettings<S extends Pick<EncodeSettings, "width" | "height">>(
  settings: S,
  { rotation }: { readonly rotation: number },
): S {
  return rotation % 180 === 0 ? settings : { ...settings, width: settings.height, height: settings.width };
}
