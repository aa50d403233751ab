"""A worker as the Python project has them: the original five calls, the original fields, the original store.

Prints `LISTENING <port>` once it serves; ends on SIGTERM, SIGINT, or when its stdin closes.
"""

import argparse
import json
import os
import re
import resource
import signal
import sys
import threading
from concurrent import futures
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Iterator

import grpc

from peer_wire import PEER_PROTO, load_proto

messages, services = load_proto(PEER_PROTO)

SHARD_NAME = re.compile(r"chunk_(\d+)\.shard")


class PeerWorker(services.VideoProcessingServiceServicer):
    """Keeps shards in a folder; "encodes" by leaving out the second half of a chunk."""

    def __init__(self, shards_dir: Path) -> None:
        self.worker_id = f"python-worker-{os.getpid()}"
        self.root = shards_dir.resolve()
        self.metadata_dir = self.root / "metadata"
        self.metadata_dir.mkdir(parents=True, exist_ok=True)
        self.active_tasks = 0
        self.lock = threading.Lock()

    def ProcessChunk(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Stores a chunk's prefix and its metadata."""
        video_id, index, size = request.video_id, request.chunk_index, len(request.chunk_data)
        log(f"Received chunk {index} for video '{video_id}' (Original size: {size} bytes)")
        if not video_id or "/" in video_id or video_id in (".", "..", "metadata") or index < 0 or size == 0:
            return self._response(messages.ProcessChunkResponse, False, "Error: cannot store this chunk")
        with self._task():
            shard = request.chunk_data[: (size + 1) // 2]
            location = self.root / video_id / f"chunk_{index}.shard"
            location.parent.mkdir(exist_ok=True)
            location.write_bytes(shard)
            metadata = {
                "video_id": video_id,
                "chunk_index": index,
                "original_size": size,
                "encoded_size": len(shard),
                "compression_ratio": len(shard) / size,
                "worker_id": self.worker_id,
                "shard_location": str(location),
                "timestamp": datetime.now().isoformat(),
            }
            name = f"{video_id}_chunk_{index}_metadata.json"
            (self.metadata_dir / name).write_text(json.dumps(metadata, indent=2))
        log(f"Stored shard for chunk {index}")
        sizes = {"original_size": size, "encoded_size": len(shard), "shard_location": str(location)}
        return self._response(
            messages.ProcessChunkResponse, True, f"Chunk {index} processed successfully", **sizes
        )

    def GetShard(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The bytes of a shard of this store."""
        path = Path(request.shard_location).resolve()
        if self.root not in path.parents or path.suffix != ".shard":
            return refuse(context, grpc.StatusCode.PERMISSION_DENIED, "Access denied: not in this store")
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return refuse(context, grpc.StatusCode.NOT_FOUND, f"Shard not found: {request.shard_location}")
        return messages.GetShardResponse(success=True, shard_data=data, message="Shard retrieved")

    def CheckHealth(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Always healthy, with figures of the right size."""
        figures = {
            "cpu_utilization": min(100.0, 100 * os.getloadavg()[0] / (os.cpu_count() or 1)),
            "memory_usage_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "active_tasks": self.active_tasks,
        }
        return messages.HealthCheckResponse(
            is_healthy=True, worker_id=self.worker_id, message="Worker is healthy", **figures
        )

    def ListShards(self, request: Any, context: grpc.ServicerContext) -> Any:
        """By file name, so chunk 10 comes before chunk 2."""
        folders = sorted(each for each in self.root.iterdir() if each.is_dir() and each != self.metadata_dir)
        if request.video_id:
            folders = [each for each in folders if each.name == request.video_id]
            if not folders:
                return self._unknown_video(messages.ListShardsResponse, request.video_id)
        videos = [messages.VideoInfo(video_id=each.name, chunks=self._chunks(each)) for each in folders]
        return self._response(messages.ListShardsResponse, True, f"Found {len(videos)} videos", videos=videos)

    def GetVideoMetadata(self, request: Any, context: grpc.ServicerContext) -> Any:
        """What was written beside each shard of one video."""
        stored = [json.loads(path.read_text()) for path in sorted(self.metadata_dir.glob("*_metadata.json"))]
        own = [each for each in stored if each["video_id"] == request.video_id]
        if not own:
            return self._unknown_video(messages.GetVideoMetadataResponse, request.video_id)
        names = [field.name for field in messages.ChunkMetadata.DESCRIPTOR.fields]
        chunks = [messages.ChunkMetadata(**{name: each[name] for name in names}) for each in own]
        text = f"Found metadata for {len(chunks)} chunks"
        return self._response(messages.GetVideoMetadataResponse, True, text, chunks_metadata=chunks)

    def _chunks(self, folder: Path) -> list[Any]:
        found = [(path, SHARD_NAME.fullmatch(path.name)) for path in sorted(folder.iterdir())]
        return [
            messages.ChunkInfo(
                chunk_index=int(match[1]), shard_location=str(path), size_bytes=path.stat().st_size
            )
            for path, match in found
            if match
        ]

    def _response(self, kind: Any, success: bool, message: str, **fields: Any) -> Any:
        return kind(success=success, worker_id=self.worker_id, message=message, **fields)

    def _unknown_video(self, kind: Any, video_id: str) -> Any:
        return self._response(kind, False, f"No shards found for video '{video_id}'")

    @contextmanager
    def _task(self) -> Iterator[None]:
        """Counts a chunk in `active_tasks` while it is worked on."""
        with self.lock:
            self.active_tasks += 1
        try:
            yield
        finally:
            with self.lock:
                self.active_tasks -= 1


def refuse(context: grpc.ServicerContext, code: grpc.StatusCode, details: str) -> Any:
    """A status and a message both, as handlers written with set_code() send."""
    context.set_code(code)
    context.set_details(details)
    return messages.GetShardResponse(success=False, message=details)


def log(line: str) -> None:
    """stdout is for the one line that says the port."""
    print(line, file=sys.stderr, flush=True)


def stop_at_end_of_stdin(stop: threading.Event) -> None:
    """So that no worker outlives whoever started it. os.read(): sys.stdin's lock would hinder the exit."""
    while os.read(0, 4096):
        pass
    stop.set()


def main() -> None:
    """Serves until told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--shards_dir", type=Path, required=True)
    args = parser.parse_args()

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=stop_at_end_of_stdin, args=[stop], daemon=True).start()

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=10), options=[("grpc.so_reuseport", 0)])
    services.add_VideoProcessingServiceServicer_to_server(PeerWorker(args.shards_dir), server)
    port = server.add_insecure_port(f"localhost:{args.port}")
    server.start()
    print(f"LISTENING {port}", flush=True)
    stop.wait()
    server.stop(grace=1).wait()


if __name__ == "__main__":
    main()
