"""All that concerns requests, rewriting, cookie and banner, in one table: python -m benchmarks [--quick] [part …]"""

from __future__ import annotations

import argparse
from types import ModuleType

from benchmarks import cookie_and_banner, imports, requests, rewriting, servers, streaming, throughput
from benchmarks.baselines import surroundings
from benchmarks.table import QUICK, Effort, Row, print_heading, print_rows

PARTS: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (requests, rewriting, throughput, streaming, cookie_and_banner, servers, imports)
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("part", nargs="*", choices=[[], *PARTS], help="only these parts")
    parser.add_argument("--quick", action="store_true", help="see that everything runs; the figures mean nothing")
    parser.add_argument("--rounds", type=int, default=Effort().rounds, help="interleaved; the median counts")
    arguments = parser.parse_args()
    effort = QUICK if arguments.quick else Effort(rounds=arguments.rounds)
    print(*surroundings(), sep="\n")
    print_heading()
    rows: list[Row] = []
    for name in arguments.part or PARTS:
        rows += print_rows(PARTS[name].TITLE, PARTS[name].rows(effort))
    goals = [row for row in rows if row.met is not None]
    print(f"{sum(row.met is True for row in goals)} of {len(goals)} goals met; median of {effort.rounds} rounds")


if __name__ == "__main__":
    main()
