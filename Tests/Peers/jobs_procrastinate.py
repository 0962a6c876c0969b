"""Jobs per second that PyPI's `procrastinate` claims and completes: no-op jobs, inserted beforehand.

It claims one job a query; what its documentation offers for throughput are `concurrency` with as many connections in
the pool, and more worker processes.
"""

import logging

import peers
import procrastinate
from psycopg.conninfo import make_conninfo

# It would warn that the application lives in the main module, which matters to its own command line alone.
logging.getLogger("procrastinate").setLevel(logging.ERROR)


def make_app(run: peers.Run) -> procrastinate.App:
    connector = procrastinate.PsycopgConnector(
        conninfo=make_conninfo(run.url, dbname=run.database), min_size=run.concurrency, max_size=run.concurrency
    )
    app = procrastinate.App(connector=connector)

    @app.task(name="nothing")
    async def nothing(number: int) -> None:
        pass

    return app


async def prepare(run: peers.Run) -> None:
    app = make_app(run)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for start in range(0, run.jobs, 1000):
            numbers = range(start, min(start + 1000, run.jobs))
            await app.tasks["nothing"].batch_defer_async(*({"number": number} for number in numbers))


async def work(run: peers.Run, together) -> None:
    app = make_app(run)
    async with app.open_async():
        await app.connector.pool.wait()
        together()
        await app.run_worker_async(
            concurrency=run.concurrency, wait=False, listen_notify=False, install_signal_handlers=False
        )


async def finished(run: peers.Run) -> int:
    app = make_app(run)
    async with app.open_async():
        row = await app.connector.execute_query_one_async(
            "SELECT count(*) AS count FROM procrastinate_jobs WHERE status = 'succeeded'"
        )
        return row["count"]


if __name__ == "__main__":
    options = peers.arguments(__doc__, processes=2, concurrency=2, batch=1)
    peers.measure("procrastinate", options, prepare, work, finished)
