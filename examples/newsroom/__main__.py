"""Start the demo: `python -m examples.newsroom`. It keeps everything it makes in `.demo/`."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from .demo import (
    DEFAULT_PORT,
    FIRST_THIRD_PARTY_PORT,
    PortTakenError,
    Sockets,
    bind_all,
    build,
    log_url,
    origin_of,
    policy_for,
    serve,
)

_WELCOME = """
  The Wenmouth Lantern is open:  {origin}/

  Third parties, on ports of their own:
{third_parties}
  What to try
    read      {origin}/articles/night-ferry-returns
    refuse    in the bar at the foot of the page, read on, then see {origin}/demo: nobody was called
    accept    under "Privacy choices", and watch the same page fill; withdraw, and it empties
    no JS     switch JavaScript off and do it all again
    French    {origin}/fr/

  With curl
    # what is inert for a visitor who hasn't chosen
    curl -s {origin}/ | grep data-ckit
    # which cookies the front page sets: none
    curl -si {origin}/ | grep -i '^set-cookie'
    # what the server makes of you, and of the same visitor with a privacy signal
    curl -s {origin}/_consent/state
    curl -s -H 'Sec-GPC: 1' {origin}/_consent/state
    # the same visitor in Paris, and in San Francisco
    curl -s -H 'CF-IPCountry: FR' {origin}/_consent/state
    curl -s -H 'CF-IPCountry: US-CA' {origin}/_consent/state
    # calls that reached the statistics server
    curl -s {stats}/hits

  The log
    {command} log list --log {log}
    {command} log verify --log {log}

  Policy: {policy}
  Ctrl+C stops it.
"""


def main() -> int:
    """Run until interrupted. Answers the exit code."""
    options = _options()
    options.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        sockets = bind_all(options.port, options.third_party_port)
    except PortTakenError as error:
        print(
            f"{error}. Stop that program, or choose other ports:\n"
            "  python -m examples.newsroom --port 8020 --third-party-port 8120\n"
            "or let the system find free ones:\n"
            "  python -m examples.newsroom --port 0",
            file=sys.stderr,
        )
        return 2
    return asyncio.run(_run(sockets, options.folder))


async def _run(sockets: Sockets, folder: Path) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    policy = policy_for(sockets, folder)
    return await serve(build(sockets, policy, folder), lambda: _welcome(sockets, policy, folder), stop)


def _welcome(sockets: Sockets, policy: Path, folder: Path) -> None:
    parties = {role: origin_of(bound) for role, bound in sockets.third_parties.items()}
    lines = "".join(f"    {role:<9} {origin}\n" for role, origin in parties.items())
    print(
        _WELCOME.format(
            origin=sockets.origin,
            third_parties=lines,
            stats=parties["stats"],
            log=log_url(folder),
            command=os.path.relpath(Path(sys.executable).with_name("consentkit")),
            policy=policy,
        ),
        flush=True,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.newsroom", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="port of the site; 0 finds free ports for everything"
    )
    parser.add_argument(
        "--third-party-port", type=int, default=FIRST_THIRD_PARTY_PORT, help="first of the four ports beside it"
    )
    parser.add_argument("--folder", type=Path, default=Path(".demo"), help="where secret, databases and log are kept")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
