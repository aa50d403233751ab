import { assertEquals, assertThrows } from "@std/assert";
import {
  checkPicture,
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
  { frameRate: { num: 30_000, den: 1_001 } },
  { frameRate: { num: 1, den: 10 } },
  { frameRate: { num: 1_000, den: 1 } },
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
  ["width", { width: 8_194, height: 8_192 }],
  ["height", { codec: "av1", height: 8_706 }],
  ["height", { height: 100.5 }],
  ["threads", { threads: 0 }],
  ["threads", { threads: 65 }],
  ["frame_rate", { frameRate: { num: 0, den: 1 } }],
  ["frame_rate", { frameRate: { num: 24, den: 0 } }],
  ["frame_rate", { frameRate: { num: -24, den: -1 } }],
  ["frame_rate", { frameRate: { num: 29.97, den: 1 } }],
  ["frame_rate", { frameRate: { num: 1_001, den: 1 } }],
  ["frame_rate", { frameRate: { num: 1, den: 11 } }],
  ["frame_rate", { frameRate: { num: 1_000_001, den: 1_001 } }],
];
for (const [setting, change] of REFUSED) {
  Deno.test(`checkSettings() refuses ${JSON.stringify(change)} and names ${setting}`, () => {
    const check = () => checkSettings({ ...DEFAULT_SETTINGS, ...change });
    const error = assertThrows(check, InvalidSettingError);
    assertEquals((error as InvalidSettingError).setting, setting);
  });
}

const PICTURES: [source: string, change: Partial<EncodeSettings>, says: string | undefined][] = [
  ["1920x1080", {}, undefined],
  ["1920x1080", { codec: "av1", height: 64 }, undefined],
  ["1920x40", { width: 100 }, "100x2 as h264: its height must be from 16 to 16384"],
  ["8x8", {}, "8x8 as h264: its width must be from 16"],
  ["1080x1920", { codec: "av1", height: 8_800 }, "4950x8800 as av1: its height must be from 16 to 8704"],
  ["1920x1080", { height: 6_000 }, undefined],
  ["1920x1080", { height: 16_384 }, "29127x16384 as h264: its width must be from 16 to 16384"],
  ["1000x900", { width: 9_000 }, "9000x8100: they may have 67108864 pixels in all"],
];
for (const [source, change, says] of PICTURES) {
  Deno.test(`checkPicture() ${says ? "refuses" : "takes"} ${JSON.stringify(change)} of ${source}`, () => {
    const [width = 0, height = 0] = source.split("x").map(Number);
    const check = () => checkPicture({ ...DEFAULT_SETTINGS, ...change }, { width, height });
    if (says === undefined) check();
    else assertThrows(check, InvalidSettingError, says);
  });
}
