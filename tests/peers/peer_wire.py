"""What the peers share: a .proto made into modules at run time, messages and errors as JSON."""

import hashlib
import importlib
import json
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Iterable

import grpc
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from grpc_tools import protoc

PEERS = Path(__file__).resolve().parent
PEER_PROTO = PEERS / "peer.proto"


def load_proto(proto: Path) -> tuple[ModuleType, ModuleType]:
    """Compiles a .proto that imports no other and returns its message and service modules."""
    with tempfile.TemporaryDirectory() as folder:
        flags = [f"-I{proto.parent}", f"--python_out={folder}", f"--grpc_python_out={folder}"]
        if protoc.main(["protoc", *flags, str(proto)]) != 0:
            raise RuntimeError(f"protoc refuses {proto}")
        sys.path.insert(0, folder)
        try:
            return tuple(importlib.import_module(proto.stem + end) for end in ("_pb2", "_pb2_grpc"))
        finally:
            sys.path.remove(folder)


def to_json(message: Message) -> dict[str, Any]:
    """Every field by its name in the .proto, defaults too; int64 as text, a message that is not set as None."""
    return {field.name: _field(message, field) for field in message.DESCRIPTOR.fields}


def _field(message: Message, field: FieldDescriptor) -> Any:
    value = getattr(message, field.name)
    if field.label == FieldDescriptor.LABEL_REPEATED:
        return [_value(field, item) for item in value]
    if field.type == FieldDescriptor.TYPE_MESSAGE and not message.HasField(field.name):
        return None
    return _value(field, value)


def _value(field: FieldDescriptor, value: Any) -> Any:
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        return to_json(value)
    if field.type == FieldDescriptor.TYPE_ENUM:
        return field.enum_type.values_by_number[value].name
    if field.type == FieldDescriptor.TYPE_INT64:
        return str(value)  # a reader's numbers may hold 53 bits only, as JavaScript's
    return digest([value]) if isinstance(value, bytes) else value


def digest(parts: Iterable[bytes]) -> dict[str, Any]:
    """Stands for bytes in JSON: how many, and their SHA-256."""
    sha256, length = hashlib.sha256(), 0
    for part in parts:
        sha256.update(part)
        length += len(part)
    return {"length": length, "sha256": sha256.hexdigest()}


def print_answer(call: Callable[[], dict[str, Any]]) -> int:
    """Prints the answer of a call, or its status, as one JSON object. Returns the exit code."""
    try:
        answer, code = call(), 0
    except grpc.RpcError as error:
        trailers = {key: value for key, value in error.trailing_metadata() or () if isinstance(value, str)}
        answer, code = {"code": error.code().name, "details": error.details(), "trailers": trailers}, 1
    print(json.dumps(answer))
    return code
