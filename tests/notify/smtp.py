"""A mail server for the tests: aiosmtpd on loopback, with the mood that a test asks for.

Prints its port when it listens. Each mail that it takes becomes a file, whole once it has its name; each login and each mail that it
is offered is a line in `log`.
"""

import argparse
import asyncio
import base64
import os
import ssl

from aiosmtpd.smtp import SMTP, AuthResult

# `partly` takes it for nobody whose address begins with "gone" or, unless it is known, "later"; `lingers` does not say goodbye.
# Of a mail with the word "poison" in it, `chokes` lets go of the line and `stalls` says nothing more; `leaves` does it at each.
MOODS = ["takes", "refuses", "greylists", "hangs", "chokes", "stalls", "leaves", "repeats", "partly", "lingers", "mute", "dribbles"]

arguments = argparse.ArgumentParser()
arguments.add_argument("folder")
arguments.add_argument("--tls", choices=["none", "starttls", "tls"], default="none")
arguments.add_argument("--certificate")
arguments.add_argument("--key")
arguments.add_argument("--login", help="user:password; without it everybody may send")
arguments.add_argument("--mood", choices=MOODS, default="takes")
arguments.add_argument("--port", type=int, default=0)
asked = arguments.parse_args()


def note(line):
    with open(os.path.join(asked.folder, "log"), "a", encoding="utf-8") as log:
        log.write(line + "\n")


class Handler:
    def __init__(self):
        self.count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        note(f"offered {address}")
        if asked.mood == "refuses":
            return "550 5.1.1 nobody of that name\x1b[2J here"
        if asked.mood == "repeats":
            password = asked.login.split(":", 1)[1]
            token = base64.b64encode(("\0" + asked.login.replace(":", "\0", 1)).encode()).decode()
            return f"550 5.7.1 you said {password.upper()} and AUTH PLAIN {token}"
        is_known = os.path.exists(os.path.join(asked.folder, "known"))
        if asked.mood == "greylists" and not is_known:
            return "451 4.7.1 greylisted, come back later"
        if asked.mood == "mute" and address.startswith("hang"):
            await asyncio.sleep(3600)
        if asked.mood in ("partly", "dribbles") and address.startswith("gone"):
            return "550 5.1.1 no such user"
        if asked.mood == "partly" and address.startswith("later") and not is_known:
            return "452 4.2.2 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_QUIT(self, server, session, envelope):
        while asked.mood == "dribbles":
            server.transport.write(b"221-and one more thing\r\n")
            await asyncio.sleep(0.1)
        if asked.mood == "lingers":
            await asyncio.sleep(3600)
        return "221 Bye"

    async def handle_DATA(self, server, session, envelope):
        poisoned = b"poison" in envelope.content
        if asked.mood == "hangs" or (asked.mood == "stalls" and poisoned):
            await asyncio.sleep(3600)
        if asked.mood == "leaves" or (asked.mood == "chokes" and poisoned):
            server.transport.abort()
            return "250 OK"
        self.count += 1
        path = os.path.join(asked.folder, f"{self.count:03}.eml")
        with open(path + ".part", "wb") as part:
            part.write("".join(f"X-To: {to}\r\n" for to in envelope.rcpt_tos).encode() + envelope.content)
        os.rename(path + ".part", path)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    user, password = asked.login.split(":", 1)
    good = (data.login, data.password) == (user.encode(), password.encode())
    note("login" if good else "wrong login")
    # A server that repeats what it was told, which nobody may keep.
    return AuthResult(success=good, handled=good)


async def main():
    context = None
    if asked.tls != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(asked.certificate, asked.key)
    handler = Handler()

    def protocol():
        return SMTP(
            handler,
            hostname="localhost",
            tls_context=context if asked.tls == "starttls" else None,
            require_starttls=asked.tls == "starttls",
            authenticator=authenticate if asked.login else None,
            auth_required=bool(asked.login),
            auth_require_tls=asked.tls == "starttls",
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", asked.port, ssl=context if asked.tls == "tls" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
