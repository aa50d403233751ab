/** A stored video as the answer to a request: whole or in part, to play or to save. */
import { create as contentDisposition } from "content-disposition";
import type { StoredVideo } from "../master.ts";
import { requestedRange } from "./byte_range.ts";

export interface VideoRequest {
  readonly request: Request;
  /** What the bytes are known by: must change with them. */
  readonly etag: string;
  /** Whether it is for the disk rather than for a player. */
  readonly isDownload: boolean;
  readonly signal: AbortSignal;
}

/** @throws What {@link StoredVideo.open} does. */
export async function videoResponse(
  video: StoredVideo,
  { request, etag, isDownload, signal }: VideoRequest,
): Promise<Response> {
  const { sizeBytes } = video;
  const headers = new Headers({
    "content-type": video.mediaType,
    "content-disposition": contentDisposition(video.fileName, { type: isDownload ? "attachment" : "inline" }),
    "accept-ranges": "bytes",
    "cache-control": "private, no-cache",
    etag,
  });
  if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers });

  // a part of what is no longer there is of no use to whoever has the rest (RFC 9110, 13.1.5)
  const isSame = (request.headers.get("if-range") ?? etag) === etag;
  const asked = requestedRange(isSame ? request.headers.get("range") : null, sizeBytes);
  if (asked.kind === "unsatisfiable") {
    headers.set("content-range", `bytes */${sizeBytes}`);
    headers.delete("content-disposition");
    headers.set("content-type", "text/plain");
    return new Response("There are no such bytes\n", { status: 416, headers });
  }
  const range = asked.kind === "part" ? asked.range : undefined;
  if (range) headers.set("content-range", `bytes ${range.first}-${range.last}/${sizeBytes}`);
  headers.set("content-length", String(range ? range.last - range.first + 1 : sizeBytes));
  const body = request.method === "HEAD" ? null : await video.open({ range, signal, isAwaited: isDownload });
  return new Response(body, { status: range ? 206 : 200, headers });
}
