/** @jsxImportSource preact */
/// <reference lib="dom" />
/** Where videos come in: by drag and drop anywhere on the page, or by the button. */
import type { TargetedEvent, VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useFocusRefuge } from "./focus.ts";
import { formatBytes } from "./format.ts";
import { shownName } from "./job_texts.ts";
import { SettingsForm } from "./settings_form.tsx";
import type { Upload } from "./uploads.ts";
import { DEFAULT_QUERY } from "./upload_query.ts";

export interface UploadPanelProps {
  readonly uploads: readonly Upload[];
  readonly onFiles: (files: readonly File[], settings: Readonly<Record<string, string>>) => void;
  readonly onDrop: (id: number) => void;
}

export function UploadPanel({ uploads, onFiles, onDrop }: UploadPanelProps): VNode {
  const [settings, setSettings] = useState(DEFAULT_QUERY);
  const isOver = useFileDrop((files) => onFiles(files, settings));
  const input = useRef<HTMLInputElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  useFocusRefuge(panel, panel); // a row goes with its button

  function choose({ currentTarget }: TargetedEvent<HTMLInputElement>): void {
    onFiles([...currentTarget.files ?? []], settings);
    // so that the same file can be chosen again
    currentTarget.value = "";
  }

  return (
    <div ref={panel} class="panel upload" aria-label="Upload" role="group" tabIndex={-1}>
      <div class={isOver ? "drop-zone over" : "drop-zone"}>
        <p>Drop a video here</p>
        <button type="button" class="primary" onClick={() => input.current?.click()}>Choose a file</button>
        <input
          ref={input}
          type="file"
          accept="video/*,.mkv,.ts,.m2ts"
          multiple
          hidden
          aria-label="Videos"
          onChange={choose}
        />
      </div>
      <SettingsForm settings={settings} onChange={setSettings} />
      <ul class="uploads">
        {uploads.map((upload) => <UploadRow key={upload.id} upload={upload} onDrop={onDrop} />)}
      </ul>
    </div>
  );
}

function UploadRow(
  { upload, onDrop }: { readonly upload: Upload; readonly onDrop: (id: number) => void },
): VNode {
  const { id, sizeBytes, share, state, problem } = upload;
  const fileName = shownName(upload.fileName);
  const percent = Math.floor(share * 100);
  const text = {
    waiting: "waiting for the one before",
    // the last bytes are here; the master has yet to have them on its disk
    sending: percent === 100 ? "storing" : `${percent} % of ${formatBytes(sizeBytes)}`,
    failed: problem,
  }[state];
  return (
    <li class={`upload-row ${state}`}>
      <span class="file-name">
        <bdi>{fileName}</bdi>
      </span>
      <button
        type="button"
        class="quiet"
        aria-label={`${state === "failed" ? "Dismiss" : "Stop"} ${fileName}`}
        onClick={() => onDrop(id)}
      >
        {state === "failed" ? "Dismiss" : "Stop"}
      </button>
      {state !== "failed" && <progress max="100" value={percent} aria-label={`Upload of ${fileName}`} />}
      <span class="upload-text" role={state === "failed" ? "alert" : undefined}>{text}</span>
    </li>
  );
}

/** Takes files that are dropped anywhere on the page; returns whether some are being held over it. */
function useFileDrop(onFiles: (files: readonly File[]) => void): boolean {
  const [isOver, setIsOver] = useState(false);
  const handler = useRef(onFiles);
  handler.current = onFiles;
  useEffect(() => {
    const isFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const over = (event: DragEvent) => {
      if (!isFiles(event)) return;
      event.preventDefault();
      setIsOver(true);
    };
    const leave = (event: DragEvent) => {
      // it also leaves each element that it moves on from
      if (event.relatedTarget === null) setIsOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!isFiles(event)) return;
      event.preventDefault();
      setIsOver(false);
      handler.current([...event.dataTransfer!.files]);
    };
    document.addEventListener("dragover", over);
    document.addEventListener("dragleave", leave);
    document.addEventListener("drop", drop);
    return () => {
      document.removeEventListener("dragover", over);
      document.removeEventListener("dragleave", leave);
      document.removeEventListener("drop", drop);
    };
  }, []);
  return isOver;
}
