import { assertEquals, assertThrows } from "@std/assert";
import {
  checkSettings,
  DEFAULT_SETTINGS,
  type EncodeSettings,
  InvalidSettingError,
} from "../../lib/encode/settings.ts";

const bitrate = (bitsPerSecond: number) => ({ rate: { kind: "bitrate", bitsPerSecond } as const });
const crf = (crf: number) => ({ rate: { kind: "crf", crf } as const });

const TAKEN: Partial<EncodeSettings>[] = [
  {},
  crf(0),
  crf(51),
  crf(22.5),
  bitrate(1_000),
  { width: 16 },
  { height: 16_384 },
  { threads: 64 },
];
for (const change of TAKEN) {
  Deno.test(`checkSettings() takes ${JSON.stringify(change)}`, () => {
    checkSettings({ ...DEFAULT_SETTINGS, ...change });
  });
}

const REFUSED: [setting: string, change: Partial<EncodeSettings>][] = [
  ["crf", crf(-1)],
  ["crf", crf(51.5)],
  ["crf", crf(NaN)],
  ["bitrate", bitrate(999)],
  ["bitrate", bitrate(1_000.5)],
  ["width", { width: 15 }],
  ["width", { width: -2 }],
  ["height", { height: 16_385 }],
  ["height", { height: 100.5 }],
  ["threads", { threads: 0 }],
  ["threads", { threads: 65 }],
];
for (const [setting, change] of REFUSED) {
  Deno.test(`checkSettings() refuses ${JSON.stringify(change)} and names ${setting}`, () => {
    const check = () => checkSettings({ ...DEFAULT_SETTINGS, ...change });
    const error = assertThrows(check, InvalidSettingError);
    assertEquals((error as InvalidSettingError).setting, setting);
  });
}
