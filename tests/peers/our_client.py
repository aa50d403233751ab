"""A client of everything our worker serves, made from the project's own .proto at run time.

One call a run, one JSON object on stdout, as peer_client.py prints them.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Iterator

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from peer_wire import PEERS, digest, load_proto, print_answer, to_json

OUR_PROTO = PEERS.parent.parent / "proto" / "video_processing.proto"


def parse_args() -> argparse.Namespace:
    """The flags of one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="host:port of the worker")
    parser.add_argument("--deadline", type=float, default=60, help="seconds the call may take")
    parser.add_argument("--proto", type=Path, default=OUR_PROTO)
    calls = parser.add_subparsers(dest="run", required=True)

    unary = calls.add_parser("call", help="any unary call")
    unary.set_defaults(run=call_unary)
    unary.add_argument("method", help="such as DeleteVideo")
    unary.add_argument("--request", default="{}", help="the request as proto3 JSON, bytes in base64")
    unary.add_argument("--data_file", type=Path, help="what the request's chunk_data holds")

    process = calls.add_parser("process_stream")
    process.set_defaults(run=process_stream)
    process.add_argument("--request", default="{}", help="the header as proto3 JSON")
    process.add_argument("--data_file", type=Path, required=True)
    process.add_argument("--part_bytes", type=int, default=65536)

    get_shard = calls.add_parser("get_shard_stream")
    get_shard.set_defaults(run=get_shard_stream)
    get_shard.add_argument("shard_location")
    get_shard.add_argument("--out", type=Path, help="where the shard's bytes are written")

    health = calls.add_parser("health", help="grpc.health.v1.Health/Check")
    health.set_defaults(run=check_health)
    health.add_argument("--service", default="", help="empty: the whole server")

    reflection = calls.add_parser("reflection", help="services and methods that the server lists")
    reflection.set_defaults(run=reflect)
    return parser.parse_args()


def call_unary(args: argparse.Namespace, channel: grpc.Channel) -> dict[str, Any]:
    """Any unary call of VideoProcessingService."""
    messages, services = load_proto(args.proto)
    method = messages.DESCRIPTOR.services_by_name["VideoProcessingService"].methods_by_name[args.method]
    request = parse_request(getattr(messages, method.input_type.name)(), args.request)
    if args.data_file:
        request.chunk_data = args.data_file.read_bytes()
    stub = services.VideoProcessingServiceStub(channel)
    return to_json(getattr(stub, args.method)(request, timeout=args.deadline))


def process_stream(args: argparse.Namespace, channel: grpc.Channel) -> dict[str, Any]:
    """A header, then the file in parts."""
    messages, services = load_proto(args.proto)
    header = parse_request(messages.ProcessChunkRequest(), args.request)

    def parts() -> Iterator[Any]:
        with args.data_file.open("rb") as file:  # first, so that whoever sees the call may end what the file is fed by
            yield messages.ProcessChunkPart(header=header)
            while data := file.read(args.part_bytes):
                yield messages.ProcessChunkPart(data=data)

    stub = services.VideoProcessingServiceStub(channel)
    return to_json(stub.ProcessChunkStream(parts(), timeout=args.deadline))


def get_shard_stream(args: argparse.Namespace, channel: grpc.Channel) -> dict[str, Any]:
    """The header that came first, and the bytes that followed it."""
    messages, services = load_proto(args.proto)
    stub = services.VideoProcessingServiceStub(channel)
    request = messages.GetShardRequest(shard_location=args.shard_location)
    kinds, data, header = [], [], None
    for part in stub.GetShardStream(request, timeout=args.deadline):
        kinds.append(part.WhichOneof("part"))
        if kinds[-1] == "header":
            header = {"size_bytes": part.header.size_bytes, "sha256": part.header.sha256.hex()}
        else:
            data.append(part.data)
    if args.out:
        args.out.write_bytes(b"".join(data))
    largest = max(map(len, data), default=0)
    return {"header": header, "kinds": kinds, "largest_part": largest, "data": digest(data)}


def check_health(args: argparse.Namespace, channel: grpc.Channel) -> dict[str, Any]:
    """The standard health check."""
    messages, services = load_proto(PEERS / "health.proto")
    request = messages.HealthCheckRequest(service=args.service)
    return to_json(services.HealthStub(channel).Check(request, timeout=args.deadline))


def reflect(args: argparse.Namespace, channel: grpc.Channel) -> dict[str, Any]:
    """The methods of each service that server reflection lists, read from the descriptors it serves."""
    messages, services = load_proto(PEERS / "reflection.proto")
    stub = services.ServerReflectionStub(channel)

    def ask(**request: str) -> Any:
        requests = iter([messages.ServerReflectionRequest(**request)])
        return next(stub.ServerReflectionInfo(requests, timeout=args.deadline))

    def methods(service: str) -> list[str]:
        answer = ask(file_containing_symbol=service).file_descriptor_response.file_descriptor_proto
        files = [FileDescriptorProto.FromString(file) for file in answer]
        found = {f"{file.package}.{each.name}": each for file in files for each in file.service}
        return [method.name for method in found[service].method]

    names = [service.name for service in ask(list_services="*").list_services_response.service]
    return {name: methods(name) for name in names}


def parse_request(message: Any, text: str) -> Any:
    """Fills a message from proto3 JSON; a field that the .proto lacks is an error."""
    return json_format.ParseDict(json.loads(text), message)


def main() -> int:
    """Makes the call that the flags ask for."""
    args = parse_args()
    with grpc.insecure_channel(args.address) as channel:
        return print_answer(lambda: args.run(args, channel))


if __name__ == "__main__":
    sys.exit(main())
