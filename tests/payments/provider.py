"""A payment provider in a process of its own that keeps to the protocol of `docs/payment-provider.md`, and misbehaves on command.

It writes down every call it carries out, so tests see what was charged, and how often. `POST /admin/behave` sets what goes wrong next: a list of
`Trouble`; the first that fits a call is what happens to it, `times` times. `POST /admin/webhooks` makes it tell by itself (`Telling`).
"""

import asyncio
import json
import random
import sys
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import msgspec
from standardwebhooks import Webhook

STEPS = ("authorise", "capture", "void", "refund")
KEY = "test-key"


class Trouble(msgspec.Struct):
    """What happens to the next calls of `step`: a status of `STATUSES` that is remembered by key (`declined`, `failed`) or not (`busy`, `stranger`);
    `error`, `cut`, `half`, `twice`, `garbage`, `redirect`, `endless`: so it is answered, `done` before that or not; `late`: it takes so many
    `seconds`, and is done before or after them; `never`: it takes so many seconds, and is not done.
    """

    what: str
    step: str = "*"
    times: int = 1
    done: bool = True
    seconds: float = 0


class Telling(msgspec.Struct):
    """Webhooks to `url`: each change `times` times; `before` its answer, `after` it, or `late`: shuffled within so many `seconds`."""

    url: str
    secret: str
    times: int = 1
    when: str = "after"
    seconds: float = 0


STATUSES = {"declined": 402, "failed": 409, "busy": 429, "stranger": 401}
REMEMBERED = {"declined", "failed"}


