"""A process of its own that writes to the log, for tests with several: says what it was told as one line of JSON."""

import asyncio
import random
import sys
from uuid import UUID, uuid4

import msgspec

from application.shared.ports import Lost
from domain.shared.refused import Conflict
from infra.postgres.log import PostgresLog
from tests.infra.log.toys import Counter, ToyKey, added, entry, name, sent_until_known


async def write(url: str, seed: str, *shared: str) -> list[tuple[UUID, int, int]]:
    """Four writers, each with a connection of its own, that add to a stream of their own and to shared ones."""
    chance = random.Random(seed)  # noqa: S311 — a seed makes a run that can be repeated.

    async def writer(own: UUID) -> list[tuple[UUID, int, int]]:
        log = PostgresLog(url, readers=1)
        await log.start()
        told = []
        for _ in range(25):
            await asyncio.sleep(chance.uniform(0, 0.01))
            streams = [own, UUID(chance.choice(shared))]
            while True:
                versions = [(await log.load(Counter, stream))[0].version + 1 for stream in streams]
                try:
                    written = await log.append(entry(log, *map(added, streams, versions)))
                except Lost:
                    continue
                told += [(streams[0], versions[0], written.position - 1), (streams[1], versions[1], written.position)]
                break
        await log.stop()
        return told

    return [line for lines in await asyncio.gather(*(writer(uuid4()) for _ in range(4))) for line in lines]


async def one_key(url: str, stream: str, key: str) -> list[tuple[bool, int, bytes | None]]:
    """25 requests with the same key at once."""
    log = PostgresLog(url, readers=1)
    await log.start()
    wanted = [entry(log, added(UUID(stream), 1), key=ToyKey(bytes.fromhex(key)), answer=uuid4().bytes) for _ in range(25)]
    told = await asyncio.gather(*(sent_until_known(log, one) for one in wanted))
    await log.stop()
    return [
        (written.duplicate, written.position, one.answer if not written.duplicate else written.answer)
        for written, one in zip(told, wanted, strict=True)
    ]


async def claim(url: str, word: str) -> list[str]:
    """25 commands that want the same name at once."""
    log = PostgresLog(url, readers=1)
    await log.start()

    async def one(stream: UUID) -> str:
        while True:
            try:
                await log.append(entry(log, added(stream, 1), claims=(name(word, stream),)))
            except Lost:
                continue
            except Conflict as refused:
                return type(refused).__name__
            return str(stream)

    told = await asyncio.gather(*(one(uuid4()) for _ in range(25)))
    await log.stop()
    return list(told)


async def main() -> None:
    work = {"write": write, "one_key": one_key, "claim": claim}[sys.argv[1]]
    say("ready")
    sys.stdin.readline()
    say(msgspec.json.encode(await work(*sys.argv[2:])).decode())


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
