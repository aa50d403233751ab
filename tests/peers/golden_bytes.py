"""Messages as Python protobuf writes and reads them, knowing the original fields alone.

`encode` reads {"<Message>": <proto3 JSON>} on stdin and prints {"<Message>": "<base64>"}; `decode` does the
reverse, with the fields as peer_client.py prints them.
"""

import base64
import json
import sys
from types import ModuleType
from typing import Any

from google.protobuf import json_format

from peer_wire import PEER_PROTO, load_proto, to_json


def encode(messages: ModuleType, name: str, fields: dict[str, Any]) -> str:
    """One message as base64."""
    message = json_format.ParseDict(fields, getattr(messages, name)())
    return base64.b64encode(message.SerializeToString()).decode()


def decode(messages: ModuleType, name: str, encoded: str) -> dict[str, Any]:
    """The fields of one message, as the clients print them."""
    return to_json(getattr(messages, name).FromString(base64.b64decode(encoded, validate=True)))


if __name__ == "__main__":
    peer_messages, _ = load_proto(PEER_PROTO)
    convert = {"encode": encode, "decode": decode}[sys.argv[1]]
    asked = json.load(sys.stdin)
    print(json.dumps({name: convert(peer_messages, name, value) for name, value in asked.items()}))
