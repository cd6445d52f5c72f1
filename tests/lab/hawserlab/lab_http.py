# SPDX-License-Identifier: GPL-2.0-or-later
"""The web server and the web client of the lab, as programs of their own.

    lab_http.py serve NAME ADDRESS PORT		answer every GET with NAME
    lab_http.py ask URL COUNT TIMEOUT OUT	COUNT requests, one after the other, each on a new connection
    lab_http.py watch URL INTERVAL TIMEOUT OUT	a new request every INTERVAL seconds, overlapping, until SIGTERM;
						what is under way then still gets its line

OUT gets one line per finished request: begin, end (seconds since the epoch), "ok" or "fail", body or reason.
"""
import asyncio
import http.server
import signal
import socketserver
import sys
import time
import urllib.parse


class Answer(http.server.BaseHTTPRequestHandler):
    name = b""
    protocol_version = "HTTP/1.0"

    def do_GET(self):  # pylint: disable=invalid-name
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(self.name)))
        self.end_headers()
        self.wfile.write(self.name)

    def log_message(self, *_args):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def server_bind(self):
        # Not HTTPServer's: it looks its own name up, and no name server is reachable here.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]


def serve(name, where, port):
    Answer.name = name.encode() + b"\n"
    Server((where, int(port)), Answer).serve_forever()


async def request(host, port, path, timeout):
    """One GET on a connection of its own; the body, or an exception that says what went wrong."""
    async def talk():
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(("GET %s HTTP/1.0\r\nHost: %s\r\n\r\n" % (path, host)).encode())
            answer = await reader.read()
        finally:
            writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise OSError("answer is not 200: %r" % head[:60])
        return body.decode().strip()
    return await asyncio.wait_for(talk(), timeout)


async def record(out, target, timeout):
    begin = time.time()
    try:
        text = "ok\t" + await request(*target, timeout)
    except asyncio.TimeoutError:
        text = "fail\tno answer in %g s" % timeout
    except OSError as error:
        text = "fail\t" + str(error)
    out.write("%.6f\t%.6f\t%s\n" % (begin, time.time(), text))
    out.flush()


def split(url):
    parts = urllib.parse.urlsplit(url)
    return parts.hostname, parts.port or 80, parts.path or "/"


async def ask(url, count, timeout, out):
    for _ in range(int(count)):
        await record(out, split(url), float(timeout))


async def watch(url, interval, timeout, out):
    running = set()
    due = time.monotonic()
    end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end.set)
    while not end.is_set():
        task = asyncio.ensure_future(record(out, split(url), float(timeout)))
        running.add(task)
        task.add_done_callback(running.discard)
        due = max(due + float(interval), time.monotonic())
        try:
            await asyncio.wait_for(end.wait(), due - time.monotonic())
        except asyncio.TimeoutError:
            pass
    await asyncio.gather(*running)


def main(argv):
    if argv[0] == "serve":
        serve(*argv[1:])
        return
    with open(argv[4], "a", encoding="utf-8") as out:
        asyncio.run((ask if argv[0] == "ask" else watch)(argv[1], argv[2], argv[3], out))


if __name__ == "__main__":
    main(sys.argv[1:])
