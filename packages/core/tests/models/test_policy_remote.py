"""Policies without weights: an HTTP server and recorded completions."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from prmkit.contracts import Completion
from prmkit.errors import ConfigError, EndpointError, RecordError
from prmkit.policy.endpoint import EndpointPolicy
from prmkit.policy.prompt import Prompt
from prmkit.policy.replay import Recorder, ReplayPolicy
from prmkit.types import Problem

PROBLEMS = [Problem(id=f"p{i}", text=f"{i} + 1 = ?") for i in range(5)]


@pytest.fixture
def server():
    """Answers with the prompt and the seed; fails as often as ``fail`` says."""

    class Stub(BaseHTTPRequestHandler):
        seen, fail, shape = [], [], "right"

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            Stub.seen.append((self.path, body, self.headers.get("Authorization")))
            if Stub.fail:
                self.send_response(Stub.fail.pop())
                self.end_headers()
                self.wfile.write(b"busy")
                return
            said = body.get("prompt") or body["messages"][-1]["content"]
            text = f"{said}|{body['seed']}"
            choice = {"finish_reason": "length" if "4 +" in said else "stop", "index": 0}
            choice |= {"message": {"content": text}} if "messages" in body else {"text": text}
            answer = {"choices": [choice], "usage": {"completion_tokens": len(said)}}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer if Stub.shape == "right" else {"choices": []}).encode())

        def log_message(self, *args):
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    Stub.url = f"http://127.0.0.1:{web.server_port}/v1"
    yield Stub
    web.shutdown()
    web.server_close()


def test_order_seeds_and_shape(server, monkeypatch):
    monkeypatch.setenv("SOME_KEY", "abc")
    policy = EndpointPolicy(server.url, "m", key_name="SOME_KEY", stop=["\n\n"], max_new_tokens=9)
    requests = [(p, "so ") for p in PROBLEMS]
    drawn = policy.complete(requests, n=3, seed=1, temperature=0.5)
    assert [[c.text.split("|")[0] for c in row] for row in drawn] == [
        [f"{i} + 1 = ?\nso "] * 3 for i in range(5)
    ]
    assert len({c.text for row in drawn for c in row}) == 15
    assert policy.complete(requests[::-1], n=3, seed=1)[::-1] == drawn
    assert policy.complete(requests, n=3, seed=2) != drawn
    assert [row[0].finished for row in drawn] == [True] * 4 + [False]
    assert drawn[0][0].tokens == len("0 + 1 = ?\nso ")
    path, body, key = server.seen[0]
    assert path == "/v1/completions"
    assert key == "Bearer abc"
    assert {k: body[k] for k in ("model", "max_tokens", "temperature", "stop")} == {
        "model": "m",
        "max_tokens": 9,
        "temperature": 0.5,
        "stop": ["\n\n"],
    }


def test_chat_continues_what_was_written(server, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    policy = EndpointPolicy(server.url, "m", prompt=Prompt(chat=True, system="be brief", after=""))
    assert policy.complete([(PROBLEMS[1], "")], n=1, seed=0)[0][0].text.startswith("1 + 1 = ?|")
    assert policy.complete([(PROBLEMS[1], "so 2")], n=1, seed=0)[0][0].text.startswith("so 2|")
    path, body, key = server.seen[1]
    assert path == "/v1/chat/completions"
    assert key is None
    assert [turn["role"] for turn in body["messages"]] == ["system", "user", "assistant"]
    assert body["continue_final_message"] is True


def test_busy_servers_are_asked_again_and_refusals_are_not(server):
    policy = EndpointPolicy(server.url, "m", wait=0.0, tries=3)
    server.fail[:] = [503, 429]
    assert policy.complete([(PROBLEMS[0], "")], n=1, seed=0)[0][0].finished
    assert len(server.seen) == 3
    server.fail[:] = [503] * 3
    with pytest.raises(EndpointError, match="HTTP 503: busy"):
        policy.complete([(PROBLEMS[0], "")], n=1, seed=0)
    before = len(server.seen)
    server.fail[:] = [401]
    with pytest.raises(EndpointError, match="HTTP 401"):
        policy.complete([(PROBLEMS[0], "")], n=1, seed=0)
    assert len(server.seen) == before + 1
    server.shape = "wrong"
    with pytest.raises(EndpointError, match="answered in another shape"):
        policy.complete([(PROBLEMS[0], "")], n=1, seed=0)


def test_no_server_and_no_address():
    with pytest.raises(ConfigError, match="no web address"):
        EndpointPolicy("file:///etc/passwd", "m")
    policy = EndpointPolicy("http://127.0.0.1:9", "m", tries=1, seconds=1)
    with pytest.raises(EndpointError, match="gave no completion"):
        policy.complete([(PROBLEMS[0], "")], n=1, seed=0)


def test_what_is_recorded_is_replayed(tmp_path):
    texts = iter("abcdefgh")

    class Fresh:
        def complete(self, requests, *, n, seed, temperature=1.0):
            return [[Completion(next(texts), 1, -0.5, True) for _ in range(n)] for _ in requests]

    requests = [(PROBLEMS[0], ""), (PROBLEMS[1], "so "), (PROBLEMS[0], "")]
    drawn = Recorder(Fresh(), tmp_path / "r.jsonl").complete(requests, n=2, seed=0)
    replay = ReplayPolicy.read(tmp_path / "r.jsonl")
    assert replay.complete(requests, n=2, seed=9) == drawn
    assert replay.complete(requests[1:2], n=1, seed=0) == [drawn[1][:1]]
    with pytest.raises(ConfigError, match=r"2 of 3 completions.*'p1'"):
        replay.complete(requests[1:2], n=3, seed=0)
    with (tmp_path / "r.jsonl").open("a") as out:
        out.write('{"text": "x"}\n')
    with pytest.raises(RecordError, match=r"r.jsonl:7: not a recorded completion"):
        ReplayPolicy.read(tmp_path / "r.jsonl")