class Provider:
    """What it knows: the answers by key, and the journal of what was done."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {}
        self.journal: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.sums: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(STEPS, 0))
        self.troubles: list[Trouble] = []
        self.telling: Telling | None = None
        self.told: list[int] = []
        self.tasks: set[asyncio.Task[None]] = set()

    def stands(self, payment: str) -> dict[str, Any]:
        sums = self.sums[payment]
        names = zip(("authorised", "captured", "voided", "refunded"), STEPS, strict=True)
        return {name: sums[step] for name, step in names} | {"reference": f"ch_{payment}" if sums["authorise"] else ""}

    def carry_out(self, step: str, payment: str, amount: int, key: str) -> tuple[int, Any]:
        """Once per key; another key authorises once more, so that whoever charges twice is seen."""
        if key not in self.answers:
            sums = self.sums[payment]
            left = sums["capture"] - sums["refund"] if step == "refund" else sums["authorise"] - sums["void"] - sums["capture"]
            if step != "authorise" and amount > left:
                self.answers[key] = 402, {"code": "not_possible", "message": "There is not so much left."}
            else:
                sums[step] += amount
                self.journal.append({"key": key, "step": step, "payment_id": payment, "amount": amount})
                self.answers[key] = 200, self.stands(payment)
        status, body = self.answers[key]
        return status, self.stands(payment) if status == 200 else body

    def trouble(self, step: str) -> Trouble | None:
        for trouble in self.troubles:
            if trouble.times > 0 and trouble.step in {"*", step}:
                trouble.times -= 1
                return trouble
        return None

    async def tell(self, payment: str) -> None:
        """By itself, as it was told to."""
        if self.telling is None:
            return
        stamp = datetime.now(UTC)
        body = json.dumps({"type": "payment.updated", "timestamp": stamp.isoformat(), "data": {"payment_id": payment} | self.stands(payment)})
        message = f"msg_{uuid4().hex}"
        sent = [self._send(self.telling, message, body) for _ in range(self.telling.times)]
        if self.telling.when == "before":
            await asyncio.gather(*sent)
            return
        for one in sent:
            task = asyncio.create_task(one)
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _send(self, telling: Telling, message: str, body: str) -> None:
        await asyncio.sleep(random.uniform(0, telling.seconds) if telling.when == "late" else 0)  # noqa: S311 — an order, not a secret.
        stamp = datetime.now(UTC)
        signature = Webhook(telling.secret).sign(message, stamp, body)
        headers = {"webhook-id": message, "webhook-timestamp": str(int(stamp.timestamp())), "webhook-signature": signature}
        status = 0
        with suppress(httpx.HTTPError):
            async with httpx.AsyncClient(timeout=50, trust_env=False) as client:
                status = (await client.post(telling.url, content=body, headers=headers | {"content-type": "application/json"})).status_code
        self.told.append(status)


class Conversation:
    """One connection, request after request."""

    def __init__(self, provider: Provider, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.provider = provider
        self.reader = reader
        self.writer = writer

    async def serve(self) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while not self.writer.is_closing():
                head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method, path, _ = head[0].split(" ")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
                body = await self.reader.readexactly(int(headers.get("content-length", 0)))
                await self.answer(method, path, headers, json.loads(body or b"null"))
        self.writer.close()

    async def answer(self, method: str, path: str, headers: dict[str, str], body: Any) -> None:
        _, first, *rest = path.split("/")
        if first == "admin":
            await self.send(200, self.admin(rest[0], body))
        elif headers.get("authorization") != f"Bearer {KEY}":
            await self.send(401, {"code": "unknown_key", "message": "Who are you?"})
        else:
            await self.asked(method, rest, headers.get("idempotency-key", ""), body)

    async def asked(self, method: str, rest: list[str], key: str, body: Any) -> None:
        payment, step = rest[0], "query" if method == "GET" else rest[1]
        self.provider.asked.append({"step": step, "payment_id": payment, "key": key, "at": asyncio.get_running_loop().time()})

        async def do() -> tuple[int, Any]:
            if step == "query":
                return 200, self.provider.stands(payment)
            before = len(self.provider.journal)
            done = self.provider.carry_out(step, payment, body["amount"], key)
            if len(self.provider.journal) > before:
                await self.provider.tell(payment)
            return done

        trouble = self.provider.trouble(step)
        if trouble is None:
            await self.send(*await do())
        elif trouble.what in STATUSES:
            said = STATUSES[trouble.what], {"code": trouble.what, "message": f"It was {trouble.what}."}
            if trouble.what in REMEMBERED:
                said = self.provider.answers.setdefault(key, said)
            await self.send(*said)
        else:
            await self.misbehave(trouble, do)

    async def misbehave(self, trouble: Trouble, do: Any) -> None:
        if trouble.what == "late" and not trouble.done:
            await asyncio.sleep(trouble.seconds)
        said = await do() if trouble.done or trouble.what == "late" else (200, {})
        match trouble.what:
            case "late" | "never":
                await asyncio.sleep(trouble.seconds if trouble.done or trouble.what == "never" else 0)
                await self.send(*said) if trouble.what == "late" else self.writer.close()
            case "error":
                await self.send(500, {"code": "broken", "message": "Something is broken."})
            case "redirect":
                await self.send(307, {}, "Location: /elsewhere\r\n")
            case "garbage":
                await self.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<html>no\xff")
            case "endless":
                await self.send(200, {"authorised": "x" * 1_000_000})
            case "half":
                await self.write(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + json.dumps(said[1]).encode()[:20])
                self.writer.close()
            case "twice":
                await self.send(*said)
                await self.send(*said)
            case "cut":
                self.writer.transport.abort()

    async def send(self, status: int, body: Any, more: str = "") -> None:
        text = json.dumps(body).encode()
        await self.write(f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{more}Content-Length: {len(text)}\r\n\r\n".encode() + text)

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def admin(self, what: str, body: Any) -> Any:
        provider = self.provider
        match what:
            case "behave":
                provider.troubles = msgspec.convert(body, list[Trouble])
            case "webhooks":
                provider.telling = msgspec.convert(body, Telling | None)
        return {"journal": provider.journal, "asked": provider.asked, "told": provider.told, "telling": len(provider.tasks)}


async def main(port: int) -> None:
    provider = Provider()
    server = await asyncio.start_server(lambda reader, writer: Conversation(provider, reader, writer).serve(), "127.0.0.1", port)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
