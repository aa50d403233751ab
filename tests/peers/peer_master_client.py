"""A client of a master that knows the Python project's four calls and no field of ours.

One call a run, one JSON object on stdout, as peer_client.py prints them.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any, Iterator

import grpc

from peer_wire import PEERS, digest, load_proto, print_answer, to_json

FINAL = {"completed", "failed_segmentation", "processing_failed", "concatenation_failed", "not_found"}
POLL_SECONDS = 0.05


def parse_args() -> argparse.Namespace:
    """The flags of one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="host:port of the master")
    parser.add_argument("--deadline", type=float, default=60, help="seconds the call may take")
    calls = parser.add_subparsers(dest="run", required=True)

    upload = calls.add_parser("upload")
    upload.set_defaults(run=upload_video)
    upload.add_argument("video_id")
    upload.add_argument("file", type=Path)
    upload.add_argument("--output_format", default="")
    upload.add_argument("--original_filename", default="")
    upload.add_argument("--target_width", type=int, default=0)
    upload.add_argument("--target_height", type=int, default=0)
    upload.add_argument("--part_bytes", type=int, default=65536)

    wait = calls.add_parser("wait", help="polls the status until it is final")
    wait.set_defaults(run=wait_for_video)
    wait.add_argument("video_id")

    retrieve = calls.add_parser("retrieve")
    retrieve.set_defaults(run=retrieve_video)
    retrieve.add_argument("video_id")
    retrieve.add_argument("--out", type=Path)

    register = calls.add_parser("register")
    register.set_defaults(run=register_worker)
    register.add_argument("worker_address")
    return parser.parse_args()


def upload_video(args: argparse.Namespace, messages: Any, stub: Any) -> dict[str, Any]:
    """The settings in the first message, together with the first bytes."""

    def parts() -> Iterator[Any]:
        with args.file.open("rb") as file:
            yield messages.UploadVideoChunk(
                video_id=args.video_id,
                data_chunk=file.read(args.part_bytes),
                is_first_chunk=True,
                target_width=args.target_width,
                target_height=args.target_height,
                output_format=args.output_format,
                original_filename=args.original_filename,
            )
            while data := file.read(args.part_bytes):
                yield messages.UploadVideoChunk(video_id=args.video_id, data_chunk=data)

    return to_json(stub.UploadVideo(parts(), timeout=args.deadline))


def wait_for_video(args: argparse.Namespace, messages: Any, stub: Any) -> dict[str, Any]:
    """The last status, and those that were seen on the way."""
    seen: list[str] = []
    end = time.monotonic() + args.deadline
    while time.monotonic() < end:
        answer = stub.GetVideoStatus(messages.VideoStatusRequest(video_id=args.video_id), timeout=args.deadline)
        if answer.status not in seen:
            seen.append(answer.status)
        if answer.status in FINAL:
            return {**to_json(answer), "seen": seen}
        time.sleep(POLL_SECONDS)
    raise TimeoutError(f"still {seen[-1]}")


def retrieve_video(args: argparse.Namespace, messages: Any, stub: Any) -> dict[str, Any]:
    """All parts of the result."""
    request = messages.RetrieveVideoRequest(video_id=args.video_id)
    parts = list(stub.RetrieveVideo(request, timeout=args.deadline))
    data = [part.data_chunk for part in parts]
    if args.out:
        args.out.write_bytes(b"".join(data))
    return {"video_ids": sorted({part.video_id for part in parts}), "data": digest(data)}


def register_worker(args: argparse.Namespace, messages: Any, stub: Any) -> dict[str, Any]:
    """As a worker of the Python project does when it starts."""
    request = messages.RegisterWorkerRequest(worker_address=args.worker_address)
    return to_json(stub.RegisterWorker(request, timeout=args.deadline))


def main() -> int:
    """Makes the call that the flags ask for."""
    args = parse_args()
    messages, services = load_proto(PEERS / "peer_master.proto")
    with grpc.insecure_channel(args.address) as channel:
        stub = services.MasterServiceStub(channel)
        return print_answer(lambda: args.run(args, messages, stub))


if __name__ == "__main__":
    sys.exit(main())
