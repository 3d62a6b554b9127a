"""A page in Chromium, held by its DevTools protocol: looked at, typed into, and listened to."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.browser import FLAGS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

# Seconds: more than a busy machine takes for anything.
PATIENCE = 60
_KEYS = {"Tab": 9, "Enter": 13, " ": 32}
_SHIFT = 8


class Tab:
    """One tab of a browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Speak to it over a socket."""
        self._socket = socket
        self._numbers = itertools.count()
        self.complaints: list[str] = []
        """What the console has, and what no script has caught."""

    async def send(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send a command and return what it results in; events meanwhile are listened to."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(PATIENCE):
            while (message := await self._socket.receive_json()).get("id") != number:
                self._listen(message)
        assert "error" not in message, message
        result: dict[str, Any] = message["result"]
        return result

    def _listen(self, event: dict[str, Any]) -> None:
        if event["method"] in {"Log.entryAdded", "Runtime.exceptionThrown"}:
            self.complaints.append(json.dumps(event["params"]))
        if event["method"] == "Runtime.consoleAPICalled":
            self.complaints.append(json.dumps(event["params"]["args"]))

    async def open(self, url: str) -> None:
        """Go to a page, and wait until it is there."""
        await self.send("Page.navigate", url=url)
        await self.until(f"document.readyState === 'complete' && location.href === '{url}'")

    async def value(self, expression: str) -> Any:  # noqa: ANN401 - whatever the page says
        """Return what an expression is in the page, a promise's value too."""
        result = await self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def until(self, expression: str) -> None:
        """Wait until an expression is true in the page."""
        async with asyncio.timeout(PATIENCE):
            while not await self.value(f"!!({expression})"):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.02)

    async def press(self, key: str, *, shift: bool = False) -> None:
        """Press a key, as a person does."""
        typed = "\r" if key == "Enter" else key
        about = {
            "key": key,
            "code": key,
            "windowsVirtualKeyCode": _KEYS.get(key, 0),
            "modifiers": _SHIFT if shift else 0,
        }
        text = {} if key == "Tab" else {"text": typed}
        await self.send("Input.dispatchKeyEvent", type="keyDown", **about, **text)
        await self.send("Input.dispatchKeyEvent", type="keyUp", **about)

    async def type(self, text: str) -> None:
        """Type a text where the focus is."""
        for letter in text:
            await self.press(letter)

    async def look(self, *, dark: bool = False, width: int = 1280, height: int = 800) -> None:
        """Set what the page is seen in: the colours that a person prefers, and the window."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.send("Emulation.setEmulatedMedia", features=[scheme])
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    async def picture(self, file: Path) -> None:
        """Write a PNG of the window."""
        result = await self.send("Page.captureScreenshot")
        await asyncio.to_thread(file.write_bytes, base64.b64decode(result["data"]))


@asynccontextmanager
async def tab(chromium: str, profile: Path) -> AsyncIterator[Tab]:
    """Start a browser and hold its first tab; ``profile`` is a folder for it."""
    process = await asyncio.create_subprocess_exec(
        chromium,
        *FLAGS,
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with aiohttp.ClientSession() as session:
            address = await _first_tab(session, profile / "DevToolsActivePort")
            async with session.ws_connect(address, max_msg_size=0) as socket:
                held = Tab(socket)
                for domain in ("Page", "Runtime", "Log"):
                    await held.send(f"{domain}.enable")
                await held.look()
                yield held
    finally:
        process.terminate()
        await process.wait()


async def _first_tab(session: aiohttp.ClientSession, port_file: Path) -> str:
    """Return the address of the first tab, once the browser has written where it listens."""
    async with asyncio.timeout(PATIENCE):
        while "\n" not in (text := await asyncio.to_thread(_text, port_file)):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
        port = text.partition("\n")[0]
        url = f"http://127.0.0.1:{port}/json/list"
        # It may listen before it has a tab.
        while not (pages := await _pages(session, url)):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
    return pages[0]


async def _pages(session: aiohttp.ClientSession, url: str) -> list[str]:
    """Return the addresses of the tabs that there are."""
    async with session.get(url) as response:
        return [
            each["webSocketDebuggerUrl"] for each in await response.json() if each["type"] == "page"
        ]


def _text(file: Path) -> str:
    return file.read_text("utf-8") if file.exists() else ""
