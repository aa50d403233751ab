/** Every test file there is. */
import { AUDIO_CASES } from "./audio_cases.ts";
import { CODEC_CASES } from "./codec_cases.ts";
import { CONTAINER_CASES } from "./container_cases.ts";
import { EXTRA_CASES } from "./extra_cases.ts";
import { GOP_CASES } from "./gop_cases.ts";
import type { MediaCase } from "./media_case.ts";
import { PICTURE_CASES } from "./picture_cases.ts";
import { TIME_CASES } from "./time_cases.ts";

export const MEDIA_CASES: readonly MediaCase[] = [
  ...CONTAINER_CASES,
  ...CODEC_CASES,
  ...GOP_CASES,
  ...TIME_CASES,
  ...PICTURE_CASES,
  ...AUDIO_CASES,
  ...EXTRA_CASES,
];
