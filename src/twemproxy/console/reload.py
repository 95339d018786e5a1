"""`nutcracker reload`: have a proxy that runs take its file as it is now."""

from twemproxy.console.running import Unreachable, add_running_words, find_running
from twemproxy.console.words import FAILED, complain, show, show_json, words


def main(argv: list[str]) -> int:
    """Ask, wait for the verdict, print it; status 1 when nothing changed."""
    parser = words("reload", __doc__ or "")
    add_running_words(parser)
    asked = parser.parse_args(argv)
    try:
        verdict = find_running(asked).reload()
    except (OSError, Unreachable) as failure:
        return complain(str(failure))
    if asked.json:
        show_json(verdict)
    elif verdict["reloaded"]:
        show(f"configuration {verdict['generation']} in force\n")
    else:
        reason = verdict["reason"]
        complain(f"{reason}\nreload failed, the configuration in force stays")
    return 0 if verdict["reloaded"] else FAILED
