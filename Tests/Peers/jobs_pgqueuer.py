"""Jobs per second that PyPI's `pgqueuer` claims and completes: no-op jobs, inserted beforehand.

As its own benchmark's "drain" does, with what its guide on performance advises: asyncpg, a larger batch for short
jobs, its autovacuum settings, several workers in a process; tables stay durable.
"""

import asyncio
import logging

import asyncpg
import peers
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode


async def prepare(run: peers.Run) -> None:
    connection = await asyncpg.connect(run.url, database=run.database)
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    await queries.optimize_autovacuum()
    for start in range(0, run.jobs, 1000):
        count = min(1000, run.jobs - start)
        await queries.enqueue(["nothing"] * count, [b"%d" % (start + number) for number in range(count)], [0] * count)
    await connection.close()


async def work(run: peers.Run, together) -> None:
    logging.getLogger("pgqueuer").setLevel(logging.WARNING)
    workers = []
    for _ in range(run.concurrency):
        worker = PgQueuer(AsyncpgDriver(await asyncpg.connect(run.url, database=run.database)))

        @worker.entrypoint("nothing")
        async def nothing(job: Job) -> None:
            pass

        workers.append(worker)
    together()
    await asyncio.gather(*(worker.run(batch_size=run.batch, mode=QueueExecutionMode.drain) for worker in workers))


async def finished(run: peers.Run) -> int:
    connection = await asyncpg.connect(run.url, database=run.database)
    try:
        left = await connection.fetchval("SELECT count(*) FROM pgqueuer")
        successful = await connection.fetchval("SELECT count(*) FROM pgqueuer_log WHERE status = 'successful'")
        return successful - left
    finally:
        await connection.close()


if __name__ == "__main__":
    options = peers.arguments(__doc__, processes=2, concurrency=1, batch=100)
    peers.measure("pgqueuer", options, prepare, work, finished)
