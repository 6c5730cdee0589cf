"""The daemons that the suite needs: one for each desync mitigation mode, and one for each other setting that shows on the
wire. What is not said here is as shipped."""

from dataclasses import dataclass, field

APPENDED = b"X-Forwarded-For: 127.0.0.1\r\n"


@dataclass
class Daemon:
    settings: dict = field(default_factory=dict)  # of load_balancer
    host: bytes = b"a:{port}"                     # what "Host: a" becomes
    forwarded_for: bytes = APPENDED               # what no X-Forwarded-For becomes

    @property
    def values(self):
        return {b"{host}": self.host, b"{xff}": self.forwarded_for}

    def config(self, port, admin, target):
        settings = "".join(f"  {key}: {value}\n" for key, value in self.settings.items())
        return ("workers: 1\n"
                f"load_balancer:\n{settings}"
                f"access_logs: {{enabled: true, path: \"-\"}}\n"
                f"admin: {{address: \"127.0.0.1:{admin}\"}}\n"
                f"listeners:\n"
                f"  - port: {port}\n"
                f"    address: 127.0.0.1\n"
                f"    rules:\n"
                f"      - priority: 1\n"
                f"        conditions: [{{path_pattern: [/fixed]}}]\n"
                f"        action: {{fixed_response: {{status_code: 200, content_type: text/plain, message_body: ours}}}}\n"
                f"      - priority: 2\n"
                f"        conditions: [{{path_pattern: [/moved]}}]\n"
                f"        action: {{redirect: {{path: /new, status_code: HTTP_301}}}}\n"
                f"    default_action: {{target_group: app}}\n"
                f"target_groups:\n"
                f"  - {{name: app, health_check: {{enabled: false}}, targets: [\"127.0.0.1:{target}\"]}}\n")


DAEMONS = {
    "monitor": Daemon({"desync_mitigation_mode": "monitor"}),
    "defensive": Daemon({"desync_mitigation_mode": "defensive"}),
    "strictest": Daemon({"desync_mitigation_mode": "strictest"}),
    "preserve_host": Daemon({"preserve_host_header": "true"}, host=b"a"),
    "xff_preserve": Daemon({"xff_header_processing_mode": "preserve"}, forwarded_for=b""),
    "xff_remove": Daemon({"xff_header_processing_mode": "remove"}, forwarded_for=b""),
    "client_port": Daemon({"enable_xff_client_port": "true"}, forwarded_for=b"X-Forwarded-For: 127.0.0.1:{client}\r\n"),
    "drop_invalid": Daemon({"drop_invalid_header_fields": "true"}),
    "bounded": Daemon({"max_request_body": 1000}),
}
