"""A page of the whole conversation: what was asked, each call with its arguments, and the pictures that the model was shown.

The page is one file that loads nothing, so that it can be mailed or kept beside a test. Run it with OPENAI_API_KEY set.
"""

from openai import OpenAI

from imagebridge import Bridge

with Bridge("imagebridge-server") as bridge:
    prompt = "Draw 3, 1 and 4 as bars. Which one is the highest?"
    reply = bridge.run(OpenAI(), model="gpt-6-luna", input=prompt)

reply.save("conversation.html")
print(reply.text)
