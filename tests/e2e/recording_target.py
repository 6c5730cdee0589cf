"""A target that writes down each request that it was given before it answers, so that a test may kill it at any time and
still know what had come: `recording_target.py HOST:PORT FILE NAME [SECONDS]`, with SECONDS for how long an idle connection is
kept. One line a request: method and X-Id."""

import asyncio
import os
import sys


async def serve(reader, writer, log, name, keep):
    try:
        while True:
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), keep)).decode("latin-1")
            lines = head.split("\r\n")
            fields = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in lines[1:])}
            await reader.readexactly(int(fields.get("content-length", "0")))
            os.write(log, f"{lines[0].split()[0]} {fields.get('x-id', '-')}\n".encode())
            body = f"APP_NAME: {name}".encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
    except (asyncio.TimeoutError, asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main(where, path, name, keep=None):
    host, port = where.split(":")
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    server = await asyncio.start_server(
        lambda reader, writer: serve(reader, writer, log, name, float(keep) if keep else None), host, int(port),
        reuse_address=True, backlog=256)
    print(f"listens on {where}", flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
