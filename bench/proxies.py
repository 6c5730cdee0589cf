"""How each proxy is configured: the same features on all, written as its operators would write them.

On all: HTTP/1.1 with kept connections on both sides, X-Forwarded-For, -Proto and -Port, path rules, a split of 90 : 10
over two targets, time-outs, metrics; the access log off, or on where the work says so. What differs, and why:

* kanaria splits between two target groups, HAProxy and nginx between two servers with weights in one place: with one
  target in each group it is the same to the client, and the cheapest form that they have.
* A path rule is written for the prefix /appN/: kanaria's `path_pattern: /appN/*`, nginx's `location /appN/`, HAProxy's
  `use_backend ... if { path_beg /appN/ }`; for nginx also `location ~ ^/appN/`, the form that wildcards elsewhere need.
* Connections to targets are kept for 60 s on all, nginx's default: else a proxy would lose its own while the others
  have their turns.
* nginx streams uploads (`proxy_request_buffering off`), as the other two do; by default it would store them first.
* The log is kanaria's ALB format, HAProxy's httplog to stdout, nginx's combined format through a buffer that is
  written after 50 ms at the latest, as kanaria does it.
* kanaria also adds X-Amzn-Trace-Id, as an ALB does. It can't be switched off.
"""

import os
from dataclasses import dataclass
from pathlib import Path

KANARIA, HAPROXY, HAPROXY_64K, HAPROXY_SPLICE, NGINX, NGINX_REGEX, FLOOR = (
    "kanaria", "HAProxy", "HAProxy 64k", "HAProxy splice", "nginx", "nginx regex", "floor")
PLAIN = (KANARIA, HAPROXY, NGINX)  # as their operators would set them up


@dataclass(frozen=True)
class Setup:
    """What a piece of work asks of a proxy."""
    workers: int = 1
    rules: int = 1
    access_log: bool = False
    rollout: bool = False  # the first rule's, of kanaria alone; somebody must start it


@dataclass(frozen=True)
class Place:
    """Where a proxy runs."""
    folder: Path  # its own, empty
    programs: Path
    port: int
    metrics_port: int
    targets: tuple  # two ports


ROLLOUT = """\
state_dir: {folder}
rollouts:
  - name: app
    rule: http-{port}/rule-1
    stable: main
    canary: canary
    revision: r1
    steps: [{{set_weight: 10%}}, {{pause: {{}}}}, {{set_weight: 100%}}]
    analysis: {{initial_delay: 0s}}  # latency is judged from the beginning
"""


def kanaria(setup, place):
    rules = "".join(f"""
      - priority: {number}
        conditions: [path_pattern: ["/app{number}/*"]]
        action: {{forward: {{target_groups: [{{name: main, weight: 90}}, {{name: canary, weight: 10}}]}}}}"""
                    for number in range(1, setup.rules + 1))
    config = place.folder / "kanaria.yaml"
    config.write_text(f"""\
workers: {setup.workers}
access_logs: {{enabled: {str(setup.access_log).lower()}, path: "{place.folder}/access.log"}}
admin: {{address: "127.0.0.1:{place.metrics_port}"}}
listeners:
  - address: 127.0.0.1
    port: {place.port}
    rules:{rules}
    default_action: {{fixed_response: {{status_code: 404}}}}
target_groups:
  - {{name: main, health_check: {{enabled: false}}, targets: ["127.0.0.1:{place.targets[0]}"], target_idle_timeout: 60s}}
  - {{name: canary, health_check: {{enabled: false}}, targets: ["127.0.0.1:{place.targets[1]}"], target_idle_timeout: 60s}}
""" + (ROLLOUT.format(folder=place.folder, port=place.port) if setup.rollout else ""))
    return [f"{place.programs}/kanaria", "serve", "--config", str(config)]


def haproxy(setup, place, tuning="", options=""):
    rules = "\n".join(f"    use_backend app if {{ path_beg /app{number}/ }}" for number in range(1, setup.rules + 1))
    log = "log stdout format raw local0\n    option httplog" if setup.access_log else ""
    config = place.folder / "haproxy.cfg"
    config.write_text(f"""\
global
    nbthread {setup.workers}
    maxconn 6000
    {tuning}
defaults
    mode http
    timeout connect 3s
    timeout client 60s
    timeout server 60s
    timeout http-request 10s
    timeout http-keep-alive 60s
    option forwardfor
    http-reuse always
    {options}
frontend http
    bind 127.0.0.1:{place.port}
    {log}
    http-request set-header X-Forwarded-Proto http
    http-request set-header X-Forwarded-Port %[dst_port]
{rules}
    default_backend none
backend app
    balance roundrobin
    default-server pool-purge-delay 60s
    server main 127.0.0.1:{place.targets[0]} weight 90
    server canary 127.0.0.1:{place.targets[1]} weight 10
backend none
    http-request return status 404
frontend metrics
    bind 127.0.0.1:{place.metrics_port}
    http-request use-service prometheus-exporter if {{ path /metrics }}
    default_backend none
""")
    return ["haproxy", "-db", "-f", str(config)]


def haproxy_64k(setup, place):
    return haproxy(setup, place, tuning="tune.bufsize 65536")


def haproxy_splice(setup, place):
    return haproxy(setup, place, options="option splice-request\n    option splice-response")


def nginx(setup, place, location="location /app{}/"):
    rules = "\n".join(f"    {location.format(number)} {{ proxy_pass http://app; }}"
                      for number in range(1, setup.rules + 1))
    log = f'"{place.folder}/access.log" combined buffer=64k flush=50ms' if setup.access_log else "off"
    config = place.folder / "nginx.conf"
    config.write_text(f"""\
daemon off;
{"user root;" if os.getuid() == 0 else ""}
worker_processes {setup.workers};
pid "{place.folder}/nginx.pid";
error_log stderr warn;
events {{ worker_connections 8192; }}
http {{
  access_log {log};
  client_body_temp_path "{place.folder}/body";
  proxy_temp_path "{place.folder}/proxy";
  fastcgi_temp_path "{place.folder}/fastcgi";
  uwsgi_temp_path "{place.folder}/uwsgi";
  scgi_temp_path "{place.folder}/scgi";
  keepalive_timeout 60s;
  keepalive_requests 1000000000;
  client_header_timeout 10s;
  client_body_timeout 60s;
  client_max_body_size 0;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-Port $server_port;
  proxy_connect_timeout 3s;
  proxy_read_timeout 60s;
  proxy_send_timeout 60s;
  proxy_request_buffering off;
  proxy_max_temp_file_size 0;
  upstream app {{
    server 127.0.0.1:{place.targets[0]} weight=90;
    server 127.0.0.1:{place.targets[1]} weight=10;
    keepalive 256;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{place.port} backlog=4096;
{rules}
    location / {{ return 404; }}
  }}
  server {{
    listen 127.0.0.1:{place.metrics_port};
    access_log off;
    location /metrics {{ stub_status; }}
  }}
}}
""")
    return ["nginx", "-p", str(place.folder), "-e", "stderr", "-c", str(config)]


def nginx_regex(setup, place):
    return nginx(setup, place, location="location ~ ^/app{}/")


def floor(setup, place):
    return [f"{place.programs}/bench_floor", str(place.port), str(place.targets[0])]


COMMANDS = {KANARIA: kanaria, HAPROXY: haproxy, HAPROXY_64K: haproxy_64k, HAPROXY_SPLICE: haproxy_splice, NGINX: nginx,
            NGINX_REGEX: nginx_regex, FLOOR: floor}
