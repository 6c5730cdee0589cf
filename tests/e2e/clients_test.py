"""Clients that people use, through the daemon to an application that tells what reached it: curl, aiohttp, httpx,
websockets; and slowhttptest, which means harm."""

import asyncio
import gzip
import hashlib
import io
import json
import random
import re
import subprocess
import threading
import unittest

import aiohttp
import aiohttp.web
import httpx
import websockets

from support import TIMEOUT, Case, Program, get, read_head, read_to_end

LARGE = random.Random(4).randbytes(8 << 20)
ZIPPED = gzip.compress(b"kanaria " * 10_000, mtime=0)


def digest(body):
    return hashlib.sha256(body).hexdigest()


def pieces(body, size=50_000):
    return (body[at:at + size] for at in range(0, len(body), size))


async def describe(request):
    """What a target was sent, as JSON."""
    sha, length = hashlib.sha256(), 0
    async for piece in request.content.iter_any():
        sha.update(piece)
        length += len(piece)
    return aiohttp.web.json_response({
        "method": request.method, "target": request.raw_path, "length": length, "digest": sha.hexdigest(),
        "headers": {name.lower(): value for name, value in request.headers.items()}})


async def large(_request):
    return aiohttp.web.Response(body=LARGE)


async def stream(request):
    answer = aiohttp.web.StreamResponse()
    answer.enable_chunked_encoding()
    await answer.prepare(request)
    for piece in pieces(LARGE):
        await answer.write(piece)
    return answer


async def zipped(_request):
    return aiohttp.web.Response(body=ZIPPED, headers={"Content-Encoding": "gzip"})


async def talk(tunnel):
    """Says everything back; on "leave" it ends the conversation with a code of its own."""
    try:
        while (message := await tunnel.recv()) != "leave":
            await tunnel.send(message)
        await tunnel.close(4001, "as you wish")
    except websockets.ConnectionClosed:
        pass


