/** @jsxImportSource preact */
/// <reference lib="dom" />
/** What opens over the page: the player, and the question before something is deleted. */
import type { ComponentChildren, VNode } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { JobEntry } from "./dashboard_state.ts";
import { nameOf } from "./job_texts.ts";
import { Player } from "./player.tsx";

export type Dialogue = { readonly kind: "play" | "remove"; readonly jobId: string };

export interface DialoguesProps {
  readonly dialogue: Dialogue | undefined;
  readonly jobs: ReadonlyMap<string, JobEntry>;
  readonly onRemove: (jobId: string) => void;
  readonly onClose: () => void;
}

export function Dialogues({ dialogue, jobs, onRemove, onClose }: DialoguesProps): VNode | null {
  // the job may go while it is talked about
  const job = dialogue && jobs.get(dialogue.jobId)?.job;
  if (!dialogue || !job) return null;
  const name = nameOf(job);
  if (dialogue.kind === "play") {
    return (
      <Modal opening={dialogue} label={`Source and result of ${name}`} kind="player" onClose={onClose}>
        <header>
          <h2>
            <bdi>{name}</bdi>
          </h2>
          <button type="button" class="quiet" onClick={onClose}>Close</button>
        </header>
        <Player jobId={job.id} />
      </Modal>
    );
  }
  function remove(): void {
    onRemove(job!.id);
    onClose();
  }
  return (
    <Modal opening={dialogue} label={`Delete ${name}`} kind="question" onClose={onClose}>
      <h2>
        Delete <bdi>{name}</bdi>?
      </h2>
      <p>Its source, its result and its shards at the workers go with it.</p>
      <div class="buttons">
        <button type="button" class="danger" onClick={remove}>Delete it</button>
        <button type="button" onClick={onClose}>Keep it</button>
      </div>
    </Modal>
  );
}

interface ModalProps {
  /** Another one each time that something is to be opened. */
  readonly opening: Dialogue;
  readonly label: string;
  readonly kind: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** The browser's own dialogue: it keeps the focus within, gives it back, and closes with Escape. */
function Modal({ opening, label, kind, onClose, children }: ModalProps): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const element = dialog.current!;
    element.showModal();
    // one that is taken away while it is open gives no focus back
    return () => element.close();
  }, [opening]); // the element may be that of one that has just been closed
  return (
    <dialog
      ref={dialog}
      class={`panel ${kind}`}
      aria-label={label}
      // the event comes late, and by then it may be open again, or gone and another one open
      onClose={({ currentTarget }) => currentTarget.isConnected && !currentTarget.open && onClose()}
    >
      {children}
    </dialog>
  );
}
