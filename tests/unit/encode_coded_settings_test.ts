import { assertEquals } from "@std/assert";
import { codedSettings } from "../../lib/encode/coded_settings.ts";
import { DEFAULT_SETTINGS } from "../../lib/encode/settings.ts";

for (const [rotation, width, height] of [[0, 0, 160], [90, 160, 0], [180, 0, 160], [270, 160, 0]] as const) {
  Deno.test(`codedSettings() of a height of 160 are ${width}x${height} where pictures are turned by ${rotation} degrees`, () => {
    const asked = { ...DEFAULT_SETTINGS, height: 160 };
    assertEquals(codedSettings(asked, { rotation }), { ...DEFAULT_SETTINGS, width, height });
  });
}
