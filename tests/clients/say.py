"""Says the calls that standard input has, in JSON, with a Python client: say.py segment|segment-gzip|rudder URL WRITE_KEY."""

import json
import sys


# What a client gave up on, which it says on a thread of its own.
given_up = []


def client(name, url, write_key):
    if name == "rudder":
        from rudderstack.analytics.client import Client

        return Client(write_key, host=url, on_error=failed)
    from segment.analytics.client import Client

    return Client(write_key, host=url, on_error=failed, gzip=name == "segment-gzip")


def failed(error, _batch):
    given_up.append(error)


def say(analytics, call):
    kind = call.pop("type")
    words = {
        "userId": "user_id",
        "anonymousId": "anonymous_id",
        "previousId": "previous_id",
        "groupId": "group_id",
    }
    analytics_call = getattr(analytics, kind)
    analytics_call(**{words.get(key, key): value for key, value in call.items()})


def main():
    name, url, write_key = sys.argv[1:]
    analytics = client(name, url, write_key)
    for call in json.load(sys.stdin):
        say(analytics, call)
    analytics.flush()
    if given_up:
        sys.exit(f"the client gave up: {given_up}")


main()
