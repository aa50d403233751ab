/** What files hold besides video and sound. */
import { extname } from "node:path";
import { AAC, h264, picture, tone } from "./ffmpeg_args.ts";
import { type JoinedFile, type MediaCase, oneRun, type Step, type TextFile } from "./media_case.ts";
import { pgsFile } from "./pgs.ts";
import { compressedTrack } from "./stored_blocks.ts";

const H264_AAC = [...h264(), ...AAC];
const INPUTS = [...picture(), ...tone()];

const SUBTITLES = `1
00:00:00,500 --> 00:00:01,500
Hello

2
00:00:01,800 --> 00:00:02,800
<i>World</i>
`;

const CHAPTERS = `;FFMETADATA1
title=A film
artist=Somebody
date=2020
comment=With = signs and ünïcode
[CHAPTER]
TIMEBASE=1/1000
START=0
END=1500
title=First
[CHAPTER]
TIMEBASE=1/1000
START=1500
END=3000
title=Second
`;

/** A video, its sound, and a track of subtitles in German. */
function subtitled(name: string, file: string, codec: string): MediaCase {
  return {
    name,
    file,
    expect: { frames: 75, notes: [`subtitles (${codec}, deu)`] },
    make: (path) => {
      const text: TextFile = { path: `${path}.srt`, text: SUBTITLES };
      const tracks = ["-map", "0:v", "-map", "1:a", "-map", "2:s", "-metadata:s:s", "language=deu"];
      return [text, [...INPUTS, "-i", text.path, ...tracks, ...H264_AAC, "-c:s", codec, path]];
    },
  };
}

/** In place of a track of text one of what a camera has measured, which ffmpeg does not write. */
function calledTelemetry(bytes: Uint8Array): void {
  for (const [text, telemetry] of [["hdlr\0\0\0\0\0\0\0\0sbtl", "meta"], ["tx3g", "gpmd"]] as const) {
    const sought = new TextEncoder().encode(text);
    const at = bytes.findIndex((_, start) => sought.every((byte, index) => bytes[start + index] === byte));
    if (at < 0) throw new Error("ffmpeg has written another track than it is to become");
    bytes.set(new TextEncoder().encode(telemetry), at + sought.length - telemetry.length);
  }
}

/** A video, its sound, and two subtitles in German that are pictures. */
function withPictures(name: string, file: string, codec: string, join?: JoinedFile["join"]): MediaCase {
  const make = (path: string): readonly Step[] => {
    const [disc, plain] = [`${path}.sup`, `${path}.plain${extname(file)}`];
    const tracks = ["-map", "0:v", "-map", "1:a", "-map", "2:s", "-metadata:s:s", "language=deu"];
    return [
      { path: disc, parts: [], join: () => pgsFile(PICTURES) },
      [...INPUTS, "-fix_sub_duration", "-i", disc, ...tracks, ...H264_AAC, "-c:s", codec, plain],
      { path, parts: [plain], ...(join && { join }) },
    ];
  };
  return { name, file, expect: { frames: 75, notes: [`subtitles (${codec}, deu)`] }, make };
}

const PICTURES = [{ startSeconds: 0, endSeconds: 1.2 }, { startSeconds: 1.8, endSeconds: 2.8 }];

/** A video, its sound, chapters and tags. */
function withChapters(name: string, file: string): MediaCase {
  return {
    name,
    file,
    expect: { frames: 75, notes: ["two chapters", "title, artist, date and comment"] },
    make: (path) => {
      const text: TextFile = { path: `${path}.txt`, text: CHAPTERS };
      return [text, [
        ...INPUTS,
        "-f",
        "ffmetadata",
        "-i",
        text.path,
        "-map_metadata",
        "2",
        ...H264_AAC,
        path,
      ]];
    },
  };
}

/** A video, its sound, and a picture that stands for the file. */
function withCover(name: string, file: string): MediaCase {
  return {
    name,
    file,
    expect: { frames: 75, notes: ["cover art"] },
    make: (path) => {
      const cover = `${path}.png`;
      const tracks = ["-map", "0:v", "-map", "1:a", "-map", "2:v"];
      return [
        [...picture({ size: "64x64" }), "-frames:v", "1", cover],
        [
          ...INPUTS,
          "-i",
          cover,
          ...tracks,
          ...H264_AAC,
          "-c:v:1",
          "copy",
          "-disposition:v:1",
          "attached_pic",
          path,
        ],
      ];
    },
  };
}

