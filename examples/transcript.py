"""Saves a conversation as one page: the prompt, each call with its arguments, and the pictures that the model was
shown.

The page is a single file that loads nothing else, so it can be e-mailed or kept beside a test. Run this program with
OPENAI_API_KEY set.
"""

from openai import OpenAI

from imagebridge import Bridge

with Bridge("imagebridge-server") as bridge:
    prompt = "Draw 3, 1 and 4 as bars. Which one is the highest?"
    reply = bridge.run(OpenAI(), model="gpt-6-luna", input=prompt)

reply.save("conversation.html")
print(reply.text)
