"""A language model that says what a test tells it, behind a real OpenAI-compatible HTTP port."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATH = "/v1/chat/completions"


@dataclass(frozen=True)
class Said:
    """One answer: the text of the message, or a status without one, after `delay_s`."""

    text: str = ""
    status: int = 200
    delay_s: float = 0.0


@dataclass
class ScriptedLLM:
    """Gives the answers of its script one after another, the last one for ever; remembers what was asked."""

    url: str = ""
    script: list[Said] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def will_say(self, *answers: Said) -> None:
        """From now on these; what was asked before is forgotten."""
        with self._turn:
            self.script[:] = answers
            self.asked.clear()

    def hear(self, request: dict[str, Any]) -> Said:
        """The next answer of the script."""
        with self._turn:
            self.asked.append(request)
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]


def words(sentences: Mapping[str, str]) -> Said:
    """Sentences by claim, as the JSON that the prompt asks for."""
    listed = [{"claim": claim, "text": text} for claim, text in sentences.items()]
    return Said(json.dumps({"sentences": listed}))


def _completion(text: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "scripted",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 40, "completion_tokens": 9, "total_tokens": 49},
    }


def _handler(llm: ScriptedLLM) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """One completion."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            said = llm.hear(json.loads(body)) if self.path == PATH else Said(status=404)
            time.sleep(said.delay_s)
            answer = _completion(said.text) if said.status == 200 else {"error": {"message": "scripted"}}
            self._send(said.status, json.dumps(answer).encode())

        def _send(self, status: int, body: bytes) -> None:
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                self.close_connection = True  # the client left: nobody waits for a slow answer

        def log_message(self, *_: Any) -> None:
            """Nothing is logged."""

    return Handler


@contextmanager
def scripted_llm() -> Iterator[ScriptedLLM]:
    """A model on a free port of this machine, ended at the exit."""
    llm = ScriptedLLM(script=[Said(status=500)])
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(llm)) as server:
        server.daemon_threads = True
        server.block_on_close = False
        llm.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield llm
        finally:
            server.shutdown()
            thread.join()