export const EXTRA_CASES: readonly MediaCase[] = [
  subtitled("subtitles (mov_text), MP4", "subtitles.mp4", "mov_text"),
  subtitled("subtitles (SRT), MKV", "subtitles_srt.mkv", "srt"),
  subtitled("subtitles (ASS), MKV", "subtitles_ass.mkv", "ass"),
  withPictures("subtitles that are pictures (PGS), MKV", "pgs.mkv", "copy"),
  withPictures("PGS compressed by the container, MKV", "pgs_zlib.mkv", "copy", compressedTrack(3)),
  withPictures("subtitles that are pictures (VobSub), MKV", "vobsub.mkv", "dvdsub"),
  withPictures("subtitles that are pictures (VobSub), MP4", "vobsub.mp4", "dvdsub"),
  withPictures("subtitles that are pictures (DVB), MKV", "dvbsub.mkv", "dvbsub"),
  withChapters("chapters and tags, MP4", "chapters.mp4"),
  withChapters("chapters and tags, MOV", "chapters.mov"),
  withChapters("chapters and tags, MKV", "chapters.mkv"),
  {
    name: "attachments, MKV",
    file: "attachments.mkv",
    expect: { frames: 75, notes: ["two attachments"] },
    make: (path) => {
      const texts = ["one", "two"].map((text): TextFile => ({ path: `${path}.${text}.txt`, text }));
      const attachments = texts.flatMap((text, i) => [
        ...["-attach", text.path, `-metadata:s:t:${i}`, "mimetype=text/plain"],
      ]);
      return [...texts, [...INPUTS, ...H264_AAC, ...attachments, path]];
    },
  },
  withCover("cover art, MP4", "cover.mp4"),
  {
    name: "cover art, MKV",
    file: "cover.mkv",
    expect: { frames: 75, notes: ["cover art"] },
    make: (path) => {
      const cover = `${path}.png`;
      const attached = [
        "-attach",
        cover,
        "-metadata:s:t",
        "mimetype=image/png",
        "-metadata:s:t",
        "filename=cover.png",
      ];
      return [[...picture({ size: "64x64" }), "-frames:v", "1", cover], [
        ...INPUTS,
        ...H264_AAC,
        ...attached,
        path,
      ]];
    },
  },
  oneRun("a timecode track, MOV", "timecode.mov", { frames: 75, notes: ["timecode 01:00:00:00"] }, [
    ...[...INPUTS, ...H264_AAC],
    ...["-timecode", "01:00:00:00"],
  ]),
  oneRun("a timecode track, MP4", "timecode.mp4", { frames: 75, notes: ["timecode 01:00:00:00"] }, [
    ...[...INPUTS, ...H264_AAC],
    ...["-timecode", "01:00:00:00", "-write_tmcd", "1"],
  ]),
  {
    name: "telemetry of a camera, MP4",
    file: "telemetry.mp4",
    expect: { frames: 75, notes: ["a track of GPMF"] },
    make: (path) => [...subtitled("", "", "mov_text").make(path), { path, patch: calledTelemetry }],
  },
  {
    name: "a data track, MPEG-TS",
    file: "data.ts",
    expect: { frames: 75, notes: ["data track"] },
    make: (path) => {
      const text: TextFile = { path: `${path}.bin`, text: "data ".repeat(200) };
      const tracks = ["-map", "0:v", "-map", "1:a", "-map", "2:d", "-c:d", "copy"];
      return [text, [...INPUTS, "-f", "data", "-i", text.path, ...tracks, ...H264_AAC, path]];
    },
  },
  oneRun("two video tracks, MP4", "two_videos.mp4", { frames: 75, notes: ["a second video track"] }, [
    ...[...picture(), ...picture({ size: "96x64", rate: 10 }), "-map", "0:v", "-map", "1:v"],
    ...h264(),
  ]),
  oneRun("two video tracks, MKV, the second the default", "two_videos.mkv", {
    frames: 75,
    notes: ["a second video track, which is the default"],
  }, [
    ...[...picture(), ...picture({ size: "96x64", rate: 10 }), "-map", "0:v", "-map", "1:v"],
    ...[...h264(), "-disposition:v:0", "0", "-disposition:v:1", "default"],
  ]),
];
