"""What is measured: each piece of work, and which proxies do it, set up in which way."""

from dataclasses import dataclass

from proxies import FLOOR, HAPROXY, HAPROXY_64K, HAPROXY_SPLICE, KANARIA, NGINX, NGINX_REGEX, PLAIN, Setup

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Lane:
    """One proxy, set up in one way: what takes its turn in each round."""
    proxy: str
    variant: str = ""
    setup: Setup = Setup()

    @property
    def name(self):
        return f"{self.proxy}, {self.variant}" if self.variant else self.proxy


@dataclass(frozen=True)
class Work:
    key: str
    title: str
    lanes: tuple
    path: str = "/app1/0"
    connections: int = 32
    arguments: tuple = ()  # of load.lua
    with_h2load: bool = False  # instead of wrk


def lanes(*names, setup=Setup()):
    return tuple(Lane(name, setup=setup) for name in names)


BODIES = (KANARIA, HAPROXY, HAPROXY_64K, HAPROXY_SPLICE, NGINX, FLOOR)
WORKS = (
    Work("small", "small answers, keep-alive", lanes(*PLAIN, FLOOR)),
    Work("small-log", "the same, access log on", lanes(*PLAIN, setup=Setup(access_log=True))),
    Work("small-h2load", "small answers, h2load as load", lanes(*PLAIN, FLOOR), with_h2load=True),
    Work("close", "small answers, a new connection each", lanes(*PLAIN), arguments=("close",)),
    Work("10k", "10 KiB answers", lanes(*PLAIN, FLOOR), path="/app1/10k"),
    Work("1m", "1 MiB answers", lanes(*BODIES), path="/app1/1m", connections=8),
    Work("upload", "1 MiB uploads", lanes(*BODIES), connections=8, arguments=("upload", str(MEBIBYTE))),
    Work("rules", "small answers, path rules",
         tuple(Lane(name, f"{count:,} rules", Setup(rules=count))
               for name in (*PLAIN, NGINX_REGEX) for count in (10, 1000))),
    Work("workers", "small answers, two workers on two cores", connections=64, lanes=tuple(
        Lane(name, f"{count} worker{'s' * (count > 1)}", Setup(workers=count)) for name in PLAIN for count in (1, 2))),
)
IDLE, START = "idle", "start"
KEYS = [work.key for work in WORKS] + [IDLE, START]
