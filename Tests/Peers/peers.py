"""What the peers' scripts share: the command line, a database of their own, processes that start together, the result.

A script hands `measure` three things: `prepare` makes the peer's tables and inserts the jobs, `work` runs one worker
until the queue is empty, `finished` counts what was completed. The clock runs from the moment that all workers are
connected until the last of them has come back; making the tables and inserting the jobs is not in it.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg
import uvloop


@dataclass(frozen=True)
class Run:
    """One measurement: where, how much, and with how many workers."""

    url: str
    database: str
    jobs: int
    processes: int
    concurrency: int
    batch: int


def arguments(description: str, *, processes: int, concurrency: int, batch: int) -> argparse.Namespace:
    """Reads the command line; what a script gives are the settings that were fastest for its peer."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("url", help="URL of a PostgreSQL whose user may create databases")
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=processes, help="worker processes")
    parser.add_argument("--concurrency", type=int, default=concurrency, help="workers or jobs at once in a process")
    parser.add_argument("--batch", type=int, default=batch, help="jobs a claim takes, where the peer has batches")
    return parser.parse_args()


async def administer(url: str, *statements: str, database: str | None = None) -> None:
    """Runs statements outside a transaction."""
    connection = await asyncpg.connect(url, **({"database": database} if database else {}))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def _worker(work: Callable[[Run, Callable[[], None]], Awaitable[None]], run: Run, together, ends) -> None:
    uvloop.run(work(run, together.wait))
    ends.put(time.monotonic())


async def _measure(peer: str, run: Run, prepare, work, finished) -> dict[str, object]:
    await prepare(run)
    # The planner knows the table in production; here it has just been filled.
    await administer(run.url, "VACUUM ANALYZE", database=run.database)
    context = multiprocessing.get_context("spawn")
    together, ends = context.Barrier(run.processes + 1), context.Queue()
    workers = [context.Process(target=_worker, args=(work, run, together, ends)) for _ in range(run.processes)]
    for worker in workers:
        worker.start()
    together.wait(timeout=60)
    started = time.monotonic()
    seconds = max(ends.get(timeout=600) for _ in workers) - started
    for worker in workers:
        worker.join()
    completed = await finished(run)
    if completed != run.jobs:
        sys.exit(f"{peer} completed {completed} of {run.jobs} jobs")
    return {
        "peer": peer,
        "jobs": run.jobs,
        "seconds": round(seconds, 3),
        "jobs_per_second": round(run.jobs / seconds, 1),
    }


async def _in_own_database(peer: str, run: Run, prepare, work, finished) -> None:
    await administer(run.url, f"CREATE DATABASE {run.database}")
    try:
        print(json.dumps(await _measure(peer, run, prepare, work, finished)), flush=True)
    finally:
        await administer(run.url, f"DROP DATABASE {run.database} WITH (FORCE)")


def measure(peer: str, options: argparse.Namespace, prepare, work, finished) -> None:
    """Measures a peer and prints one line of JSON."""
    run = Run(
        url=options.url,
        database=f"peer_{peer}_{os.getpid()}",
        jobs=options.jobs,
        processes=options.processes,
        concurrency=options.concurrency,
        batch=options.batch,
    )
    asyncio.run(_in_own_database(peer, run, prepare, work, finished))
