"""Key services on sockets of this machine, each with keys of its own that never leave it."""

import base64
import json
import os
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.cloud import kms

from tests.serving import running

SERVICE = "google.cloud.kms.v1.KeyManagementService"


@dataclass
class Vault:
    """A transit engine: keys with versions, a token, and a seal."""

    token: str = "s.good"
    sealed: bool = False
    keys: dict[str, list[AESGCM]] = field(default_factory=dict)
    asked: int = 0
    url: str = ""

    def add_version(self, name: str) -> None:
        self.keys.setdefault(name, []).append(AESGCM(AESGCM.generate_key(256)))

    def answer(self, path: str, token: str | None, body: dict[str, str]) -> tuple[int, object]:
        self.asked += 1
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if token != self.token:
            return 403, {"errors": ["permission denied"]}
        parts = path.strip("/").split("/")
        if len(parts) != 4 or parts[:2] != ["v1", "transit"]:
            return 404, {"errors": ["no handler for route"]}
        if parts[3] not in self.keys:
            return 400, {"errors": ["encryption key not found"]}
        bound = base64.b64decode(body.get("associated_data", ""))
        work = {"encrypt": self._encrypt, "decrypt": self._decrypt}[parts[2]]
        return work(self.keys[parts[3]], bound, body)

    def _encrypt(
        self, versions: list[AESGCM], bound: bytes, body: dict[str, str]
    ) -> tuple[int, object]:
        nonce = os.urandom(12)
        made = nonce + versions[-1].encrypt(nonce, base64.b64decode(body["plaintext"]), bound)
        text = f"vault:v{len(versions)}:{base64.b64encode(made).decode()}"
        return 200, {"data": {"ciphertext": text, "key_version": len(versions)}}

    def _decrypt(
        self, versions: list[AESGCM], bound: bytes, body: dict[str, str]
    ) -> tuple[int, object]:
        try:
            vault, version, text = body["ciphertext"].split(":")
            if vault != "vault":
                raise ValueError
            made = base64.b64decode(text)
            plain = versions[int(version[1:]) - 1].decrypt(made[:12], made[12:], bound)
        except (ValueError, IndexError, InvalidTag):
            return 400, {"errors": ["cipher: message authentication failed"]}
        return 200, {"data": {"plaintext": base64.b64encode(plain).decode()}}


@contextmanager
def vault_served() -> Iterator[Vault]:
    """A Vault with the key `vensor`."""
    vault = Vault()
    vault.add_version("vensor")

    with _posted(vault.answer) as address:
        vault.url = f"hcvault://{address}/transit/keys/vensor"
        yield vault


@contextmanager
def aws_refusing(code: str) -> Iterator[str]:
    """The address of an AWS that answers every call with this code."""
    status = 500 if code == "KeyUnavailableException" else 400

    def refuse(_path: str, _token: str | None, _body: object) -> tuple[int, object]:
        return status, {"__type": code, "message": "no"}

    with _posted(refuse) as address:
        yield f"http://{address}"


@contextmanager
def _posted(answer: Callable[[str, str | None, Any], tuple[int, object]]) -> Iterator[str]:
    """The host and port of a server that gives these answers to what is posted to it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, told = answer(self.path, self.headers["X-Vault-Token"], body)
            content = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with running(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as address:
        yield address


@dataclass
class CloudKms:
    """Google's service: symmetric keys by name, as its own protocol says."""

    keys: dict[str, AESGCM]
    refuses: grpc.StatusCode | None = None

    def encrypt(self, request: kms.EncryptRequest, call: grpc.ServicerContext) -> object:
        key = self._key(request.name, call)
        nonce = os.urandom(12)
        bound = request.additional_authenticated_data
        made = nonce + key.encrypt(nonce, request.plaintext, bound)
        return kms.EncryptResponse(name=f"{request.name}/cryptoKeyVersions/1", ciphertext=made)

    def decrypt(self, request: kms.DecryptRequest, call: grpc.ServicerContext) -> object:
        key, made = self._key(request.name, call), request.ciphertext
        try:
            plain = key.decrypt(made[:12], made[12:], request.additional_authenticated_data)
        except (InvalidTag, ValueError):
            call.abort(grpc.StatusCode.INVALID_ARGUMENT, "Decryption failed")
        return kms.DecryptResponse(plaintext=plain)

    def _key(self, name: str, call: grpc.ServicerContext) -> AESGCM:
        if self.refuses is not None:
            call.abort(self.refuses, "refused")
        if name not in self.keys:
            call.abort(grpc.StatusCode.NOT_FOUND, "no such key")
        return self.keys[name]


@contextmanager
def cloud_kms_served(*names: str) -> Iterator[tuple[CloudKms, kms.KeyManagementServiceClient]]:
    """The service with keys of these names, and a client of Google's own for it."""
    service = CloudKms({name: AESGCM(AESGCM.generate_key(256)) for name in names})
    handlers = {
        "Encrypt": grpc.unary_unary_rpc_method_handler(
            service.encrypt,
            request_deserializer=kms.EncryptRequest.deserialize,
            response_serializer=kms.EncryptResponse.serialize,
        ),
        "Decrypt": grpc.unary_unary_rpc_method_handler(
            service.decrypt,
            request_deserializer=kms.DecryptRequest.deserialize,
            response_serializer=kms.DecryptResponse.serialize,
        ),
    }
    server = grpc.server(futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        kind = kms.KeyManagementServiceClient.get_transport_class("grpc")
        yield service, kms.KeyManagementServiceClient(transport=kind(channel=channel))
    server.stop(None)