class Application:
    """An HTTP server of aiohttp's and a WebSocket server of websockets', on a loop in a thread of their own."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._runner = self._tunnels = None
        self.target, self.tunnel_target = self.run(self._start())

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(TIMEOUT)

    async def _start(self):
        application = aiohttp.web.Application(client_max_size=1 << 30)
        application.router.add_get("/large", large)
        application.router.add_get("/stream", stream)
        application.router.add_get("/gzip", zipped)
        application.router.add_route("*", "/{anything:.*}", describe)
        self._runner = aiohttp.web.AppRunner(application)
        await self._runner.setup()
        await aiohttp.web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._tunnels = await websockets.serve(talk, "127.0.0.1", 0, max_size=1 << 24)
        return (f"127.0.0.1:{self._runner.addresses[0][1]}",
                f"127.0.0.1:{self._tunnels.sockets[0].getsockname()[1]}")

    async def _stop(self):
        self._tunnels.close()
        await self._tunnels.wait_closed()
        await self._runner.cleanup()

    def close(self):
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(TIMEOUT)
        self._loop.close()


class Clients(Case):
    def setUp(self):
        super().setUp()
        self.application = Application()
        self.addCleanup(self.application.close)
        self.daemon = self.kanaria({"app": (1, [self.application.target])})
        self.url = f"http://127.0.0.1:{self.daemon.port}"


class Curl(Clients):
    def curl(self, *arguments, stdin=b"", proxy=False):
        """What it wrote and what it said."""
        direct = [] if proxy else ["--noproxy", "*"]
        result = subprocess.run(["curl", "-sS", "--max-time", str(TIMEOUT), *direct, *map(str, arguments)], input=stdin,
                                capture_output=True, timeout=TIMEOUT * 2, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout, result.stderr

    def test_it_sends_two_requests_over_one_connection(self):
        made, _ = self.curl("-o", "/dev/null", "-o", "/dev/null", "-w", "%{http_code} %{num_connects}\n",
                            f"{self.url}/1", f"{self.url}/2")
        self.assertEqual(made, b"200 1\n200 0\n")

    def test_it_waits_for_100_before_it_uploads(self):
        file = self.dir / "upload"
        file.write_bytes(LARGE)
        answer, said = self.curl("-v", "-H", "Expect: 100-continue", "--expect100-timeout", TIMEOUT, "-T", file, self.url + "/up")
        self.assertIn(b"< HTTP/1.1 100 Continue", said)
        sent = json.loads(answer)
        self.assertEqual((sent["method"], sent["digest"]), ("PUT", digest(LARGE)))
        self.assertEqual(sent["headers"]["content-length"], str(len(LARGE)))

    def test_it_uploads_in_chunks_what_has_no_length(self):
        answer, _ = self.curl("-T", "-", self.url + "/up", stdin=LARGE)
        sent = json.loads(answer)
        self.assertEqual((sent["digest"], sent["headers"]["transfer-encoding"]), (digest(LARGE), "chunked"))
        self.assertNotIn("content-length", sent["headers"])

    def test_it_speaks_http_1_0(self):
        body, _ = self.curl("--http1.0", self.url + "/stream")
        self.assertEqual(digest(body), digest(LARGE))

    def test_it_uses_the_daemon_as_its_proxy(self):
        answer, _ = self.curl("-x", self.url, "http://shop.test/a?b=c", proxy=True)
        sent = json.loads(answer)
        self.assertEqual((sent["target"], sent["headers"]["host"]), ("/a?b=c", f"shop.test:{self.daemon.port}"))
        self.assertNotIn("proxy-connection", sent["headers"])

    def test_it_asks_for_the_head_alone(self):
        head, _ = self.curl("--head", self.url + "/large")
        self.assertIn(b"content-length: %d\r\n" % len(LARGE), head.lower())
        self.assertTrue(head.endswith(b"\r\n\r\n"))

    def test_it_downloads_what_is_large(self):
        body, _ = self.curl(self.url + "/large")
        self.assertEqual(digest(body), digest(LARGE))


class Aiohttp(Clients):
    def test_a_session_keeps_its_connection_over_everything_it_does(self):
        async def upload():
            for piece in pieces(LARGE):
                yield piece

        async def converse():
            connections = []

            async def made(_session, _context, _parameters):
                connections.append(1)

            trace = aiohttp.TraceConfig()
            trace.on_connection_create_end.append(made)
            connector = aiohttp.TCPConnector(limit=1)
            timeout = aiohttp.ClientTimeout(TIMEOUT)
            async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False,
                                             trace_configs=[trace]) as session:
                async with session.post(self.url + "/chunks", data=upload()) as answer:
                    sent = await answer.json()
                    self.assertEqual((sent["digest"], sent["headers"]["transfer-encoding"]), (digest(LARGE), "chunked"))
                async with session.post(self.url + "/length", data=io.BytesIO(LARGE)) as answer:
                    sent = await answer.json()
                    self.assertEqual((sent["digest"], sent["headers"]["content-length"]), (digest(LARGE), str(len(LARGE))))
                async with session.get(self.url + "/stream") as answer:
                    self.assertEqual(answer.headers["Transfer-Encoding"], "chunked")
                    sha = hashlib.sha256()
                    async for piece in answer.content.iter_any():
                        sha.update(piece)
                    self.assertEqual(sha.hexdigest(), digest(LARGE))
                async with session.get(self.url + "/gzip") as answer:
                    self.assertEqual((answer.headers["Content-Encoding"], await answer.read()), ("gzip", ZIPPED))
            self.assertEqual(len(connections), 1)

        asyncio.run(converse())


class Httpx(Clients):
    def client(self, daemon=None):
        return httpx.Client(timeout=TIMEOUT, trust_env=False, base_url=f"http://127.0.0.1:{(daemon or self.daemon).port}")

    def test_it_streams_both_ways_over_one_connection(self):
        def address(answer):
            return answer.extensions["network_stream"].get_extra_info("client_addr")

        with self.client() as client:
            answer = client.post("/up", content=pieces(LARGE))
            used, sent = address(answer), answer.json()
            self.assertEqual((sent["digest"], sent["headers"]["transfer-encoding"]), (digest(LARGE), "chunked"))
            sha = hashlib.sha256()
            with client.stream("GET", "/stream") as answer:
                for piece in answer.iter_bytes():
                    sha.update(piece)
            self.assertEqual(sha.hexdigest(), digest(LARGE))
            answer = client.get("/gzip")
            self.assertEqual((answer.content, address(answer)), (gzip.decompress(ZIPPED), used))

    def test_trailers_do_not_disturb_what_follows(self):
        def script(sock):
            for _ in range(2):
                read_head(sock)
                sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Digest\r\n\r\n"
                             b"5\r\nhello\r\n0\r\nDigest: x\r\n\r\n")
            read_to_end(sock)

        daemon = self.kanaria({"app": (1, [self.scripted(script).target])})
        with self.client(daemon) as client:
            for _ in range(2):
                answer = client.get("/")
                self.assertEqual(answer.text, "hello")
                self.assertNotIn("Digest", answer.headers)


class Websockets(Clients):
    def tunnel(self):
        daemon = self.kanaria({"app": (1, [self.application.tunnel_target])})
        return websockets.connect(f"ws://127.0.0.1:{daemon.port}/", open_timeout=TIMEOUT, close_timeout=TIMEOUT, max_size=1 << 24)

    def test_messages_of_every_kind_come_back(self):
        async def converse():
            async with self.tunnel() as tunnel:
                for message in ("text", "", b"\x00\xff", LARGE[:1 << 20], "ä" * (1 << 19)):
                    await tunnel.send(message)
                    self.assertEqual(await asyncio.wait_for(tunnel.recv(), TIMEOUT), message)
                await asyncio.wait_for(await tunnel.ping(b"still there?"), TIMEOUT)

        asyncio.run(converse())

    def test_each_side_s_code_reaches_the_other(self):
        async def converse():
            async with self.tunnel() as tunnel:
                await tunnel.send("leave")
                await asyncio.wait_for(tunnel.wait_closed(), TIMEOUT)
                self.assertEqual((tunnel.close_code, tunnel.close_reason), (4001, "as you wish"))
            async with self.tunnel() as tunnel:
                await tunnel.close(4002, "enough")
                self.assertEqual((tunnel.close_code, tunnel.close_reason), (4002, "enough"))  # it was said back

        asyncio.run(converse())


class Slowhttptest(Case):
    def attack(self, *arguments):
        program = Program(["slowhttptest", *arguments])
        self.addCleanup(program.stop)
        return program

    def test_the_service_stays_available(self):
        app = self.echo("app", "--body-size", "1MiB")
        daemon = self.kanaria({"app": (1, [app.target])})
        url = f"http://127.0.0.1:{daemon.port}/"
        modes = {"slow heads": ["-H", "-x", "24"], "slow bodies": ["-B", "-s", "8192", "-x", "10"],
                 "slow reading": ["-X", "-w", "512", "-y", "1024", "-n", "1", "-z", "32", "-k", "2"]}
        attacks = {name: self.attack(*mode, "-c", "100", "-r", "100", "-i", "1", "-l", "6", "-p", "3", "-u", url)
                   for name, mode in modes.items()}
        requests = 0
        while any(attack.process.poll() is None for attack in attacks.values()):
            self.assertEqual(get(daemon.port, "/__echo")[0], 200)
            requests += 1
        self.assertGreater(requests, 100)
        for name, attack in attacks.items():
            with self.subTest(attack=name):
                self.assertEqual(attack.wait(), 0, attack.output())
                said = re.sub(r"\x1b\[[\d;]*m", "", attack.output())
                self.assertEqual(set(re.findall(r"service available: +(\w+)", said)), {"YES"}, said)
                self.assertIn("Hit test time limit", said)  # and not that all its connections were closed


if __name__ == "__main__":
    unittest.main()
