/** @jsxImportSource preact */
/// <reference lib="dom" />
/** Source and result side by side, at the same moment. */
import type { Ref, VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatDuration } from "./format.ts";
import { resultAddress, sourceAddress } from "./server.ts";

/** What the source may be off by while both play: less is not seen, and each move is a stutter. */
const MAX_DRIFT_SECONDS = 0.15;
/** Once they stand still, they show the same frame. */
const MAX_STILL_SECONDS = 0.001;

export function Player({ jobId }: { readonly jobId: string }): VNode {
  const source = useRef<HTMLVideoElement>(null);
  const result = useRef<HTMLVideoElement>(null);
  const [isPlaying, setIsPlaying] = useState(false);
  const [seconds, setSeconds] = useState(0);
  const [duration, setDuration] = useState(0);
  const [isUnplayable, setIsUnplayable] = useState(false);

  /** The result leads, since it is what one came to see; the source follows if the browser can play it. */
  function follow(): void {
    const [leader, follower] = [result.current, source.current];
    // what an element that is being taken away has still to say
    if (!leader || !follower) return;
    setSeconds(leader.currentTime);
    if (follower.error || follower.readyState === HTMLMediaElement.HAVE_NOTHING) return;
    const mayDrift = leader.paused ? MAX_STILL_SECONDS : MAX_DRIFT_SECONDS;
    const wanted = Math.min(leader.currentTime, follower.duration); // one may be shorter than the other
    const isOff = Math.abs(follower.currentTime - wanted) > mayDrift;
    if (leader.paused) follower.pause();
    // at its end it would begin anew; refused while the dialogue closes
    else if (follower.paused && !follower.ended) follower.play().catch(() => {});
    // else once it has come to where it was sent before
    if (isOff && !follower.seeking) follower.currentTime = wanted;
  }

  function toggle(): void {
    const leader = result.current!;
    if (leader.paused) leader.play().catch(() => {}); // its element says what is wrong
    else leader.pause();
  }

  function seek(to: number): void {
    result.current!.currentTime = to;
    follow();
  }

  return (
    <div class="play">
      <div class="screens">
        <Screen title="Source" address={sourceAddress(jobId)} video={source} isMuted onSeeked={follow} />
        <Screen
          title="Result"
          address={resultAddress(jobId)}
          video={result}
          onTime={follow}
          onSeeked={follow}
          onUnplayable={() => setIsUnplayable(true)}
          onPlaying={setIsPlaying}
          onDuration={setDuration}
        />
      </div>
      <div class="play-controls">
        <button type="button" class="primary" disabled={isUnplayable} onClick={toggle}>
          {isPlaying ? "Pause" : "Play"}
        </button>
        <input
          type="range"
          disabled={isUnplayable}
          min="0"
          max={duration || 1}
          step="any"
          value={seconds}
          aria-label="Position"
          aria-valuetext={`${formatDuration(Math.floor(seconds))} of ${formatDuration(duration)}`}
          onInput={({ currentTarget }) => seek(Number(currentTarget.value))}
        />
        <span class="position">{formatDuration(Math.floor(seconds))} / {formatDuration(duration)}</span>
        <MuteButton video={result} isDisabled={isUnplayable} />
      </div>
    </div>
  );
}

interface MuteButtonProps {
  readonly video: { readonly current: HTMLVideoElement | null };
  readonly isDisabled: boolean;
}

function MuteButton({ video, isDisabled }: MuteButtonProps): VNode {
  const [isMuted, setIsMuted] = useState(false);
  function toggle(): void {
    video.current!.muted = !isMuted;
    setIsMuted(!isMuted);
  }
  return (
    <button type="button" class="quiet" disabled={isDisabled} aria-pressed={isMuted} onClick={toggle}>
      Mute
    </button>
  );
}

interface ScreenProps {
  readonly title: string;
  readonly address: string;
  readonly video: Ref<HTMLVideoElement> & { readonly current: HTMLVideoElement | null };
  readonly isMuted?: boolean;
  /** Where it is, or whether it plays, may have changed. */
  readonly onTime?: () => void;
  readonly onSeeked?: () => void;
  readonly onUnplayable?: () => void;
  readonly onPlaying?: (isPlaying: boolean) => void;
  readonly onDuration?: (seconds: number) => void;
}

function Screen(props: ScreenProps): VNode {
  const { title, address, video, isMuted, onTime, onSeeked, onUnplayable, onPlaying, onDuration } = props;
  const [size, setSize] = useState("");
  const [isUnplayable, setIsUnplayable] = useState(false);
  useEffect(() => {
    const element = video.current!;
    // an element that is gone would go on loading
    return () => {
      element.removeAttribute("src");
      element.load();
    };
  }, []);
  return (
    <figure class="screen">
      <figcaption>
        {title} <span class="size">{size}</span>
      </figcaption>
      <video
        ref={video}
        src={address}
        preload="auto"
        playsInline
        muted={isMuted}
        aria-label={title}
        onTimeUpdate={onTime}
        onSeeked={onSeeked}
        onPlay={() => (onPlaying?.(true), onTime?.())}
        onPause={() => (onPlaying?.(false), onTime?.())}
        onLoadedMetadata={({ currentTarget }) => {
          setSize(`${currentTarget.videoWidth} × ${currentTarget.videoHeight}`);
          onDuration?.(currentTarget.duration);
        }}
        onError={() => (setIsUnplayable(true), onUnplayable?.())}
      />
      {isUnplayable && (
        <p class="unplayable">
          This browser cannot play it. <a href={`${address}?download`} download>Download it</a> instead.
        </p>
      )}
    </figure>
  );
}
