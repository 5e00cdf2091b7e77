"""nginx as a shared cache in front of a real server, set up as carelessly as the rules for caches allow."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers.running import Answer, Running, free_port, python_server, running

MISSING = "These tests need nginx: apt-get install nginx, or set CONSENTKIT_NGINX to where it is."
#: Only `Cache-Control` and its like keep an answer out: not its Set-Cookie, and not that it says nothing. For pages not
#: even `Vary` counts, as in many a CDN. The key is nginx's own, without the Host.
CONFIG = """
daemon off;
master_process off;
worker_processes 1;
pid {folder}/pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  proxy_cache_path {folder}/cache keys_zone=pages:2m;
  server {{
    listen 127.0.0.1:{port};
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_cache pages;
    proxy_cache_revalidate on;
    proxy_cache_valid 200 301 404 10m;
    add_header X-Cache-Status $upstream_cache_status always;
    location / {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_ignore_headers Set-Cookie Vary;
    }}
    location ~ ^/(picture|pixel|linked|_consent)/ {{
      proxy_pass http://127.0.0.1:{behind};
      proxy_ignore_headers Set-Cookie;
    }}
  }}
}}
"""


def find_nginx() -> str | None:
    """Where nginx is installed; its usual place is in the path of administrators alone."""
    return os.environ.get("CONSENTKIT_NGINX") or shutil.which("nginx") or shutil.which("/usr/sbin/nginx")


class Cached:
    """A site that can be asked through a shared cache, and directly."""

    def __init__(self, front: Running, behind: Running) -> None:
        self.front = front
        self.behind = behind

    def get(self, path: str, headers: Mapping[str, str] | None = None, *, method: str = "GET") -> tuple[str, Answer]:
        """What the cache did, and the answer without the cache's word on it."""
        status, found, body = self.front.get(path, headers, method=method)
        said = [value for key, value in found if key == "x-cache-status"]
        kept = [(key, value) for key, value in found if key not in ("x-cache-status", "connection")]
        return said[0] if said else "", Answer(status, kept, body)

    def get_directly(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """What the site itself answers."""
        return self.behind.get(path, headers)


@contextmanager
def cached_site(nginx: str, folder: Path) -> Iterator[Cached]:
    """`tests.servers.pages` on uvicorn, behind nginx."""
    port, behind = free_port(), free_port()
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=folder, port=port, behind=behind))
    with ExitStack() as stack:
        site = stack.enter_context(running(python_server("uvicorn-h11", "tests.servers.pages:app", behind), behind))
        front = stack.enter_context(running([nginx, "-p", str(folder), "-c", str(config)], port))
        yield Cached(front, site)
