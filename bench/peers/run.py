#!/usr/bin/env python3
"""Times the program against PyTorch and JAX and writes NAME.md and NAME.json.

    python run.py --programs target/release --output bench/runs/peers             # steps, figures, growth
    python run.py --programs target/release --output FILE --huge                  # the shapes of figure 1 as well
    python run.py --programs target/release --output FILE --only steps --optimiser gd --rounds 1
"""
import argparse
import json
import sys
import time
from pathlib import Path

import compare
import figures
import growth
import machine

PARTS = ("steps", "figures", "growth")


def software(compared):
    """Versions and kernels that the rows name, each once."""
    rows = [row for entry in compared for row in entry["rows"].values() if "program" in row]
    return sorted({f"{row['version'] if ' ' in row['version'] else 'steepest ' + row['version']}: {row['blas']}" for row in rows})


def report(command, results):
    """The Markdown."""
    facts = results["machine"]
    out = ["# The program against PyTorch and JAX", "",
           f"`{command}` on {facts['date']}: {facts['processor']}, {facts['cores']} cores, {facts['system']}, Python {facts['python']}, "
           f"{facts['rustc']}; load average {facts['load'][0]:.2f} before, {results['load_after']:.2f} after; {results['minutes']:.1f} minutes."]
    if compared := results.get("steps"):
        out += ["", *(f"- {line}" for line in software(compared)), "",
                f"## Time per step: milliseconds, {results['threads']} thread, float64 unless said, medians of rounds in turn", "", compare.HEADER,
                *(compare.line(entry, results["threads"]) for entry in compared)]
        if rows := compare.products(compared):
            out += ["", "## The dense step of gradient descent against its matrix products", "", compare.PRODUCTS_HEADER, *rows]
    if compared := results.get("figures"):
        out += ["", "## Quick figures on every core, from start to end", "", figures.HEADER, *map(figures.line, compared)]
        if others := [line for entry in compared for line in figures.other_lines(entry)]:
            out += ["", "Other peers, each once with ours beside it; compiling is in their time:", "", figures.OTHERS_HEADER, *others]
    if measured := results.get("growth"):
        out += ["", "## Growth, runs at a time, memory", "", *growth.tables(measured)]
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=True, help="the folder with `steepest` and `steps`, built with --release")
    parser.add_argument("--output", type=Path, required=True, help="where the two files go, without their ending")
    parser.add_argument("--only", action="append", choices=PARTS)
    parser.add_argument("--optimiser", action="append")
    parser.add_argument("--figure", action="append", choices=figures.TARGETS)
    parser.add_argument("--others", action="store_true", help="figures also compiled, by hand, in JAX and in float32: ten minutes more")
    parser.add_argument("--huge", action="store_true", help="also n, d, width = 250, 32768, 1024: eight minutes more")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.25, help="of each peer in each round; ours gets twice that")
    parser.add_argument("--threads", type=int, default=1, help="of the peers; a run of the program has one")
    arguments = parser.parse_args()
    program, binary = (str((arguments.programs / name).resolve()) for name in ("steepest", "steps"))
    parts, start = arguments.only or PARTS, time.perf_counter()
    results = {"command": " ".join(sys.argv), "machine": machine.describe(), "threads": arguments.threads}
    rounds, seconds = arguments.rounds, arguments.seconds
    if "steps" in parts:
        results["steps"] = compare.steps(binary, compare.SHAPES, arguments.threads, rounds, seconds, arguments.optimiser)
        if arguments.huge:
            results["steps"] += compare.steps(binary, (compare.HUGE,), arguments.threads, min(rounds, 2), 0.0, arguments.optimiser)
    if "figures" in parts:
        results["figures"] = figures.compare(program, arguments.figure or list(figures.TARGETS), rounds, arguments.others)
    if "growth" in parts:
        shapes = [*compare.SHAPES[:2], *([compare.HUGE] if arguments.huge else [])]
        results["growth"] = growth.measure(program, binary, shapes, rounds, seconds)
    results |= {"minutes": (time.perf_counter() - start) / 60, "load_after": machine.describe()["load"][0]}
    shown = "python bench/peers/run.py " + " ".join(a for a in sys.argv[1:])
    arguments.output.with_suffix(".md").write_text(report(shown, results))
    arguments.output.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
