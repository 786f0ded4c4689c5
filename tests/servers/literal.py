"""A server that answers each request with the JSON that its argument has for the method, or for the tool, letter by letter."""

import json
import sys

answers = json.loads(sys.argv[1])

for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        asked = message["params"]["name"] if message["method"] == "tools/call" else message["method"]
        number = json.dumps(message["id"])
        print(f'{{"jsonrpc":"2.0","id":{number},{answers[asked]}}}', flush=True)
