"""A client of the original five calls: one call a run, one JSON object on stdout.

Bytes are printed as their length and SHA-256, an error as {"code", "details", "trailers"} with exit code 1.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import grpc

from peer_wire import PEER_PROTO, load_proto, print_answer, to_json


def parse_args() -> argparse.Namespace:
    """The flags of one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="host:port of the worker")
    parser.add_argument("--deadline", type=float, default=60, help="seconds the call may take")
    calls = parser.add_subparsers(dest="call", required=True)
    process = calls.add_parser("process")
    process.add_argument("--video_id", required=True)
    process.add_argument("--chunk_index", type=int, required=True)
    process.add_argument("--data_file", type=Path, required=True)
    get_shard = calls.add_parser("get_shard")
    get_shard.add_argument("shard_location")
    get_shard.add_argument("--out", type=Path, help="where the shard's bytes are written")
    calls.add_parser("health").add_argument("--master_id", default="python-master")
    calls.add_parser("list").add_argument("--video_id", default="")
    calls.add_parser("metadata").add_argument("--video_id", required=True)
    return parser.parse_args()


def call(args: argparse.Namespace) -> dict[str, Any]:
    """Makes the call that the flags ask for."""
    messages, services = load_proto(PEER_PROTO)
    with grpc.insecure_channel(args.address) as channel:
        stub = services.VideoProcessingServiceStub(channel)
        if args.call == "process":
            request = messages.ProcessChunkRequest(
                video_id=args.video_id, chunk_index=args.chunk_index, chunk_data=args.data_file.read_bytes()
            )
            response = stub.ProcessChunk(request, timeout=args.deadline)
        elif args.call == "get_shard":
            request = messages.GetShardRequest(shard_location=args.shard_location)
            response = stub.GetShard(request, timeout=args.deadline)
            if args.out:
                args.out.write_bytes(response.shard_data)
        elif args.call == "health":
            request = messages.HealthCheckRequest(master_id=args.master_id)
            response = stub.CheckHealth(request, timeout=args.deadline)
        elif args.call == "list":
            request = messages.ListShardsRequest(video_id=args.video_id)
            response = stub.ListShards(request, timeout=args.deadline)
        else:
            request = messages.GetVideoMetadataRequest(video_id=args.video_id)
            response = stub.GetVideoMetadata(request, timeout=args.deadline)
        return to_json(response)


if __name__ == "__main__":
    flags = parse_args()
    sys.exit(print_answer(lambda: call(flags)))
